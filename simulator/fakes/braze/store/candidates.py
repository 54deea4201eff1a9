"""Whom the identifiers of a cohort call may mean: one query per kind for a whole request.

The store only fetches: profiles that carry the value, and those that nearly do. `rules.matching` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from simulator.database import Database
from simulator.rules.identity import BrazeProfile, Identifier, Kind

Candidates = dict[Identifier, list[BrazeProfile]]

# CROSS JOIN keeps SQLite from turning the loops round: the identifiers drive, the index answers.
_BY_EXTERNAL_ID = """
    SELECT sent.key, p.profile, p.braze_id, p.external_id FROM json_each(?) sent
    CROSS JOIN braze_profile p WHERE p.workspace = ? AND p.external_id = sent.value COLLATE NOCASE"""
_BY_DEPRECATED_ID = """
    SELECT sent.key, p.profile, p.braze_id, p.external_id FROM json_each(?) sent
    CROSS JOIN braze_deprecated_id d ON d.workspace = ? AND d.external_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""
_BY_ALIAS = """
    SELECT sent.key, p.profile, p.braze_id, p.external_id, CASE WHEN p.external_id IS NULL THEN
        (SELECT d.device_id FROM braze_device d WHERE d.profile = p.profile LIMIT 1) END FROM json_each(?) sent
    CROSS JOIN braze_alias a ON a.workspace = ? AND a.label = ? AND a.name = sent.value
    CROSS JOIN braze_profile p ON p.profile = a.profile"""
_BY_DEVICE_ID = """
    SELECT sent.key, p.profile, p.braze_id, p.external_id, p.once_anonymous FROM json_each(?) sent
    CROSS JOIN braze_device d ON d.workspace = ? AND d.device_id = sent.value
    CROSS JOIN braze_profile p ON p.profile = d.profile"""


class CandidateReader:
    """Fetches candidates for up to a thousand identifiers at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fetch(self, workspace: str, identifiers: Sequence[Identifier]) -> tuple[Candidates, dict[str, int]]:
        """Candidates of every identifier that has any, and the row number of each candidate by Braze id."""
        found: Candidates = {}
        rows: dict[str, int] = {}
        by_kind: dict[Kind, list[Identifier]] = {}
        for identifier in identifiers:
            by_kind.setdefault(identifier.kind, []).append(identifier)
        for kind, sent in by_kind.items():
            _FETCH[kind](self, workspace, sent, found, rows)
        return found, rows

    def _external_ids(self, workspace: str, sent: list[Identifier], found: Candidates, rows: dict[str, int]) -> None:
        exact: set[str] = set()
        for index, row, braze_id, external_id in self._rows(_BY_EXTERNAL_ID, _values(sent), workspace):
            identifier = sent[index]
            if external_id == identifier.value:
                exact.add(external_id)
            rows[braze_id] = row
            found.setdefault(identifier, []).append(BrazeProfile(braze_id, external_id))
        if len(exact) == len(sent):
            return
        missed = [identifier for identifier in sent if identifier.value not in exact]
        for index, row, braze_id, external_id in self._rows(_BY_DEPRECATED_ID, _values(missed), workspace):
            rows[braze_id] = row
            profile = BrazeProfile(braze_id, external_id, frozenset((missed[index].value,)))
            found.setdefault(missed[index], []).append(profile)
        spellings = [(identifier, near) for identifier in missed for near in _spellings(identifier.value)]
        if spellings:
            nearly = orjson.dumps([near for _, near in spellings]).decode()
            for index, row, braze_id, external_id in self._rows(_BY_EXTERNAL_ID, nearly, workspace):
                rows[braze_id] = row
                found.setdefault(spellings[index][0], []).append(BrazeProfile(braze_id, external_id))

    def _aliases(self, workspace: str, sent: list[Identifier], found: Candidates, rows: dict[str, int]) -> None:
        by_label: dict[str, list[Identifier]] = {}
        for identifier in sent:
            by_label.setdefault(identifier.label, []).append(identifier)
        for label, same_label in by_label.items():
            for index, row, braze_id, external_id, device_id in self._rows(
                _BY_ALIAS, _values(same_label), workspace, label
            ):
                identifier = same_label[index]
                rows[braze_id] = row
                devices = frozenset((device_id,)) if device_id is not None else frozenset()
                aliases = frozenset(((label, identifier.value),))
                profile = BrazeProfile(braze_id, external_id, aliases=aliases, device_ids=devices)
                found.setdefault(identifier, []).append(profile)

    def _devices(self, workspace: str, sent: list[Identifier], found: Candidates, rows: dict[str, int]) -> None:
        for index, row, braze_id, external_id, once_anonymous in self._rows(_BY_DEVICE_ID, _values(sent), workspace):
            identifier = sent[index]
            rows[braze_id] = row
            profile = BrazeProfile(
                braze_id, external_id, device_ids=frozenset((identifier.value,)), once_anonymous=bool(once_anonymous)
            )
            found.setdefault(identifier, []).append(profile)

    def _rows(self, query: str, *parameters: str) -> Iterator[tuple[Any, ...]]:
        return iter(self._database.rows(query, parameters))

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


def _values(identifiers: Sequence[Identifier]) -> str:
    return orjson.dumps([identifier.value for identifier in identifiers]).decode()


def _spellings(value: str) -> list[str]:
    """Other spellings to look for: without outer blanks, and in other cases where the index knows no case."""
    stripped = value.strip()
    if value.isascii():
        return [stripped] if stripped != value else []
    return [other for other in dict.fromkeys((stripped, stripped.lower(), stripped.upper())) if other != value]


def _cases(value: str) -> list[str]:
    stripped = value.strip()
    spellings = (stripped, stripped.lower(), stripped.upper(), stripped.capitalize())
    return [other for other in dict.fromkeys(spellings) if other != value]


_Fetch = Callable[[CandidateReader, str, list[Identifier], Candidates, dict[str, int]], None]
_FETCH: dict[Kind, _Fetch] = {
    Kind.EXTERNAL_ID: CandidateReader._external_ids,
    Kind.ALIAS: CandidateReader._aliases,
    Kind.DEVICE_ID: CandidateReader._devices,
}
