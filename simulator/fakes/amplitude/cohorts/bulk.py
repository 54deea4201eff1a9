"""First computations in one statement, for the definitions that SQL can say exactly; the judge stays the truth.

A test compares both on random people. Only "performed an event at least n times, ever or in a sliding window" is
taken; whatever else a definition says goes through the judge, a page of people at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.events import Kind
from simulator.rules.cohorts.definition import (
    ANY_ACTIVE_EVENT,
    ANY_EVENT,
    Comparison,
    Definition,
    Ever,
    Measure,
    Performed,
    Rolling,
)
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet

MOST_TIMES = 2**62
"""More than this is no number that SQLite can hold."""


class PlainCount(NamedTuple):
    """Performed `event` at least `times` within `length_ms` (None: ever)."""

    event: str
    times: int
    length_ms: int | None


def plain_count(definition: Definition, rules: RuleSet) -> PlainCount | None:
    """The definition as a plain count, or None when it says more than that."""
    if len(definition.rows) != 1 or definition.rows[0].negated or len(definition.rows[0].clauses) != 1:
        return None
    clause = definition.rows[0].clauses[0]
    if (
        not isinstance(clause, Performed)
        or clause.measure is not Measure.COUNT
        or clause.comparison is not Comparison.AT_LEAST
        or clause.event.where
        or clause.event.name in (ANY_EVENT, ANY_ACTIVE_EVENT)
        or not 1 <= clause.value <= MOST_TIMES
        or clause.value != int(clause.value)
    ):
        return None
    window = clause.window
    if isinstance(window, Ever):
        return PlainCount(clause.event.name, int(clause.value), None)
    if rules.rolling_window == "sliding" and isinstance(window, Rolling) and window == Rolling(window.length_ms):
        return PlainCount(clause.event.name, int(clause.value), window.length_ms)
    return None


_WANTED = "CREATE TEMP TABLE IF NOT EXISTS wanted (amplitude_id INTEGER PRIMARY KEY, inside INTEGER, due_at INTEGER)"

# The nth newest event of each person in the window, and their first event still to come (client clocks run ahead).
# Whoever was merged into somebody counts for them; there are few, so they are looked up in a list of their own.
_HITS = """
merged AS MATERIALIZED (
  SELECT amplitude_id, merged_into FROM amplitude_user WHERE merged_into IS NOT NULL
), {name} AS (
  SELECT coalesce(m.merged_into, e.amplitude_id) AS id, e.time AS time
  FROM amplitude_event e LEFT JOIN merged m ON m.amplitude_id = e.amplitude_id
  WHERE e.project = :project AND e.kind = :kind AND e.event_type = :event AND e.time > :after
)
"""
# What a mapped user did counts for both; most projects map nobody, and reading the hits twice costs time.
_SHARED = """
, mapped (source, target) AS (
  SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:mapped)
), hits AS (
  SELECT id, time FROM own UNION ALL SELECT p.target, o.time FROM mapped p JOIN own o ON o.id = p.source
)
"""
_ONCE = """
, found AS (
  SELECT id, max(CASE WHEN time <= :at THEN time END) AS nth, min(CASE WHEN time > :at THEN time END) AS coming
  FROM hits GROUP BY id
)
"""
_OFTEN = """
, ranked AS (
  SELECT id, time, row_number() OVER (PARTITION BY id ORDER BY time > :at, time DESC) AS place FROM hits
), found AS (
  SELECT id, max(CASE WHEN time <= :at AND place = :times THEN time END) AS nth,
         min(CASE WHEN time > :at THEN time END) AS coming
  FROM ranked GROUP BY id
)
"""
_ANSWER = """
SELECT id, nth IS NOT NULL, nullif(min(coalesce(nth + :length, :never), coalesce(coming, :never)), :never)
FROM found WHERE nth IS NOT NULL OR coming IS NOT NULL ORDER BY id
"""
_NEVER = 2**62
_BEGINNING = -(2**62)
_NOBODY: Mapping[int, Sequence[int]] = {}


def fill_wanted(
    database: Database, cohort: Cohort, count: PlainCount, at: Instant, sources: Mapping[int, Sequence[int]] = _NOBODY
) -> None:
    """Work out who is in at `at` and when that may change, into the temporary table `wanted`.

    `sources`: for each user whose events include those of others, these others.
    """
    hits = _HITS.format(name="own") + _SHARED if sources else _HITS.format(name="hits")
    pairs = [(source, target) for target, each in sources.items() for source in each]
    with database.transaction() as connection:
        connection.execute(_WANTED)
        connection.execute("DELETE FROM temp.wanted")
        connection.execute(
            f"INSERT INTO temp.wanted WITH {hits}{_ONCE if count.times == 1 else _OFTEN}{_ANSWER}",
            {
                "mapped": orjson.dumps(pairs).decode(),
                "project": cohort.project,
                "kind": int(Kind.EVENT),
                "event": count.event,
                "after": _BEGINNING if count.length_ms is None else at - count.length_ms,
                "at": at,
                "times": count.times,
                "length": count.length_ms,
                "never": _NEVER,
            },
        )


def entering(database: Database, cohort: Cohort, size: int) -> Iterator[list[int]]:
    """People who are wanted and not in yet, ascending, a page at a time; the caller puts each page in."""
    return _pages(
        database,
        "SELECT w.amplitude_id FROM temp.wanted w WHERE w.amplitude_id > ? AND w.inside AND NOT EXISTS"
        " (SELECT 1 FROM amplitude_membership m WHERE m.project = ? AND m.cohort = ?"
        " AND m.amplitude_id = w.amplitude_id) ORDER BY w.amplitude_id LIMIT ?",
        (cohort.project, cohort.number, size),
    )


def leaving(database: Database, cohort: Cohort, size: int) -> Iterator[list[int]]:
    """People who are in and not wanted any more, ascending, a page at a time; the caller takes each page out."""
    return _pages(
        database,
        "SELECT m.amplitude_id FROM amplitude_membership m WHERE m.amplitude_id > ? AND m.project = ?"
        " AND m.cohort = ? AND NOT EXISTS"
        " (SELECT 1 FROM temp.wanted w WHERE w.amplitude_id = m.amplitude_id AND w.inside)"
        " ORDER BY m.amplitude_id LIMIT ?",
        (cohort.project, cohort.number, size),
    )


def wanted_pages(database: Database, size: int) -> Iterator[list[int]]:
    """Everybody wanted, ascending, a page at a time."""
    query = "SELECT amplitude_id FROM temp.wanted WHERE amplitude_id > ? AND inside ORDER BY amplitude_id LIMIT ?"
    return _pages(database, query, (size,))


def everybody(database: Database, project: Project, size: int) -> Iterator[list[int]]:
    """Everybody of a project who was not merged into somebody else, ascending, a page at a time."""
    start, end = project.id_range
    return _pages(
        database,
        "SELECT amplitude_id FROM amplitude_user WHERE amplitude_id > ? AND amplitude_id >= ? AND amplitude_id < ?"
        " AND merged_into IS NULL ORDER BY amplitude_id LIMIT ?",
        (start, end, size),
    )


def _pages(database: Database, query: str, parameters: tuple[object, ...]) -> Iterator[list[int]]:
    after = 0
    while rows := database.rows(query, (after, *parameters)):
        yield [row[0] for row in rows]
        after = rows[-1][0]


def enter_first(database: Database, cohort: Cohort, at: Instant) -> None:
    """Put everybody wanted into a cohort that has nobody yet."""
    database.execute(
        "INSERT INTO amplitude_membership (project, cohort, amplitude_id, since)"
        " SELECT ?, ?, amplitude_id, ? FROM temp.wanted WHERE inside ORDER BY amplitude_id",
        (cohort.project, cohort.number, at),
    )


def take_dues(database: Database, cohort: Cohort) -> None:
    """Replace the cohort's due list by the one just worked out."""
    with database.transaction() as connection:
        connection.execute(
            "DELETE FROM amplitude_membership_due WHERE project = ? AND cohort = ?", (cohort.project, cohort.number)
        )
        connection.execute(
            "INSERT INTO amplitude_membership_due (project, cohort, amplitude_id, due_at)"
            " SELECT ?, ?, amplitude_id, due_at FROM temp.wanted WHERE due_at IS NOT NULL ORDER BY amplitude_id",
            (cohort.project, cohort.number),
        )
