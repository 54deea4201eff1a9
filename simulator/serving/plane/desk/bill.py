"""Braze's data points by what caused them: the sync, its run and cadence, a stream, or nobody here; and by day.

Braze's ledger of points knows requests, the engine knows which request belonged to which run; the ids join the two
(DP-1, DP-2). Requests that the engine did not send, and what the SDK logs, have `other` as their source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.rules.instants import format_instant
from simulator.serving.stage import Stage
from simulator.sync.runs import run_id
from simulator.sync.store.records import Sync
from simulator.world import World

PARTS = ("source", "sync", "run", "cadence", "day")
"""What points can be divided by, in the order in which a row tells them."""

ALWAYS_WITH = {"sync": ("source", "kind", "cohort", "cadence")}
"""What is told beside a part because it follows from it."""


class Charge(NamedTuple):
    """The points of one request on one day, and whose request it was; what does not apply is None."""

    source: str
    sync: str | None
    kind: str | None
    cohort: str | None
    cadence: str | None
    run: str | None
    day: str
    request: str
    points: int


def handlers(stage: Stage) -> dict[str, Handler]:
    """By operationId."""
    return {"billDataPoints": lambda call: _bill(stage, call)}


def charges(world: World, workspace: str) -> Iterator[Charge]:
    """Every charge of a workspace, in the order of days."""
    syncs = {sync.number: sync for sync in world.engine.store.syncs()}
    runs, channels = world.engine.store.runs_by_request(), world.streams.outbox.channels_by_request()
    for request, day, points in world.braze.store.points.by_request_and_day(workspace):
        on = format_instant(day)[:10]
        if request in runs:
            yield _of_sync(syncs[runs[request][0]], runs[request][1], on, request, points)
        elif request in channels:
            yield Charge("stream", channels[request], None, None, None, None, on, request, points)
        else:
            yield Charge("other", None, None, None, None, None, on, request, points)


def _of_sync(sync: Sync, run: int, day: str, request: str, points: int) -> Charge:
    return Charge(
        "sync", sync.id, str(sync.kind), sync.cohort or None, str(sync.cadence), run_id(sync, run), day, request, points
    )


def _bill(stage: Stage, call: Call) -> Reply:
    world, workspace = stage.world, call.argument("workspace", "main") or "main"
    if workspace not in world.braze.keys.workspaces():
        raise refuse(404, f"there is no workspace {workspace!r}")
    parts = call.query.get("by", ["sync"])
    found = [each for each in charges(world, workspace) if call.argument("sync") in (None, each.sync)]
    return Reply(200, {"total": sum(each.points for each in found), "charges": _rows(found, parts)})


def _rows(found: Sequence[Charge], parts: Sequence[str]) -> list[dict[str, object]]:
    """One row for each combination that occurs, with its points and the number of its requests."""
    told = dict.fromkeys(name for part in PARTS if part in parts for name in (*ALWAYS_WITH.get(part, ()), part))
    points: dict[tuple[object, ...], int] = {}
    requests: dict[tuple[object, ...], set[str]] = {}
    for charge in found:
        key = tuple(getattr(charge, name) for name in told)
        points[key] = points.get(key, 0) + charge.points
        requests.setdefault(key, set()).update({charge.request} - {""})
    return [
        {**dict(zip(told, key, strict=True)), "points": count, "requests": len(requests[key])}
        for key, count in points.items()
    ]
