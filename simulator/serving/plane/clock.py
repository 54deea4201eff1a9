"""Control of the one clock: where it stands, moving it, the pace at which it moves by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from simulator.clock import TimeWentBack
from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.rules.instants import DAY_MS, Instant, format_instant, parse_duration, parse_instant
from simulator.serving.stage import Stage

CALENDAR_END = parse_instant("2200-01-01T00:00:00Z")
"""Nobody simulates that far, and not every text that says an instant could say much later ones."""

IDLE_AT_MOST_MS = 30 * DAY_MS
HAPPENED_AT_MOST = 1_000


def handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `clock`."""
    return {
        "getClock": lambda call: _clock(stage),
        "advanceClock": lambda call: _advance(stage, call),
        "advanceClockUntil": lambda call: _until(stage, call),
        "freezeClock": lambda call: _pace(stage, "frozen"),
        "setPace": lambda call: _pace(stage, str(call.json()["pace"])),
    }


def _clock(stage: Stage) -> Reply:
    due = stage.world.agenda.next_due()
    told = {
        "now": format_instant(stage.world.clock.now),
        "pace": stage.pacer.pace,
        "next_due": None if due is None else format_instant(due),
    }
    if stage.pacer.failure:
        told["failure"] = stage.pacer.failure
    return Reply(200, told)


def _pace(stage: Stage, pace: str) -> Reply:
    stage.pacer.set_pace(pace)
    return _clock(stage)


def _advance(stage: Stage, call: Call) -> Reply:
    with _moving(stage) as told:
        target = Instant(stage.world.clock.now + parse_duration(call.json()["by"]))
        stage.world.agenda.advance_to(_within_calendar(target))
    return Reply(200, told())


def _until(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    agenda = stage.world.agenda
    with _moving(stage) as told:
        if "instant" in wanted:
            agenda.advance_to(_within_calendar(_instant(wanted["instant"])))
        else:
            at_most_ms = parse_duration(wanted["at_most"]) if "at_most" in wanted else IDLE_AT_MOST_MS
            at_most = _within_calendar(Instant(stage.world.clock.now + at_most_ms))
            if wanted["condition"] == "next":
                agenda.advance_to_next(at_most)
            else:
                agenda.advance_until_idle(at_most)
    return Reply(200, told())


def _instant(text: str) -> Instant:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise refuse(400, f"instant: {error}") from error


def _within_calendar(target: Instant) -> Instant:
    if target > CALENDAR_END:
        raise refuse(409, f"the simulated calendar ends at {format_instant(CALENDAR_END)}")
    return target


@contextmanager
def _moving(stage: Stage) -> Iterator[Callable[[], Mapping[str, object]]]:
    """Hold the clock while it moves; afterwards the yielded function tells what happened."""
    ledger = stage.world.ledger
    told: dict[str, object] = {}
    with stage.turn:
        started, page = stage.world.clock.now, ledger.last_page()
        try:
            yield lambda: told
        except TimeWentBack as error:
            raise refuse(409, str(error)) from error
        happened: list[dict[str, object]] = []
        for each in ledger.pages(after=page):
            happened.append(
                {
                    "page": each.page,
                    "at": format_instant(each.at),
                    "room": each.room,
                    "event": each.event,
                    "cohort": each.cohort,
                    "sync": each.sync,
                    "run": each.run,
                    "people": len(each.entries),
                }
            )
            if len(happened) == HAPPENED_AT_MOST:
                break
        told.update(
            started=format_instant(started),
            now=format_instant(stage.world.clock.now),
            idle=not stage.world.agenda.unfinished(),
            pages=ledger.last_page() - page,
            happened=happened,
        )
