"""Phone and dashboard of Braze as calls under /_sim/braze/: the same facades that a scenario uses, over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.fakes.braze.keys import ANY_PARTNER, CLUSTER_HOSTS, Keys, UnknownWorkspace, WorkspaceSettings
from simulator.fakes.braze.phone import MAIN, Phone, PhoneRefused
from simulator.fakes.braze.seeding import ProfileSeed, Seeding
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.control import problem
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.instants import Instant, format_instant, parse_instant

MEMBERS_AT_ONCE = 1_000


class Deed(NamedTuple):
    """What the body of a phone call says, with the defaults filled in."""

    device_id: str
    workspace: str
    body: Mapping[str, Any]


class Control:
    """One handler per operation tagged `braze` that is about the phone, keys, profiles, cohorts and data points."""

    def __init__(self, room: Room, keys: Keys, phone: Phone, seeding: Seeding) -> None:
        self._room = room
        self._keys = keys
        self._phone = phone
        self._seeding = seeding

    def handlers(self) -> dict[str, Handler]:
        """operationId -> handler; refusals become problems."""
        found: dict[str, Handler] = {name: self._on_phone(deed) for name, deed in self._deeds().items()}
        for name, handler in {
            "seedBrazeProfiles": self._seed,
            "getBrazeProfile": self._profile,
            "listDataImportKeys": self._list_data_import_keys,
            "createDataImportKey": self._create_data_import_key,
            "invalidateDataImportKey": self._invalidate_data_import_key,
            "listRestKeys": self._list_rest_keys,
            "createRestKey": self._create_rest_key,
            "revokeRestKey": self._revoke_rest_key,
            "switchPartner": self._switch_partner,
            "listBrazeWorkspaces": self._list_workspaces,
            "createBrazeWorkspace": self._create_workspace,
            "switchWorkspace": self._switch_workspace,
            "blockExternalId": self._block,
            "listBrazeCohorts": self._cohorts,
            "listBrazeCohortMembers": self._members,
            "getDataPoints": self._data_points,
        }.items():
            found[name] = _told(handler)
        return found

    # -- the phone

    def _deeds(self) -> dict[str, Callable[[Deed], Profile]]:
        phone = self._phone
        return {
            "deviceAppears": lambda d: phone.appear(d.device_id, workspace=d.workspace, details=d.body.get("details")),
            "logIn": lambda d: phone.log_in(d.device_id, d.body["external_id"], workspace=d.workspace),
            "logOut": lambda d: phone.log_out(d.device_id, workspace=d.workspace),
            "wipeData": lambda d: phone.wipe_data(
                d.device_id, new_device_id=d.body.get("new_device_id", ""), workspace=d.workspace
            ),
            "startSession": lambda d: phone.start_session(d.device_id, workspace=d.workspace, **_app(d.body)),
            "uninstallApp": lambda d: phone.uninstall(d.device_id, app=d.body.get("app", "app"), workspace=d.workspace),
            "attributeInstall": lambda d: phone.attribute_install(
                d.device_id,
                d.body["source"],
                campaign=d.body.get("campaign", ""),
                adgroup=d.body.get("adgroup", ""),
                ad=d.body.get("ad", ""),
                workspace=d.workspace,
            ),
            "locatePhone": lambda d: phone.locate(
                d.device_id, d.body["longitude"], d.body["latitude"], workspace=d.workspace
            ),
            "endSession": lambda d: phone.end_session(d.device_id, workspace=d.workspace),
            "logCustomEvent": lambda d: phone.log_event(
                d.device_id, d.body["name"], d.body.get("properties"), workspace=d.workspace
            ),
            "logPurchase": lambda d: phone.log_purchase(
                d.device_id,
                d.body["product_id"],
                d.body["price"],
                currency=d.body.get("currency", "USD"),
                quantity=d.body.get("quantity", 1),
                workspace=d.workspace,
            ),
            "setAttribute": lambda d: phone.set_attribute(
                d.device_id, d.body["name"], d.body["value"], workspace=d.workspace
            ),
            "addAlias": self._add_alias,
            "registerPushToken": lambda d: phone.register_push_token(
                d.device_id,
                d.body["token"],
                notifications_enabled=d.body.get("notifications_enabled", True),
                provisionally_opted_in=d.body.get("provisionally_opted_in", False),
                workspace=d.workspace,
                **_app(d.body),
            ),
            "collectDeviceData": lambda d: phone.collect(
                d.device_id,
                country=d.body.get("country", ""),
                language=d.body.get("language", ""),
                details=d.body.get("details"),
                workspace=d.workspace,
            ),
        }

    def _add_alias(self, deed: Deed) -> Profile:
        label, name = deed.body["alias_label"], deed.body["alias_name"]
        self._phone.add_alias(deed.device_id, label, name, workspace=deed.workspace)
        return self._phone.appear(deed.device_id, workspace=deed.workspace)

    def _on_phone(self, do: Callable[[Deed], Profile]) -> Handler:
        def handler(call: Call) -> Reply:
            body = call.json()
            deed = Deed(body["device_id"], self._workspace(body.get("workspace")), body)
            return Reply(200, self._shown(do(deed)))

        return _told(handler)

    # -- profiles

    def _seed(self, call: Call) -> Reply:
        body = call.json()
        workspace = self._workspace(body.get("workspace"))
        first = self._room.store.profiles.next_row()
        try:
            count = self._seeding.seed((_seed_of(each) for each in body["profiles"]), workspace)
        except sqlite3.IntegrityError as error:
            # One transaction for all: nobody was put in.
            raise Problem(problem(409, "an external id or an alias of these profiles is taken")) from error
        profiles = self._room.store.profiles.by_rows(range(first, first + count))
        return Reply(201, {"profiles": [profile.braze_id for profile in profiles]})

    def _profile(self, call: Call) -> Reply:
        workspace, profiles = self._workspace(call.argument("workspace")), self._room.store.profiles
        found: list[Profile | None] = []
        if (external_id := call.argument("external_id")) is not None:
            found.append(profiles.by_external_id(workspace, external_id))
        if (braze_id := call.argument("braze_id")) is not None:
            found.append(profiles.by_braze_id(workspace, braze_id))
        if (device_id := call.argument("device_id")) is not None:
            found += profiles.by_device(workspace, device_id)
        if (name := call.argument("alias_name")) is not None:
            found.append(profiles.by_alias(workspace, call.argument("alias_label", "") or "", name))
        living = {profile.row: profile for profile in found if profile is not None}
        return Reply(200, {"profiles": [self._shown(profile) for profile in living.values()]})

    def _shown(self, profile: Profile) -> dict[str, object]:
        store, row = self._room.store, profile.row
        return {
            "braze_id": profile.braze_id,
            "external_id": profile.external_id,
            "email": profile.email,
            "phone": profile.phone,
            "created_at": format_instant(profile.created_at),
            "once_anonymous": profile.once_anonymous,
            "aliases": [
                {"alias_label": label, "alias_name": name}
                for label, name in store.identifiers.aliases_of([row]).get(row, ())
            ],
            "device_ids": [device_id for device_id, _ in store.identifiers.devices_of([row]).get(row, ())],
            "deprecated_external_ids": store.identifiers.deprecated_ids_of(row),
            "fields": profile.fields,
            "custom_attributes": profile.custom,
            "cohorts": [
                {"partner": cohort.partner, "cohort_id": cohort.cohort_id}
                for cohort in store.membership.cohorts_of(row)
            ],
            "data_points": store.points.of_profile(row),
        }

    # -- keys

    def _list_data_import_keys(self, call: Call) -> Reply:
        keys = self._keys.listed_data_import_keys(self._workspace(call.argument("workspace")))
        shown = [
            {
                "partner": key.partner, "key": key.shown, "created_at": format_instant(key.created_at),
                "invalid_from": None if key.revoked_at is None else format_instant(key.revoked_at),
            }
            for key in keys
        ]  # fmt: skip
        return Reply(200, {"keys": shown})

    def _create_data_import_key(self, call: Call) -> Reply:
        body = call.json()
        workspace = self._workspace(body.get("workspace"))
        return Reply(201, {"key": self._keys.create_data_import_key(workspace, body.get("partner", ANY_PARTNER))})

    def _invalidate_data_import_key(self, call: Call) -> Reply:
        body = call.json()
        if not self._keys.invalidate_data_import_key(body["key"], _instant(body.get("at"))):
            return problem(404, "there is no such data import key")
        return Reply(204)

    def _list_rest_keys(self, call: Call) -> Reply:
        keys = self._keys.listed_rest_keys(self._workspace(call.argument("workspace")))
        shown = [
            {
                "name": key.name, "key": key.shown, "permissions": sorted(key.permissions),
                "addresses": sorted(key.addresses), "created_at": format_instant(key.created_at),
                "invalid_from": None if key.revoked_at is None else format_instant(key.revoked_at),
            }
            for key in keys
        ]  # fmt: skip
        return Reply(200, {"keys": shown})

    def _create_rest_key(self, call: Call) -> Reply:
        body = call.json()
        key = self._keys.create_rest_key(
            self._workspace(body.get("workspace")),
            body["name"],
            permissions=body.get("permissions", ()),
            addresses=body.get("addresses", ()),
        )
        return Reply(201, {"key": key})

    def _revoke_rest_key(self, call: Call) -> Reply:
        body = call.json()
        if not self._keys.revoke_rest_key(body["key"], _instant(body.get("at"))):
            return problem(404, "there is no such REST key")
        return Reply(204)

    def _switch_partner(self, call: Call) -> Reply:
        body = call.json()
        self._keys.switch_partner(self._workspace(body.get("workspace")), call.path["partner"], body["enabled"])
        return Reply(204)

    def _list_workspaces(self, call: Call) -> Reply:
        shown = [
            {
                **self._place(workspace), "active": self._keys.is_active(workspace),
                "profiles": self._room.store.profiles.count(workspace),
            }
            for workspace in self._keys.workspaces()
        ]  # fmt: skip
        return Reply(200, {"workspaces": shown})

    def _create_workspace(self, call: Call) -> Reply:
        body = call.json()
        name = body["workspace"]
        if name in self._keys.workspaces():
            return problem(409, f"there is a workspace {name!r} already")
        self._keys.open_workspace(WorkspaceSettings(name, body.get("cluster", WorkspaceSettings().cluster)))
        told = {
            "rest_key": self._keys.rest_keys[name],
            "data_import_key": self._keys.data_import_keys[name],
            "partner_api_key": self._keys.partner_key_of(name),
        }
        return Reply(201, self._place(name) | told)

    def _place(self, workspace: str) -> dict[str, object]:
        cluster = self._keys.cluster_of(workspace)
        return {"workspace": workspace, "cluster": cluster, "endpoint": f"https://{CLUSTER_HOSTS[cluster]}"}

    def _switch_workspace(self, call: Call) -> Reply:
        self._keys.switch_workspace(call.path["workspace"], call.json()["active"])
        return Reply(204)

    def _block(self, call: Call) -> Reply:
        body = call.json()
        self._room.store.identifiers.block(self._workspace(body.get("workspace")), body["external_id"])
        return Reply(204)

    # -- cohorts and data points

    def _cohorts(self, call: Call) -> Reply:
        workspace, membership = self._workspace(call.argument("workspace")), self._room.store.membership
        shown = [
            {
                "partner": cohort.partner, "cohort_id": cohort.cohort_id, "name": cohort.shown_name,
                "size": membership.size(workspace, cohort.partner, cohort.cohort_id),
            }
            for cohort in membership.cohorts(workspace, call.argument("partner"))
        ]  # fmt: skip
        return Reply(200, {"cohorts": shown})

    def _members(self, call: Call) -> Reply:
        workspace, membership = self._workspace(call.argument("workspace")), self._room.store.membership
        partner, cohort_id = call.path["partner"], call.path["cohort_id"]
        if membership.cohort(workspace, partner, cohort_id) is None:
            return problem(404, f"{partner} has never mentioned a cohort {cohort_id!r}")
        rows = membership.members(workspace, partner, cohort_id, _instant(call.argument("at")))
        profiles = self._room.store.profiles.by_rows(rows[:MEMBERS_AT_ONCE])
        members = [{"braze_id": profile.braze_id, "external_id": profile.external_id} for profile in profiles]
        return Reply(200, {"size": len(rows), "members": members})

    def _data_points(self, call: Call) -> Reply:
        workspace, points = self._workspace(call.argument("workspace")), self._room.store.points
        by, row = call.argument("by", "cause") or "cause", self._row(workspace, call.argument("braze_id"))
        counted: Mapping[str, int]
        if by == "day":
            counted = {format_instant(day)[:10]: total for day, total in points.by_day(workspace, row).items()}
        elif by == "braze_id":
            found = {each: total for each, total in points.by_profile(workspace).items() if row in (None, each)}
            profiles = self._room.store.profiles
            counted = {profiles.braze_id_of(workspace, each): total for each, total in found.items()}
        else:
            counted = points.by(workspace, by, row)
        parts = [{"of": of, "points": number} for of, number in counted.items()]
        return Reply(200, {"total": sum(counted.values()), "by": parts})

    def _row(self, workspace: str, braze_id: str | None) -> int | None:
        """The row of a profile, of one that is gone too."""
        if braze_id is None:
            return None
        row = self._room.store.profiles.row_of(workspace, braze_id)
        if row is None or not self._room.store.profiles.was(workspace, row):
            raise Problem(problem(404, f"there is no profile {braze_id!r}"))
        return row

    def _workspace(self, named: str | None) -> str:
        workspace = named or MAIN
        if workspace not in self._keys.workspaces():
            raise Problem(problem(404, f"there is no workspace {workspace!r}"))
        return workspace


def _told(handler: Handler) -> Handler:
    """What Braze refuses is told as a problem."""

    def telling(call: Call) -> Reply:
        try:
            return handler(call)
        except UnknownWorkspace as unknown:
            return problem(404, str(unknown))
        except (PhoneRefused, InvalidObject) as refused:
            return problem(409, str(refused))

    return telling


def _app(body: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: body[name] for name in ("app", "platform", "version") if name in body}
    # 3.0 is an integer for JSON Schema.
    return told | ({"times": int(body["times"])} if "times" in body else {})


def _seed_of(each: Mapping[str, Any]) -> ProfileSeed:
    aliases = [(alias["alias_label"], alias["alias_name"]) for alias in each.get("aliases", ())]
    return ProfileSeed(
        each.get("external_id"),
        aliases,
        each.get("device_ids", ()),
        each.get("once_anonymous", False),
        each.get("attributes", {}),
    )


def _instant(text: str | None) -> Instant | None:
    """The pattern of the contract lets a thirteenth month through; the calendar does not."""
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise Problem(problem(400, str(error))) from error
