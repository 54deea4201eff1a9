"""Whom the identifiers of a cohort call may mean: one query per kind for a whole request.

The store only fetches: profiles that carry the value, and those that nearly do. `rules.matching` decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from simulator.database import Database
from simulator.rules.identity import BrazeProfile, Identifier, Kind
from simulator.rules.matching import Carriers

_NONE: frozenset[str] = frozenset()

# CROSS JOIN keeps SQLite from turning the loops round: the identifiers drive, the index answers.
_BY_EXTERNAL_ID = """
    SELECT json_group_array(sent.key), json_group_array(p.profile), json_group_array(p.braze_id),
        json_group_array(p.external_id) FROM json_each(?) sent
    CROSS JOIN braze_profile p WHERE p.workspace = ? AND p.external_id = sent.value COLLATE NOCASE"""
_BY_DEPRECATED_ID = """
    SELECT json_group_array(sent.key), json_group_array(p.profile), json_group_array(p.braze_id),
        json_group_array(p.external_id) FROM json_each(?) sent
    CROSS JOIN braze_deprecated_id d ON d.workspace = ? AND d.external_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""
_BY_ALIAS = """
    SELECT json_group_array(sent.key), json_group_array(p.profile), json_group_array(p.braze_id),
        json_group_array(p.external_id), json_group_array(CASE WHEN p.external_id IS NULL THEN
        (SELECT d.device_id FROM braze_device d WHERE d.profile = p.profile LIMIT 1) END) FROM json_each(?) sent
    CROSS JOIN braze_alias a ON a.workspace = ? AND a.label = ? AND a.name = sent.value
    CROSS JOIN braze_profile p ON p.profile = a.profile"""
_BY_DEVICE_ID = """
    SELECT json_group_array(sent.key), json_group_array(p.profile), json_group_array(p.braze_id),
        json_group_array(p.external_id), json_group_array(p.once_anonymous) FROM json_each(?) sent
    CROSS JOIN braze_device d ON d.workspace = ? AND d.device_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""


class CandidateReader:
    """Fetches candidates for up to a thousand values of one kind at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def carriers(self, workspace: str, kind: Kind, label: str, values: Sequence[str]) -> Carriers:
        """Every profile that carries one of the values now, in the order of the values; for external ids also those
        whose id differs in case only."""
        if kind is Kind.ALIAS:
            return self._rows(_BY_ALIAS, values, workspace, label)
        return self._rows(_BY_EXTERNAL_ID if kind is Kind.EXTERNAL_ID else _BY_DEVICE_ID, values, workspace)

    def candidates(
        self, workspace: str, identifiers: Mapping[int, Identifier], carriers: Carriers
    ) -> dict[int, list[BrazeProfile]]:
        """What `match` needs to decide single identifiers, by their place: the profiles that carry each, and for an
        external id those that once did or nearly do. `carriers` may speak of other places too."""
        found: dict[int, list[BrazeProfile]] = {place: [] for place in identifiers}
        for place, _, braze_id, external_id, *flag in zip(*filter(None, carriers), strict=True):
            if place in identifiers:
                found[place].append(_profile(identifiers[place], braze_id, external_id, *flag))
        external = {place: each.value for place, each in identifiers.items() if each.kind is Kind.EXTERNAL_ID}
        missed = {
            place: value
            for place, value in external.items()
            if not any(profile.external_id == value for profile in found[place])
        }
        self._add_former(workspace, missed, found)
        self._add_spellings(workspace, missed, found)
        return found

    def fetch(self, workspace: str, identifiers: Sequence[Identifier]) -> list[tuple[BrazeProfile, ...]]:
        """The candidates of each identifier of any kinds, in the order of the identifiers."""
        by_sort: dict[tuple[Kind, str], dict[int, Identifier]] = {}
        for place, identifier in enumerate(identifiers):
            by_sort.setdefault((identifier.kind, identifier.label), {})[place] = identifier
        found: dict[int, list[BrazeProfile]] = {}
        for (kind, label), together in by_sort.items():
            places = list(together)
            carriers = self.carriers(workspace, kind, label, [identifier.value for identifier in together.values()])
            placed = carriers._replace(places=[places[index] for index in carriers.places])
            found |= self.candidates(workspace, together, placed)
        return [tuple(found[place]) for place in range(len(identifiers))]

    def _add_former(self, workspace: str, missed: Mapping[int, str], found: dict[int, list[BrazeProfile]]) -> None:
        places, values = list(missed), list(missed.values())
        carriers = self._rows(_BY_DEPRECATED_ID, values, workspace)
        for index, _, braze_id, external_id in zip(*carriers[:4], strict=True):
            former = frozenset((values[index],))
            found[places[index]].append(BrazeProfile(braze_id, external_id, former))

    def _add_spellings(self, workspace: str, missed: Mapping[int, str], found: dict[int, list[BrazeProfile]]) -> None:
        spellings = [(place, near) for place, value in missed.items() for near in _spellings(value)]
        carriers = self._rows(_BY_EXTERNAL_ID, [near for _, near in spellings], workspace)
        for index, _, braze_id, external_id in zip(*carriers[:4], strict=True):
            found[spellings[index][0]].append(BrazeProfile(braze_id, external_id))

    def _rows(self, query: str, sent: Sequence[str], *parameters: str) -> Carriers:
        if not sent:
            return Carriers((), (), (), ())
        return Carriers(*self._database.columns(query, (orjson.dumps(sent).decode(), *parameters)))

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


def _profile(identifier: Identifier, braze_id: str, external_id: str | None, *flag: Any) -> BrazeProfile:
    if identifier.kind is Kind.ALIAS:
        devices = _NONE if flag[0] is None else frozenset((flag[0],))
        return BrazeProfile(braze_id, external_id, _NONE, frozenset(((identifier.label, identifier.value),)), devices)
    if identifier.kind is Kind.DEVICE_ID:
        devices = frozenset((identifier.value,))
        return BrazeProfile(braze_id, external_id, device_ids=devices, once_anonymous=bool(flag[0]))
    return BrazeProfile(braze_id, external_id)
