"""Segments as the dashboard keeps them: made, listed, counted, and asked who is in them at any instant (SEG-1).

Source: Braze, "Creating a segment", "Measure segment size", "Segmentation filters". A segment cannot be made through
the REST API. The estimated size is the one of the current quarter of an hour, since Braze caches it for 15 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from simulator.fakes.braze.audience.facts import FactsReader
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_random, derive_uuid
from simulator.rules.instants import Instant
from simulator.rules.segments import Estimate, Kind, SegmentFormError, Tree, estimated_size, judge, parse, to_form
from simulator.rules.segments.size import ESTIMATE_CACHED_MS
from simulator.rules.segments.tree import filters_of


class SegmentRefused(ValueError):
    """A segment that cannot be made as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `tracked` is the dashboard's "analytics tracking enabled"."""

    segment_id: str
    workspace: str
    name: str
    description: str
    tree: Tree
    tracked: bool
    archived: bool
    tags: tuple[str, ...]
    teams: tuple[str, ...]
    created_at: Instant
    updated_at: Instant


_COLUMNS = "segment_id, workspace, name, description, filters, tracked, archived, tags, teams, created_at, updated_at"


class Segments:
    """Makes segments and answers who is in them."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database
        self.facts = FactsReader(room)

    def create(
        self,
        workspace: str,
        name: str,
        filters: Mapping[str, object] | Tree,
        *,
        description: str = "",
        tracked: bool = True,
        tags: Sequence[str] = (),
        teams: Sequence[str] = (),
    ) -> Segment:
        """Save a segment as the dashboard does. Raises SegmentRefused for an unusable tree or a taken name."""
        at = self._room.clock.now
        tree = self._checked(workspace, filters)
        if not name.strip():
            raise SegmentRefused("a segment needs a name")
        with self._database.transaction() as sql:
            if self.by_name(workspace, name) is not None:
                raise SegmentRefused(f"there is a segment called {name!r} already")
            position = sql.execute("SELECT coalesce(max(position), 0) + 1 FROM braze_segment").fetchone()[0]
            segment_id = derive_uuid(self._room.seed, "braze", "segment", workspace, position)
            sql.execute(
                "INSERT INTO braze_segment (position, segment_id, workspace, name, description, filters, tracked, "
                "tags, teams, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    position, segment_id, workspace, name, description, _json(to_form(tree)), tracked,
                    _json(list(tags)), _json(list(teams)), at, at,
                ),
            )  # fmt: skip
        return self.get(segment_id)

    def change(
        self,
        segment_id: str,
        *,
        name: str | None = None,
        filters: Mapping[str, object] | Tree | None = None,
        description: str | None = None,
        tracked: bool | None = None,
        archived: bool | None = None,
        tags: Sequence[str] | None = None,
    ) -> Segment:
        """Edit a segment on the dashboard; what is None stays. Raises SegmentRefused, KeyError."""
        old = self.get(segment_id)
        new = replace(
            old,
            name=old.name if name is None else name,
            tree=old.tree if filters is None else self._checked(old.workspace, filters, segment_id),
            description=old.description if description is None else description,
            tracked=old.tracked if tracked is None else tracked,
            archived=old.archived if archived is None else archived,
            tags=old.tags if tags is None else tuple(tags),
        )
        holder = self.by_name(old.workspace, new.name)
        if holder is not None and holder.segment_id != segment_id:
            raise SegmentRefused(f"there is a segment called {new.name!r} already")
        self._database.execute(
            "UPDATE braze_segment SET name = ?, description = ?, filters = ?, tracked = ?, archived = ?, tags = ?, "
            "updated_at = ? WHERE segment_id = ?",
            (
                new.name, new.description, _json(to_form(new.tree)), new.tracked, new.archived, _json(list(new.tags)),
                self._room.clock.now, segment_id,
            ),
        )  # fmt: skip
        return self.get(segment_id)

    def get(self, segment_id: str) -> Segment:
        """One segment. Raises KeyError."""
        found = self._one("segment_id = ?", (segment_id,))
        if found is None:
            raise KeyError(segment_id)
        return found

    def find(self, workspace: str, segment_id: str) -> Segment | None:
        """One segment of a workspace."""
        return self._one("workspace = ? AND segment_id = ?", (workspace, segment_id))

    def by_name(self, workspace: str, name: str) -> Segment | None:
        """The segment of that name."""
        return self._one("workspace = ? AND name = ?", (workspace, name))

    def all(self, workspace: str, *, archived: bool = False) -> list[Segment]:
        """Segments in the order in which they were made; archived ones on request."""
        query = f"SELECT {_COLUMNS} FROM braze_segment WHERE workspace = ? AND archived <= ? ORDER BY position"
        return [_read(row) for row in self._database.rows(query, (workspace, archived))]

    def members(self, segment: Segment, at: Instant | None = None) -> list[int]:
        """Row numbers of everybody in the segment at an instant (now if none is given), in the order of arrival."""
        return self.members_of(segment.workspace, segment.tree, at)

    def members_of(self, workspace: str, tree: Tree, at: Instant | None = None) -> list[int]:
        """Row numbers of everybody whom the filters let in."""
        moment = self._room.clock.now if at is None else at
        with self._database.transaction():
            rows = self.facts.candidates(workspace, tree, moment)
            return self.among(workspace, tree, rows, moment)

    def among(self, workspace: str, tree: Tree, rows: Sequence[int], at: Instant) -> list[int]:
        """Those of the profiles whom the filters let in."""
        trees = self._trees(workspace, tree)
        known = {key: value for key, value in trees.items() if key}
        found = self.facts.read(workspace, rows, at, trees.values())
        return [row for row, facts in found if judge(facts, tree, at, known)]

    def exact_size(self, segment: Segment, at: Instant | None = None) -> int:
        """What "Calculate exact statistics" shows."""
        return len(self.members(segment, at))

    def size(self, segment: Segment, at: Instant | None = None) -> Estimate:
        """The size that is shown first: an estimate, made at the beginning of a quarter of an hour and kept for it."""
        now = self._room.clock.now if at is None else at
        made_at = Instant(max(now - now % ESTIMATE_CACHED_MS, min(segment.updated_at, now)))
        return self._estimate(segment, made_at)

    def estimate_at(self, segment: Segment, at: Instant) -> int:
        """The estimated size at a past instant, as the daily series shows it; 0 before the segment was made."""
        return 0 if at < segment.created_at else self._estimate(segment, at).size

    def _estimate(self, segment: Segment, at: Instant) -> Estimate:
        living = self._room.store.profiles.rows(segment.workspace, at)
        sampler = derive_random(self._room.seed, "braze", "estimate", segment.segment_id, at)
        return estimated_size(living, lambda rows: len(self.among(segment.workspace, segment.tree, rows, at)), sampler)

    def parsed(self, filters: Mapping[str, object] | Tree) -> Tree:
        """A form or a tree as a tree that makes sense. Raises SegmentRefused."""
        try:
            return parse(filters) if isinstance(filters, Mapping) else parse(to_form(filters))
        except SegmentFormError as error:
            raise SegmentRefused(str(error)) from error

    def _checked(self, workspace: str, filters: Mapping[str, object] | Tree, itself: str = "") -> Tree:
        """The tree, once it can be judged. Raises SegmentRefused."""
        tree = self.parsed(filters)
        for other in _nested(tree):
            inner = self.find(workspace, other)
            if inner is None or other == itself:
                raise SegmentRefused(f"segment_membership names {other!r}, which is no other segment of this workspace")
            if _nested(inner.tree):
                raise SegmentRefused(f"{inner.name!r} looks at a segment itself, and such a segment cannot be nested")
        if itself and _nested(tree) and self._is_nested(workspace, itself):
            raise SegmentRefused("another segment looks at this one, so this one cannot look at a segment")
        return tree

    def _is_nested(self, workspace: str, segment_id: str) -> bool:
        return any(segment_id in _nested(each.tree) for each in self.all(workspace, archived=True))

    def _trees(self, workspace: str, tree: Tree) -> dict[str, Tree]:
        """The tree itself (under the empty id) and every segment it looks at."""
        found: dict[str, Tree] = {"": tree}
        for segment_id in _nested(tree):
            inner = self.find(workspace, segment_id)
            if inner is not None:
                found[segment_id] = inner.tree
        return found

    def _one(self, condition: str, parameters: Sequence[object]) -> Segment | None:
        found = self._database.row(f"SELECT {_COLUMNS} FROM braze_segment WHERE {condition}", parameters)
        return None if found is None else _read(found)


def _nested(tree: Tree) -> list[str]:
    """Ids of the segments that a tree looks at."""
    return [str(asked.value) for asked in filters_of(tree) if asked.kind is Kind.SEGMENT_MEMBERSHIP]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _read(row: tuple[Any, ...]) -> Segment:
    segment_id, workspace, name, description, filters, tracked, archived, tags, teams, created_at, updated_at = row
    return Segment(
        segment_id, workspace, name, description, parse(orjson.loads(filters)), bool(tracked), bool(archived),
        tuple(orjson.loads(tags)), tuple(orjson.loads(teams)), Instant(created_at), Instant(updated_at),
    )  # fmt: skip
