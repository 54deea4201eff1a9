"""Partner cohort import: name a cohort, add and remove users, never create anybody.

Source: Braze, "Partner cohort import integration" (errors, limits), "Amplitude cohort import" (User Matching).
The answer tells the sender nothing about single users; the ledger page of the request says why each one was kept
or dropped.

No page prints a success, and none says who `Unauthorized access` and `Resource locked` are for: 201 with the message
`success` is inferred from a client's tests, the first 401 goes to whoever sends neither key (inferred), and 423 comes
from a fault only (our reading). That the partner's name in the path ignores case, and that ids and names of cohorts
have no greatest length and live for ever, is inferred. Every assignment that hits a profile is billed, a repeated one
too; one that hits nobody is not (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from typing import Any, NamedTuple

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.ids import split_id
from simulator.ledger import Strip
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


class Part(NamedTuple):
    """One array of one object of `cohort_changes`: values of one kind (aliases: of one label), in one direction."""

    kind: Kind
    label: str
    values: Sequence[str]
    remove: bool


class Found(NamedTuple):
    """Whom values mean, column by column: the value's place in the part, and the profile's row."""

    places: Sequence[int]
    rows: Sequence[int]

    def only(self, chosen: Sequence[bool]) -> Found:
        """Those that are chosen; `chosen` has a word on each."""
        return Found(
            list(compress(self.places, chosen)),
            list(compress(self.rows, chosen)),
        )


@dataclass(slots=True)
class Judged:
    """What the rules say about a part: the hits by the rule that made them, and the misses by their place."""

    part: Part
    hits: list[tuple[str, Found]] = field(default_factory=list)
    misses: dict[int, Miss] = field(default_factory=dict)

    @property
    def rows(self) -> list[int]:
        """The profiles that are meant; one stands here as often as it was sent."""
        return list(chain.from_iterable(found.rows for _, found in self.hits))


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
        parts = [part for change in changes for part in _parts(change)] if isinstance(changes, list) else []
        judged = [self._judge(accepted.workspace, part) for part in parts]
        membership = self._room.store.membership
        key = membership.key(accepted.workspace, partner, cohort_id, accepted.at)
        billed = [row for each in judged for row in each.rows]
        before = membership.present(key, billed)
        members = set(before)
        near = self._near_misses(accepted.workspace, judged)
        stem = self._room.store.profiles.stem(accepted.workspace)
        strips = [strip for each in judged for strip in (*_apply(each, members, stem), *_dropped(each, near))]
        membership.change(key, members - before, before - members, accepted.at)
        points = 0
        if self._room.rules.cohort_data_points == "on":
            points = self._room.store.points.log(
                accepted.workspace, accepted.at, DATA_POINT_CAUSE, "DP-1", billed,
                partner=partner, cohort_id=cohort_id, request=accepted.request,
            )  # fmt: skip
        self._room.ledger.write(
            accepted.at, room="braze", event="cohort_changed", cohort=cohort_id, request=accepted.request,
            strips=strips,
            detail={
                "workspace": accepted.workspace, "partner": partner, "data_points": points,
                "sent": sum(len(part.values) for part in parts),
            },
        )  # fmt: skip

    def _judge(self, workspace: str, part: Part) -> Judged:
        """One query fetches who carries the values; `rules.matching` judges, the plain cases all at once."""
        reader, rules = self._room.store.candidates, self._room.rules
        carriers = reader.carriers(workspace, part.kind, part.label, part.values)
        plain = matching.settled(part.kind, carriers, rules)
        placed = set(plain.places)
        if len(placed) < len(plain.places):
            plain = plain.only(_firsts(plain.places))
        judged = Judged(part)
        if placed:
            judged.hits.append((matching.SETTLED_BY[part.kind], Found(*plain[:2])))
        if len(placed) == len(part.values):
            return judged
        rest = {
            place: Identifier(part.kind, value, part.label)
            for place, value in enumerate(part.values)
            if place not in placed
        }
        for (place, identifier), candidates in zip(
            rest.items(), reader.fetch(workspace, list(rest.values())), strict=True
        ):
            verdict = matching.match(identifier, candidates, rules)
            if verdict[0] is DropReason.UNKNOWN_EXTERNAL_ID and rules.user_ids_hold == "any_identifier":
                verdict = self._match_as_device(workspace, identifier.value) or verdict
            if isinstance(verdict, Miss):
                judged.misses[place] = verdict
            else:
                _, row = split_id(verdict.profile.braze_id)
                judged.hits.append((verdict.rule, Found([place], [row])))
        return judged

    def _match_as_device(self, workspace: str, value: str) -> Hit | Miss | None:
        """What `user_ids` held and no profile has as external id is tried as a device id (the page's table)."""
        device = Identifier(Kind.DEVICE_ID, value)
        (found,) = self._room.store.candidates.fetch(workspace, [device])
        return matching.match(device, found, self._room.rules) if found else None

    def _near_misses(self, workspace: str, judged: Iterable[Judged]) -> dict[Identifier, str]:
        """For identifiers that nobody carries: what is there that looks like it. For the explanation only."""
        unknown: dict[DropReason, list[Identifier]] = {}
        for part, misses in ((each.part, each.misses) for each in judged):
            for place, miss in misses.items():
                if miss.near is None:
                    identifier = Identifier(part.kind, part.values[place], part.label)
                    unknown.setdefault(miss.reason, []).append(identifier)
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
        if not isinstance(values, list) or not set(map(type, values)) <= {str}:
            return False
    if not lone_alias and not isinstance(change.get("aliases", []), list):
        return False
    if not _are_aliases(_aliases(change)):
        return False
    return isinstance(change.get("should_remove", False), bool)


def _aliases(change: Mapping[str, object]) -> Sequence[object]:
    aliases = change.get("aliases", [])
    return aliases if isinstance(aliases, list) else [aliases]


def _are_aliases(aliases: Sequence[object]) -> bool:
    if not set(map(type, aliases)) <= {dict}:
        return False
    named = [(alias.get("alias_name"), alias.get("alias_label")) for alias in aliases if isinstance(alias, dict)]
    return set(map(type, chain.from_iterable(named))) <= {str}


def _size(change: Mapping[str, object]) -> int:
    lists = (change.get("user_ids", []), change.get("device_ids", []), _aliases(change))
    return sum(len(each) for each in lists if isinstance(each, list))


def _parts(change: Mapping[str, Any]) -> Iterator[Part]:
    remove = bool(change.get("should_remove", False))
    for name, kind in (("user_ids", Kind.EXTERNAL_ID), ("device_ids", Kind.DEVICE_ID)):
        if values := change.get(name):
            yield Part(kind, "", values, remove)
    by_label: dict[str, list[str]] = {}
    for alias in _aliases(change):
        if isinstance(alias, dict):
            by_label.setdefault(alias["alias_label"], []).append(alias["alias_name"])
    for label, names in by_label.items():
        yield Part(Kind.ALIAS, label, names, remove)


def _firsts(places: Sequence[int]) -> list[bool]:
    """Which of several carriers of one value is meant: the first."""
    seen: set[int] = set()
    firsts = []
    for place in places:
        firsts.append(place not in seen)
        seen.add(place)
    return firsts


def _apply(judged: Judged, members: set[int], stem: str) -> Iterator[Strip]:
    """Move the hits of one part in or out of `members`; a strip for each outcome by each rule, which names profiles by
    `stem` and row."""
    part = judged.part
    present, absent = (Outcome.REMOVED, Outcome.ALREADY_GONE) if part.remove else (Outcome.ALREADY_THERE, Outcome.ADDED)
    for rule, found in judged.hits:
        rows = set(found.rows)
        if len(rows) == len(found.rows) and members.isdisjoint(rows):
            sides = [(absent, found)]
        else:
            inside = _inside(found.rows, members, part.remove)
            sides = [(present, found.only(inside)), (absent, found.only([not each for each in inside]))]
        for outcome, (places, rows_of_it) in sides:
            if places:
                values = list(map(part.values.__getitem__, places))
                yield Strip(part.kind, part.label, outcome, _CITED[outcome][rule], "", (), rows_of_it, values, stem)
        if part.remove:
            members -= rows
        else:
            members |= rows


def _inside(rows: Sequence[int], members: set[int], remove: bool) -> list[bool]:
    """Whether each was a member when its turn came; the same profile may be sent twice."""
    now = set(members)
    found = []
    for row in rows:
        found.append(row in now)
        (now.discard if remove else now.add)(row)
    return found


_CITED = {
    outcome.value: {rule: (rule, *also, "DP-1") for rule in ("MATCH-1", "MATCH-2", "MATCH-3", "MATCH-6")}
    for outcome, also in (
        (Outcome.ADDED, ()),
        (Outcome.REMOVED, ()),
        (Outcome.ALREADY_THERE, ("SYNC-6",)),
        (Outcome.ALREADY_GONE, ("SYNC-6",)),
    )
}


def _dropped(judged: Judged, near: Mapping[Identifier, str]) -> Iterator[Strip]:
    """MATCH-5, NOCREATE-1. The note begins with the reason; what almost matched follows after a colon."""
    part = judged.part
    by_reason: dict[tuple[DropReason, str], list[tuple[str, str]]] = {}
    for place, miss in judged.misses.items():
        value = part.values[place]
        like, owner = near.get(Identifier(part.kind, value, part.label), ""), ""
        if miss.near is not None:
            like = _NEAR[miss.reason].format(external_id=miss.near.external_id, braze_id=miss.near.braze_id)
            owner = miss.near.braze_id if miss.reason in _OWNED else ""
        by_reason.setdefault((miss.reason, like), []).append((owner, value))
    for (reason, like), together in by_reason.items():
        note = f"{reason.value}: {like}" if like else reason.value
        owners, values = zip(*together, strict=True)
        yield Strip(
            part.kind, part.label, Outcome.DROPPED, DROP_RULES[reason], note, (), owners if any(owners) else (), values
        )


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
