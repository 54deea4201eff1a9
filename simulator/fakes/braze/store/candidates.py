"""Whom the identifiers of a cohort call may mean: one query per kind for a whole request.

The store only fetches: profiles that carry the value, and those that nearly do. `rules.matching` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from simulator.database import Database
from simulator.rules.identity import BrazeProfile, Identifier, Kind

Candidates = list[tuple[BrazeProfile, ...]]
_NONE: frozenset[str] = frozenset()
_NO_ALIAS: frozenset[tuple[str, str]] = frozenset()

# CROSS JOIN keeps SQLite from turning the loops round: the identifiers drive, the index answers.
_BY_EXTERNAL_ID = """
    SELECT sent.key, p.braze_id, p.external_id FROM json_each(?) sent
    CROSS JOIN braze_profile p WHERE p.workspace = ? AND p.external_id = sent.value COLLATE NOCASE"""
_BY_DEPRECATED_ID = """
    SELECT sent.key, p.braze_id, p.external_id FROM json_each(?) sent
    CROSS JOIN braze_deprecated_id d ON d.workspace = ? AND d.external_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""
_BY_ALIAS = """
    SELECT sent.key, p.braze_id, p.external_id, CASE WHEN p.external_id IS NULL THEN
        (SELECT d.device_id FROM braze_device d WHERE d.profile = p.profile LIMIT 1) END FROM json_each(?) sent
    CROSS JOIN braze_alias a ON a.workspace = ? AND a.label = ? AND a.name = sent.value
    CROSS JOIN braze_profile p ON p.profile = a.profile"""
_BY_DEVICE_ID = """
    SELECT sent.key, p.braze_id, p.external_id, p.once_anonymous FROM json_each(?) sent
    CROSS JOIN braze_device d ON d.workspace = ? AND d.device_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""


class CandidateReader:
    """Fetches candidates for up to a thousand identifiers at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fetch(self, workspace: str, identifiers: Sequence[Identifier]) -> Candidates:
        """The candidates of each identifier, in the order of the identifiers."""
        found: Candidates = [()] * len(identifiers)
        by_kind: dict[Kind, list[int]] = {kind: [] for kind in Kind}
        for place, identifier in enumerate(identifiers):
            by_kind[identifier[0]].append(place)
        for kind, places in by_kind.items():
            if places:
                _FETCH[kind](self, workspace, identifiers, places, found)
        return found

    def _external_ids(
        self, workspace: str, identifiers: Sequence[Identifier], places: list[int], found: Candidates
    ) -> None:
        exact: set[int] = set()
        sent = [identifiers[place][1] for place in places]
        for index, braze_id, external_id in self._rows(_BY_EXTERNAL_ID, sent, workspace):
            place = places[index]
            found[place] = (*found[place], BrazeProfile(braze_id, external_id))
            if external_id == sent[index]:
                exact.add(index)
        if len(exact) == len(sent):
            return
        missed = [place for index, place in enumerate(places) if index not in exact]
        values = [identifiers[place][1] for place in missed]
        for index, braze_id, external_id in self._rows(_BY_DEPRECATED_ID, values, workspace):
            place = missed[index]
            found[place] = (*found[place], BrazeProfile(braze_id, external_id, frozenset((values[index],))))
        spellings = [(place, near) for place, value in zip(missed, values, strict=True) for near in _spellings(value)]
        if spellings:
            for index, braze_id, external_id in self._rows(_BY_EXTERNAL_ID, [near for _, near in spellings], workspace):
                place = spellings[index][0]
                found[place] = (*found[place], BrazeProfile(braze_id, external_id))

    def _aliases(self, workspace: str, identifiers: Sequence[Identifier], places: list[int], found: Candidates) -> None:
        by_label: dict[str, list[int]] = {}
        for place in places:
            by_label.setdefault(identifiers[place][2], []).append(place)
        for label, same_label in by_label.items():
            sent = [identifiers[place][1] for place in same_label]
            for index, braze_id, external_id, device_id in self._rows(_BY_ALIAS, sent, workspace, label):
                devices = _NONE if device_id is None else frozenset((device_id,))
                alias = frozenset(((label, sent[index]),))
                found[same_label[index]] = (BrazeProfile(braze_id, external_id, _NONE, alias, devices),)

    def _devices(self, workspace: str, identifiers: Sequence[Identifier], places: list[int], found: Candidates) -> None:
        sent = [identifiers[place][1] for place in places]
        for index, braze_id, external_id, once_anonymous in self._rows(_BY_DEVICE_ID, sent, workspace):
            device = frozenset((sent[index],))
            profile = BrazeProfile(braze_id, external_id, _NONE, _NO_ALIAS, device, bool(once_anonymous))
            place = places[index]
            found[place] = (*found[place], profile)

    def _rows(self, query: str, sent: Sequence[str], *parameters: str) -> Iterator[tuple[Any, ...]]:
        return iter(self._database.rows(query, (orjson.dumps(sent).decode(), *parameters)))

    def near_aliases(self, workspace: str, missed: Sequence[Identifier]) -> dict[Identifier, tuple[str, str]]:
        """For aliases that nobody carries: a pair that somebody does, the same but for case, blanks or label."""
        labels = [label for (label,) in self._database.rows(_LABELS, (workspace, workspace)) if label is not None]
        near: dict[Identifier, tuple[str, str]] = {}
        for identifier in missed:
            pairs = [(label, name) for label in labels for name in (identifier.value, *_cases(identifier.value))]
            query = "SELECT 1 FROM braze_alias WHERE workspace = ? AND label = ? AND name = ?"
            for label, name in pairs:
                if self._database.row(query, (workspace, label, name)):
                    near[identifier] = (label, name)
                    break
        return near

    def device_ids_among(self, workspace: str, values: Sequence[str]) -> frozenset[str]:
        """Those of the values that are device ids of somebody."""
        found = self._database.rows(
            "SELECT DISTINCT d.device_id FROM json_each(?) sent CROSS JOIN braze_device d "
            "ON d.workspace = ? AND d.device_id = sent.value",
            (orjson.dumps(list(values)).decode(), workspace),
        )
        return frozenset(device_id for (device_id,) in found)


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


_Fetch = Callable[[CandidateReader, str, Sequence[Identifier], list[int], Candidates], None]
_FETCH: dict[Kind, _Fetch] = {
    Kind.EXTERNAL_ID: CandidateReader._external_ids,
    Kind.ALIAS: CandidateReader._aliases,
    Kind.DEVICE_ID: CandidateReader._devices,
}
