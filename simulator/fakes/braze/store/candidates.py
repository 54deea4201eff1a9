"""Whom the identifiers of a cohort call may mean: one query per kind for a whole request.

The store only fetches: profiles that carry the value, and those that nearly do. `rules.matching` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from simulator.database import Database
from simulator.fakes.braze.store.profiles import Profiles
from simulator.rules.identity import BrazeProfile, Identifier, Kind
from simulator.rules.matching import Carriers

_NONE: frozenset[str] = frozenset()

# CROSS JOIN keeps SQLite from turning the loops round: the identifiers drive, the index answers.
_CARRIED: Mapping[Kind, str] = {
    Kind.EXTERNAL_ID: """FROM json_each(?) sent
        CROSS JOIN braze_profile p WHERE p.workspace = ? AND p.external_id = sent.value COLLATE NOCASE""",
    Kind.DEVICE_ID: """FROM json_each(?) sent
        CROSS JOIN braze_device d ON d.workspace = ? AND d.device_id = sent.value
        CROSS JOIN braze_profile p ON p.profile = d.profile""",
    Kind.ALIAS: """FROM json_each(?) sent
        CROSS JOIN braze_alias a ON a.workspace = ? AND a.label = ? AND a.name = sent.value
        CROSS JOIN braze_profile p ON p.profile = a.profile""",
}
_ONCE_CARRIED = """FROM json_each(?) sent
    CROSS JOIN braze_deprecated_id d ON d.workspace = ? AND d.external_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""
_DEVICES = "SELECT d.device_id FROM braze_device d WHERE d.profile = p.profile"
_PLAIN: Mapping[Kind, str] = {
    Kind.EXTERNAL_ID: "p.external_id = sent.value",
    Kind.DEVICE_ID: "p.external_id IS NULL",
    Kind.ALIAS: f"p.external_id IS NOT NULL OR EXISTS ({_DEVICES})",
}
_MORE: Mapping[Kind, str] = {
    Kind.EXTERNAL_ID: "NULL",
    Kind.DEVICE_ID: "p.once_anonymous",
    Kind.ALIAS: f"CASE WHEN p.external_id IS NULL THEN ({_DEVICES} LIMIT 1) END",
}


class CandidateReader:
    """Fetches candidates for up to a thousand values of one kind at a time."""

    def __init__(self, database: Database, profiles: Profiles) -> None:
        self._database = database
        self._profiles = profiles

    def carriers(self, workspace: str, kind: Kind, label: str, values: Sequence[str]) -> Carriers:
        """Every profile that carries one of the values now, in the order of the values; for external ids also those
        whose id differs in case only."""
        if not values:
            return Carriers((), (), ())
        # Of an external id nothing is asked that its index does not hold: no page of the profile is touched.
        query = (
            "SELECT json_group_array(sent.key), json_group_array(p.profile), "
            f"json_group_array({_PLAIN[kind]}) {_CARRIED[kind]}"
        )
        return Carriers(*self._database.columns(query, (*_sent(values), workspace, *_labels(kind, label))))

    def fetch(self, workspace: str, identifiers: Sequence[Identifier]) -> list[tuple[BrazeProfile, ...]]:
        """What `match` needs to decide each identifier, in the order of the identifiers: the profiles that carry it,
        and for an external id those that once did or nearly do."""
        by_sort: dict[tuple[Kind, str], list[int]] = {}
        for place, identifier in enumerate(identifiers):
            by_sort.setdefault((identifier.kind, identifier.label), []).append(place)
        found: list[list[BrazeProfile]] = [[] for _ in identifiers]
        for (kind, label), places in by_sort.items():
            values = [identifiers[place].value for place in places]
            query = f"SELECT sent.key, p.profile, p.external_id, {_MORE[kind]} {_CARRIED[kind]}"
            for index, row, external_id, more in self._database.rows(
                query, (*_sent(values), workspace, *_labels(kind, label))
            ):
                braze_id = self._profiles.braze_id_of(workspace, row)
                place = places[index]
                found[place].append(_profile(identifiers[place], braze_id, external_id, more))
            if kind is Kind.EXTERNAL_ID:
                missed = {
                    place: value
                    for place, value in zip(places, values, strict=True)
                    if all(profile.external_id != value for profile in found[place])
                }
                self._add_former(workspace, missed, found)
                self._add_spellings(workspace, missed, found)
        return list(map(tuple, found))

    def _add_former(self, workspace: str, missed: Mapping[int, str], found: list[list[BrazeProfile]]) -> None:
        places, values = list(missed), list(missed.values())
        for index, braze_id, external_id in self._named(workspace, values, _ONCE_CARRIED):
            found[places[index]].append(BrazeProfile(braze_id, external_id, frozenset((values[index],))))

    def _add_spellings(self, workspace: str, missed: Mapping[int, str], found: list[list[BrazeProfile]]) -> None:
        spellings = [(place, near) for place, value in missed.items() for near in _spellings(value)]
        near = [near for _, near in spellings]
        for index, braze_id, external_id in self._named(workspace, near, _CARRIED[Kind.EXTERNAL_ID]):
            found[spellings[index][0]].append(BrazeProfile(braze_id, external_id))

    def _named(self, workspace: str, values: Sequence[str], carried: str) -> Iterator[tuple[int, str, str | None]]:
        """The value's place, Braze id and external id of each that is found."""
        if not values:
            return
        query = f"SELECT sent.key, p.profile, p.external_id {carried}"
        for index, row, external_id in self._database.rows(query, (*_sent(values), workspace)):
            yield index, self._profiles.braze_id_of(workspace, row), external_id

    def near_aliases(self, workspace: str, missed: Sequence[Identifier]) -> dict[Identifier, tuple[str, str]]:
        """For aliases that nobody carries: a pair that somebody does, the same but for case, blanks or label."""
        labels = [label for (label,) in self._database.rows(_LABELS, (workspace, workspace)) if label is not None]
        spellings = [(each, name) for each in missed for name in (each.value, *_cases(each.value))]
        names = orjson.dumps([name for _, name in spellings]).decode()
        near: dict[Identifier, tuple[str, str]] = {}
        for label in labels:
            (places,) = self._database.columns(_ALIASES_AMONG, (names, workspace, label))
            for identifier, name in (spellings[place] for place in sorted(places)):
                near.setdefault(identifier, (label, name))
        return near

    def device_ids_among(self, workspace: str, values: Sequence[str]) -> frozenset[str]:
        """Those of the values that are device ids of somebody."""
        found = self._database.rows(
            "SELECT DISTINCT d.device_id FROM json_each(?) sent CROSS JOIN braze_device d "
            "ON d.workspace = ? AND d.device_id = sent.value",
            (orjson.dumps(list(values)).decode(), workspace),
        )
        return frozenset(device_id for (device_id,) in found)


_ALIASES_AMONG = """
    SELECT json_group_array(sent.key) FROM json_each(?) sent
    CROSS JOIN braze_alias a ON a.workspace = ? AND a.label = ? AND a.name = sent.value"""

# Every label once, by hopping through the primary key.
_LABELS = """
    WITH RECURSIVE hop(label) AS (
        SELECT min(label) FROM braze_alias WHERE workspace = ?
        UNION ALL
        SELECT (SELECT min(a.label) FROM braze_alias a WHERE a.workspace = ? AND a.label > hop.label)
        FROM hop WHERE hop.label IS NOT NULL LIMIT 50)
    SELECT label FROM hop"""


def _spellings(value: str) -> list[str]:
    """Other spellings to look for: without outer blanks, with one, and in other cases where the index knows no case."""
    stripped = value.strip()
    others: tuple[str, ...] = (stripped, f"{stripped} ", f" {stripped}")
    if not value.isascii():
        others += (stripped.lower(), stripped.upper())
    return [other for other in dict.fromkeys(others) if other != value]


def _cases(value: str) -> list[str]:
    stripped = value.strip()
    spellings = (stripped, stripped.lower(), stripped.upper(), stripped.capitalize())
    return [other for other in dict.fromkeys(spellings) if other != value]


def _sent(values: Sequence[str]) -> tuple[str]:
    return (orjson.dumps(values).decode(),)


def _labels(kind: Kind, label: str) -> tuple[str, ...]:
    return (label,) if kind is Kind.ALIAS else ()


def _profile(identifier: Identifier, braze_id: str, external_id: str | None, more: Any) -> BrazeProfile:
    """`more` is a device of an anonymous carrier of an alias, and whether a device's owner was once anonymous."""
    if identifier.kind is Kind.ALIAS:
        devices = _NONE if more is None else frozenset((more,))
        return BrazeProfile(braze_id, external_id, _NONE, frozenset(((identifier.label, identifier.value),)), devices)
    if identifier.kind is Kind.DEVICE_ID:
        devices = frozenset((identifier.value,))
        return BrazeProfile(braze_id, external_id, device_ids=devices, once_anonymous=bool(more))
    return BrazeProfile(braze_id, external_id)
