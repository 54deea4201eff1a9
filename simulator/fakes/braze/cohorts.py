"""Partner cohort import: name a cohort, add and remove users, never create anybody.

Source: Braze, "Partner cohort import integration" (errors, limits), "Amplitude cohort import" (User Matching).
The answer tells the sender nothing about single users; the ledger page of the request says why each one was kept
or dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.profiles import Profiles
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.ledger import Entry
from simulator.rules import matching
from simulator.rules.attributes.values import parse_time
from simulator.rules.identity import Identifier, Kind
from simulator.rules.matching import Hit, Miss
from simulator.rules.outcomes import DROP_RULES, DropReason, Outcome

IDENTIFIERS_PER_REQUEST = 1_000
WRONG_COHORT_ID = "`cohort_id` must be a valid string"
WRONG_NAME = "`name` must be a non-empty string"
WRONG_CREATED_AT = "`created_at` must be a valid time as an ISO-8601 string"
WRONG_CHANGES = (
    "`cohort_changes` must be an array of objects each with key `user_ids` and/or `device_ids` mapping to an array of "
    "strings, or an `aliases` object"
)
TOO_MANY = "Only 1,000 `user_ids`, `device_ids`, and `aliases` are allowed per request"
DATA_POINT_CAUSE = "cohort"
NOBODY = 0
"""Stands where a profile's row number would; rows begin with 1."""

row_of = Profiles.row_of


class Group(NamedTuple):
    """Identifiers of one object of `cohort_changes`, all in one direction."""

    identifiers: list[Identifier]
    remove: bool


class Cohorts:
    """The two partner operations."""

    def __init__(self, room: Room, keys: Keys) -> None:
        self._room = room
        self._keys = keys
        room.writes.register("nameCohort", self._apply_name)
        room.writes.register("changeCohortUsers", self._apply_changes)

    def name_cohort(self, call: Call) -> Reply:
        """SYNC-2. Name or rename a cohort. Keys are looked at before anything else (KEY-2; the order is inferred)."""
        body = body_of(call)
        workspace = self._keys.partner_workspace(call, body)
        cohort_id = _cohort_id(body)
        name, created_at = body.get("name"), body.get("created_at")
        if not isinstance(name, str) or not name.strip():
            raise refuse(400, WRONG_NAME)
        if not isinstance(created_at, str) or parse_time(created_at) is None:
            raise refuse(400, WRONG_CREATED_AT)
        accepted = Accepted(workspace, call.at, call.request_id)
        self._room.writes.accept(
            call.operation,
            accepted,
            {"partner": call.path["partner"].lower(), "cohort_id": cohort_id, "name": name, "created_at": created_at},
        )
        return success()

    def _apply_name(self, accepted: Accepted, body: Mapping[str, str]) -> None:
        membership = self._room.store.membership
        key = membership.key(accepted.workspace, body["partner"], body["cohort_id"], accepted.at)
        membership.name(key, body["name"], body["created_at"], accepted.at)
        self._room.ledger.write(
            accepted.at, room="braze", event="cohort_named", cohort=body["cohort_id"], request=accepted.request,
            detail={"workspace": accepted.workspace, "partner": body["partner"], "name": body["name"]},
        )  # fmt: skip

    def change_users(self, call: Call) -> Reply:
        """SYNC-3. Check keys, shape and size; who is meant is decided when the change is applied."""
        body = body_of(call)
        workspace = self._keys.partner_workspace(call, body)
        cohort_id = _cohort_id(body)
        changes = body.get("cohort_changes")
        lone_alias = self._room.rules.lone_alias == "array_of_one"
        if not isinstance(changes, list) or not all(_well_formed(change, lone_alias) for change in changes):
            raise refuse(400, WRONG_CHANGES)
        if sum(_size(change) for change in changes) > IDENTIFIERS_PER_REQUEST:
            raise refuse(400, TOO_MANY)
        accepted = Accepted(workspace, call.at, call.request_id)
        self._room.writes.accept(
            call.operation,
            accepted,
            {"partner": call.path["partner"].lower(), "cohort_id": cohort_id, "changes": changes},
        )
        return success()

    def _apply_changes(self, accepted: Accepted, body: Mapping[str, object]) -> None:
        """Groups take effect in list order (inferred). Re-adds and removals of non-members change nothing (SYNC-6)."""
        partner, cohort_id, changes = str(body["partner"]), str(body["cohort_id"]), body["changes"]
        groups = [_group(change) for change in changes] if isinstance(changes, list) else []
        identifiers = [identifier for group in groups for identifier in group.identifiers]
        verdicts = self._match(accepted.workspace, identifiers)
        rows = [NOBODY if isinstance(verdict, Miss) else row_of(verdict[0][0]) for verdict in verdicts]
        membership = self._room.store.membership
        key = membership.key(accepted.workspace, partner, cohort_id, accepted.at)
        billed = [row for row in rows if row != NOBODY]
        before = membership.present(key, billed)
        members = set(before)
        near = self._near_misses(accepted.workspace, identifiers, verdicts)
        entries: list[Entry] = []
        start = 0
        for group in groups:
            end = start + len(group.identifiers)
            entries += _apply_group(group, verdicts[start:end], rows[start:end], near, members)
            start = end
        membership.change(key, members - before, before - members, accepted.at)
        points = 0
        if self._room.rules.cohort_data_points == "on":
            points = self._room.store.points.log(
                accepted.workspace, accepted.at, DATA_POINT_CAUSE, "DP-1", billed,
                partner=partner, cohort_id=cohort_id, request=accepted.request,
            )  # fmt: skip
        self._room.ledger.write(
            accepted.at, room="braze", event="cohort_changed", cohort=cohort_id, request=accepted.request,
            entries=entries,
            detail={"workspace": accepted.workspace, "partner": partner, "sent": len(entries), "data_points": points},
        )  # fmt: skip

    def _match(self, workspace: str, identifiers: Sequence[Identifier]) -> list[Hit | Miss]:
        """Candidates of all identifiers in one query per kind; `rules.matching` judges each."""
        candidates = self._room.store.candidates.fetch(workspace, identifiers)
        match, rules = matching.match, self._room.rules
        verdicts = [match(identifier, found, rules) for identifier, found in zip(identifiers, candidates, strict=True)]
        if rules.user_ids_hold == "any_identifier":
            self._match_as_devices(workspace, identifiers, verdicts)
        return verdicts

    def _match_as_devices(self, workspace: str, identifiers: Sequence[Identifier], verdicts: list[Hit | Miss]) -> None:
        """What `user_ids` held and no profile has as external id is tried as a device id (the page's table)."""
        missed = [place for place, verdict in enumerate(verdicts) if verdict[0] is DropReason.UNKNOWN_EXTERNAL_ID]
        devices = [Identifier(Kind.DEVICE_ID, identifiers[place].value) for place in missed]
        candidates = self._room.store.candidates.fetch(workspace, devices)
        for place, device, found in zip(missed, devices, candidates, strict=True):
            if found:
                verdicts[place] = matching.match(device, found, self._room.rules)

    def _near_misses(
        self, workspace: str, identifiers: Sequence[Identifier], verdicts: Sequence[Hit | Miss]
    ) -> dict[Identifier, str]:
        """For identifiers that nobody carries: what is there that looks like it. For the explanation only."""
        unknown: dict[DropReason, list[Identifier]] = {}
        for identifier, verdict in zip(identifiers, verdicts, strict=True):
            if isinstance(verdict, Miss) and verdict.near is None:
                unknown.setdefault(verdict.reason, []).append(identifier)
        near: dict[Identifier, str] = {}
        candidates = self._room.store.candidates
        if aliases := unknown.get(DropReason.UNKNOWN_ALIAS):
            for identifier, (label, name) in candidates.near_aliases(workspace, aliases).items():
                near[identifier] = f"the alias {label}:{name} exists"
        if external_ids := unknown.get(DropReason.UNKNOWN_EXTERNAL_ID):
            values = candidates.device_ids_among(workspace, [identifier.value for identifier in external_ids])
            for identifier in external_ids:
                if identifier.value in values:
                    near[identifier] = "it is the device id of a profile, and user_ids match external ids only"
        return near


def _cohort_id(body: Mapping[str, object]) -> str:
    cohort_id = body.get("cohort_id")
    if not isinstance(cohort_id, str) or not cohort_id:
        raise refuse(400, WRONG_COHORT_ID)
    return cohort_id


def _well_formed(change: object, lone_alias: bool) -> bool:
    """At least one of the three keys; empty arrays are normal; a `lone_alias` may stand without its array."""
    if not isinstance(change, dict) or not change.keys() & {"user_ids", "device_ids", "aliases"}:
        return False
    for name in ("user_ids", "device_ids"):
        values = change.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            return False
    if not lone_alias and not isinstance(change.get("aliases", []), list):
        return False
    if not all(_is_alias(alias) for alias in _aliases(change)):
        return False
    return isinstance(change.get("should_remove", False), bool)


def _aliases(change: Mapping[str, object]) -> Sequence[object]:
    aliases = change.get("aliases", [])
    return aliases if isinstance(aliases, list) else [aliases]


def _is_alias(alias: object) -> bool:
    if not isinstance(alias, dict):
        return False
    return isinstance(alias.get("alias_name"), str) and isinstance(alias.get("alias_label"), str)


def _size(change: Mapping[str, object]) -> int:
    lists = (change.get("user_ids", []), change.get("device_ids", []), _aliases(change))
    return sum(len(each) for each in lists if isinstance(each, list))


def _group(change: Mapping[str, list[str]]) -> Group:
    identifiers = [Identifier(Kind.EXTERNAL_ID, value) for value in change.get("user_ids", ())]
    identifiers += [Identifier(Kind.DEVICE_ID, value) for value in change.get("device_ids", ())]
    for alias in _aliases(change):
        if isinstance(alias, dict):
            identifiers.append(Identifier(Kind.ALIAS, alias["alias_name"], alias["alias_label"]))
    return Group(identifiers, bool(change.get("should_remove", False)))


def _apply_group(
    group: Group,
    verdicts: Sequence[Hit | Miss],
    rows: Sequence[int],
    near: Mapping[Identifier, str],
    members: set[int],
) -> list[Entry]:
    """Move the hits of one group in or out of `members`; one entry per identifier."""
    change: Callable[[int], None]
    if group.remove:
        change, present, absent = members.discard, Outcome.REMOVED.value, Outcome.ALREADY_GONE.value
    else:
        change, present, absent = members.add, Outcome.ALREADY_THERE.value, Outcome.ADDED.value
    cited_present, cited_absent = _CITED[present], _CITED[absent]
    entries: list[Entry] = []
    for identifier, verdict, row in zip(group.identifiers, verdicts, rows, strict=True):
        if isinstance(verdict, Miss):
            entries.append(_dropped(identifier, verdict, near.get(identifier, "")))
            continue
        if row in members:
            entries.append(Entry("", verdict[0][0], identifier, present, cited_present[verdict[1]]))
        else:
            entries.append(Entry("", verdict[0][0], identifier, absent, cited_absent[verdict[1]]))
        change(row)
    return entries


_CITED = {
    outcome.value: {rule: (rule, *also, "DP-1") for rule in ("MATCH-1", "MATCH-2", "MATCH-3", "MATCH-6")}
    for outcome, also in (
        (Outcome.ADDED, ()),
        (Outcome.REMOVED, ()),
        (Outcome.ALREADY_THERE, ("SYNC-6",)),
        (Outcome.ALREADY_GONE, ("SYNC-6",)),
    )
}


def _dropped(identifier: Identifier, miss: Miss, near: str) -> Entry:
    """MATCH-5, NOCREATE-1. The note begins with the reason; what almost matched follows after a colon."""
    owner = ""
    if miss.near is not None:
        near = _NEAR[miss.reason].format(external_id=miss.near.external_id, braze_id=miss.near.braze_id)
        owner = miss.near.braze_id if miss.reason in _OWNED else ""
    note = f"{miss.reason.value}: {near}" if near else miss.reason.value
    return Entry("", owner, identifier, Outcome.DROPPED, DROP_RULES[miss.reason], note)


_OWNED = frozenset(
    {DropReason.DEVICE_OF_IDENTIFIED_PROFILE, DropReason.ALIAS_ONLY_PROFILE, DropReason.DEPRECATED_EXTERNAL_ID}
)
_NEAR: Mapping[DropReason, str] = {
    DropReason.DEVICE_OF_IDENTIFIED_PROFILE: "it belongs to identified profile {external_id}",
    DropReason.ALIAS_ONLY_PROFILE: "it belongs to profile {braze_id}, which has no external id",
    DropReason.DEPRECATED_EXTERNAL_ID: "its profile is now {external_id}",
    DropReason.DIFFERS_ONLY_IN_CASE: "a profile with external id {external_id!r} exists",
    DropReason.DIFFERS_ONLY_IN_BLANKS: "a profile with external id {external_id!r} exists",
}
