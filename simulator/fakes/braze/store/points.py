"""The data point ledger: how many points who logged, why, and by which rule (DP-1, DP-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from simulator.database import Database
from simulator.rules.instants import DAY_MS, Instant


class PointLine(NamedTuple):
    """One line: `each` points for every one of `profiles` (row numbers), `total` in all."""

    at: Instant
    cause: str
    rule: str
    each: int
    total: int
    partner: str
    cohort_id: str
    request: str
    profiles: tuple[int, ...]


class DataPoints:
    """Lines are written with the write they bill, in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(
        self,
        workspace: str,
        at: Instant,
        cause: str,
        rule: str,
        rows: Sequence[int],
        *,
        each: int = 1,
        partner: str = "",
        cohort_id: str = "",
        request: str = "",
    ) -> int:
        """Bill `each` points to every profile in `rows` (a profile may stand there twice); the total."""
        total = each * len(rows)
        if total:
            self._database.execute(
                "INSERT INTO braze_data_point (workspace, at, cause, rule, each, total, partner, cohort_id, request, "
                "profiles) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (workspace, at, cause, rule, each, total, partner, cohort_id, request, orjson.dumps(rows).decode()),
            )
        return total

    def log_counts(
        self, workspace: str, at: Instant, cause: str, rule: str, counts: Mapping[int, int], *, request: str = ""
    ) -> int:
        """Bill each profile its own number of points; one line per number."""
        by_number: dict[int, list[int]] = {}
        for row, number in counts.items():
            by_number.setdefault(number, []).append(row)
        return sum(
            self.log(workspace, at, cause, rule, rows, each=number, request=request)
            for number, rows in by_number.items()
        )

    def total(
        self, workspace: str, *, cause: str | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> int:
        """Points from `since` up to and not including `until`."""
        return int(
            self._database.value(
                "SELECT coalesce(sum(total), 0) FROM braze_data_point WHERE workspace = ? "
                "AND cause = coalesce(?, cause) AND at >= coalesce(?, at) AND at < coalesce(?, at + 1)",
                (workspace, cause, since, until),
            )
        )

    def of_profile(self, row: int) -> int:
        """All points of one profile; reads every line."""
        return int(
            self._database.value(
                "SELECT coalesce(sum(each), 0) FROM braze_data_point, json_each(profiles) WHERE value = ?", (row,)
            )
        )

    def by(self, workspace: str, column: str, row: int | None = None) -> dict[str, int]:
        """Points (of one profile) by `cause`, `rule`, `partner`, `cohort_id` or `request`. Raises KeyError for another
        word."""
        name = {word: word for word in ("cause", "rule", "partner", "cohort_id", "request")}[column]
        return dict(self._grouped(name, workspace, row))

    def by_day(self, workspace: str, row: int | None = None) -> dict[Instant, int]:
        """Points (of one profile) by UTC day; the key is the day's first instant."""
        return {Instant(day): total for day, total in self._grouped(f"at / {DAY_MS} * {DAY_MS}", workspace, row)}

    def by_profile(self, workspace: str) -> dict[int, int]:
        """Points by profile row, in the order of arrival; reads every line."""
        return dict(
            self._database.rows(
                "SELECT value, sum(each) FROM braze_data_point, json_each(profiles) WHERE workspace = ? "
                "GROUP BY 1 ORDER BY 1",
                (workspace,),
            )
        )

    def _grouped(self, by: str, workspace: str, row: int | None) -> list[tuple[Any, int]]:
        if row is None:
            query = f"SELECT {by}, sum(total) FROM braze_data_point WHERE workspace = ? GROUP BY 1 ORDER BY 1"
            return self._database.rows(query, (workspace,))
        query = (
            f"SELECT {by}, sum(each) FROM braze_data_point, json_each(profiles) WHERE workspace = ? AND value = ? "
            "GROUP BY 1 ORDER BY 1"
        )
        return self._database.rows(query, (workspace, row))

    def by_request_and_day(self, workspace: str) -> list[tuple[str, Instant, int]]:
        """(request, first instant of the UTC day, points), in the order of days; what the phone logs has no request."""
        found = self._database.rows(
            f"SELECT request, at / {DAY_MS} * {DAY_MS}, sum(total) FROM braze_data_point WHERE workspace = ? "
            "GROUP BY 2, 1 ORDER BY 2, min(line)",
            (workspace,),
        )
        return [(request, Instant(day), total) for request, day, total in found]

    def lines(self, workspace: str, *, request: str | None = None) -> list[PointLine]:
        """The lines as they were written."""
        found = self._database.rows(
            "SELECT at, cause, rule, each, total, partner, cohort_id, request, profiles FROM braze_data_point "
            "WHERE workspace = ? AND request = coalesce(?, request) ORDER BY line",
            (workspace, request),
        )
        return [PointLine._make((*row[:-1], tuple(orjson.loads(row[-1])))) for row in found]
