"""users/export/ids, and the document that any export shows of a profile.

Source: Braze, "Export user profile by identifier". Fields that are null or empty are left out; there is no field for
cohort membership.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.activity import AppUse, PushToken, Total
from simulator.fakes.braze.store.profiles import Profile, random_bucket
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.wire import IDS_PER_REQUEST, TOO_MANY_USERS, body_of, refuse, sample_text, success, utc_text
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.objects import check_alias, id_text
from simulator.rules.instants import DAY_MS, Instant

HISTORY_MS = 90 * DAY_MS
"""Custom events and purchases of an export are those of the last 90 days."""

SINGLE = ("device_id", "braze_id", "email_address", "phone")
MISSING = "'external_ids', 'user_aliases', 'device_id', 'braze_id', 'email_address' or 'phone' is required"
SEVERAL = "Only one of 'device_id', 'braze_id', 'email_address' or 'phone' may be given"
NOT_ARRAYS = "'external_ids' must be an array of strings and 'user_aliases' an array of alias objects"
NO_FIELDS = "'fields_to_export' is required"
NOT_FIELDS = "'fields_to_export' must be an array of strings"

PLAIN_FIELDS = (
    "first_name", "last_name", "dob", "home_city", "country", "language", "time_zone", "gender", "push_subscribe",
    "email_subscribe", "push_opted_in_at", "email_opted_in_at", "email_unsubscribed_at", "uninstalled_at",
    "attributed_campaign", "attributed_source", "attributed_adgroup", "attributed_ad",
)  # fmt: skip
EXPORTED_FIELDS = frozenset(
    {
        *PLAIN_FIELDS, "created_at", "external_id", "braze_id", "user_aliases", "email", "phone", "last_coordinates",
        "random_bucket", "total_revenue", "custom_attributes", "custom_events", "purchases", "devices", "push_tokens",
        "apps", "campaigns_received", "canvases_received", "cards_clicked",
    }
)  # fmt: skip


class Documents:
    """Shows profiles as exports do; also for the export of segments."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._store = room.store

    def of(
        self, profiles: Sequence[Profile], fields: Collection[str], at: Instant, custom_names: Collection[str] = ()
    ) -> list[dict[str, object]]:
        """One document per profile with the wanted fields; `custom_names` narrows the custom attributes."""
        rows = [profile.row for profile in profiles]
        aliases = self._store.identifiers.aliases_of(rows) if "user_aliases" in fields else {}
        devices = self._store.identifiers.devices_of(rows) if "devices" in fields else {}
        others = [others(rows, at) for others in self._room.exported_by_others]
        documents = []
        for profile in profiles:
            whole = {
                **self._plain(profile),
                "user_aliases": [
                    {"alias_name": name, "alias_label": label} for label, name in aliases.get(profile.row, ())
                ],
                "custom_attributes": {
                    name: value for name, value in profile.custom.items() if not custom_names or name in custom_names
                },
                "devices": [{"device_id": device_id, **details} for device_id, details in devices.get(profile.row, ())],
                **self._activity(profile, fields, at),
            }
            for more in others:
                whole.update(more.get(profile.row, {}))
            documents.append({name: value for name, value in whole.items() if name in fields and _is_shown(value)})
        return documents

    def _plain(self, profile: Profile) -> dict[str, object]:
        rules = self._room.rules
        created_text = utc_text if rules.export_created_at == "iso_8601" else sample_text
        plain: dict[str, object] = {name: profile.fields.get(name) for name in PLAIN_FIELDS}
        coordinates = profile.fields.get("last_coordinates")
        if isinstance(coordinates, list):
            plain["last_coordinates"] = (
                coordinates if rules.export_coordinates == "longitude_first" else coordinates[::-1]
            )
        return {
            **plain,
            "created_at": created_text(profile.created_at),
            "external_id": profile.external_id,
            "braze_id": profile.braze_id,
            "email": profile.email,
            "phone": profile.phone,
            "random_bucket": random_bucket(profile.braze_id),
        }

    def _activity(self, profile: Profile, fields: Collection[str], at: Instant) -> dict[str, object]:
        activity, row, since = self._store.activity, profile.row, Instant(at - HISTORY_MS)
        shown: dict[str, object] = {}
        if "custom_events" in fields:
            shown["custom_events"] = [_total(total) for total in activity.event_totals(row, since)]
        if "purchases" in fields:
            shown["purchases"] = [_total(total) for total in activity.purchase_totals(row, since)]
        if "total_revenue" in fields:
            shown["total_revenue"] = activity.revenue(row)
        if "push_tokens" in fields:
            shown["push_tokens"] = [_token(token) for token in activity.push_tokens(row)]
        if "apps" in fields:
            shown["apps"] = [_app(use) for use in activity.app_uses(row)]
        return shown


class ExportByIds:
    """Looks up by external ids and aliases, or by one other identifier."""

    def __init__(self, room: Room, keys: Keys) -> None:
        self._room = room
        self._keys = keys
        self._documents = Documents(room)

    def export(self, call: Call) -> Reply:
        """MATCH-6. An old external id shows the profile under its current one; a device finds identified users too."""
        workspace = self._keys.workspace_of(call)
        body = body_of(call)
        fields = self._fields(body)
        external_ids, aliases = _asked(body)
        single = [name for name in SINGLE if body.get(name) is not None]
        if not external_ids and not aliases and not single and not _empty_lists(body):
            raise refuse(400, MISSING)
        if len(single) + bool(external_ids or aliases) > 1 and self._room.rules.export_lookups == "one":
            raise refuse(400, SEVERAL)
        profiles = self._room.store.profiles
        found: list[Profile] = []
        unknown: list[str] = []
        for external_id in external_ids:
            profile = profiles.by_external_id(workspace, external_id)
            if profile is None:
                unknown.append(external_id)
            else:
                found.append(profile)
        for label, name in aliases:
            profile = profiles.by_alias(workspace, label, name)
            found += [profile] if profile is not None else []
        if single and not found and not unknown:
            value = body[single[0]]
            if not isinstance(value, str) or not value:
                raise refuse(400, f"'{single[0]}' must be a non-empty string")
            found += self._by_single(workspace, single[0], value)
        users = self._documents.of(_once(found), fields, call.at)
        return success(users=users, invalid_user_ids=unknown) if unknown else success(users=users)

    def _fields(self, body: Mapping[str, object]) -> Collection[str]:
        fields = body.get("fields_to_export")
        if fields is None or fields == []:
            if self._room.rules.fields_to_export == "required":
                raise refuse(400, NO_FIELDS)
            return EXPORTED_FIELDS
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            raise refuse(400, NOT_FIELDS)
        return frozenset(fields) & EXPORTED_FIELDS

    def _by_single(self, workspace: str, name: str, value: str) -> list[Profile]:
        profiles = self._room.store.profiles
        if name == "device_id":
            return profiles.by_device(workspace, value)
        if name == "email_address":
            return profiles.by_email(workspace, value)
        if name == "phone":
            return profiles.by_phone(workspace, value.strip())
        found = profiles.by_braze_id(workspace, value)
        return [] if found is None else [found]


def _asked(body: Mapping[str, object]) -> tuple[list[str], list[tuple[str, str]]]:
    external_ids, aliases = ([] if body.get(name) is None else body[name] for name in ("external_ids", "user_aliases"))
    if not isinstance(external_ids, list):
        raise refuse(400, NOT_ARRAYS)
    texts = [text for each in external_ids if isinstance(text := id_text(each), str)]
    if len(texts) < len(external_ids):
        raise refuse(400, NOT_ARRAYS)
    if not isinstance(aliases, list):
        raise refuse(400, NOT_ARRAYS)
    try:
        pairs = [check_alias(alias) for alias in aliases]
    except InvalidObject:
        raise refuse(400, NOT_ARRAYS) from None
    if len(texts) + len(pairs) > IDS_PER_REQUEST:
        raise refuse(400, TOO_MANY_USERS)
    return texts, pairs


def _empty_lists(body: Mapping[str, object]) -> bool:
    return any(body.get(name) == [] for name in ("external_ids", "user_aliases"))


def _once(profiles: Iterable[Profile]) -> list[Profile]:
    return list({profile.row: profile for profile in profiles}.values())


def _is_shown(value: object) -> bool:
    return value is not None and value != "" and value != [] and value != {}


def _total(total: Total) -> dict[str, object]:
    return {"name": total.name, "first": utc_text(total.first), "last": utc_text(total.last), "count": total.times}


def _token(token: PushToken) -> dict[str, object]:
    shown = {"app": token.app_id, "platform": token.platform, "token": token.token, "device_id": token.device_id}
    return {name: value for name, value in shown.items() if value} | {
        "notifications_enabled": token.notifications_enabled,
        "provisionally_opted_in": token.provisionally_opted_in,
    }


def _app(use: AppUse) -> dict[str, object]:
    return {
        "name": use.app,
        "platform": use.platform,
        "version": use.version,
        "sessions": use.sessions,
        "first_used": utc_text(use.first_used),
        "last_used": utc_text(use.last_used),
    }
