"""Letting time run."""

from __future__ import annotations

from simulator.rules.instants import Instant, format_duration, format_instant
from simulator.scenario.acting.stage import Stage, StepRefused
from simulator.scenario.language.quantities import Moment
from simulator.scenario.model.steps.flow import IDLE, Advance


def advance(stage: Stage, step: Advance) -> None:
    """Run everything that falls due on the way, in order (INV-6)."""
    agenda = stage.world.agenda
    if step.by_ms is not None:
        agenda.advance_to(Instant(stage.now + step.by_ms))
    elif isinstance(step.until, Moment):
        advance_to(stage, step.until)
    elif step.until == IDLE:
        if not agenda.advance_until_idle(Instant(stage.now + step.at_most_ms)):
            busy = ", ".join(agenda.unfinished_works())
            raise StepRefused(f"something is still unfinished after {format_duration(step.at_most_ms)}: {busy}")
    else:
        limit = Instant(stage.now + step.at_most_ms)
        due = agenda.next_due()
        agenda.advance_to_next(limit)
        if due is None or due > limit:
            raise StepRefused(f"nothing is due within {format_duration(step.at_most_ms)}")


def advance_to(stage: Stage, moment: Moment) -> None:
    """Let time run until a moment."""
    instant = moment.seen_from(stage.now)
    if instant < stage.now:
        raise StepRefused(f"{format_instant(instant)} is over; it is {format_instant(stage.now)} (INV-6)")
    stage.world.agenda.advance_to(instant)
