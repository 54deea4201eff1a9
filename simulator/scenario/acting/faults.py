"""Letting calls go wrong, and letting steps happen in the middle of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.fakes import faults as book
from simulator.fakes.faults import ActRefused, InvalidFault
from simulator.scenario.acting.stage import REFUSALS, Stage, StepRefused
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.steps.faults import ClearFaults, Fault

Act = Callable[[Stage, Step], object]


def fault(stage: Stage, step: Fault, act: Act) -> None:
    """Put a fault in force."""
    begin = None if step.from_ is None else step.from_.seen_from(stage.now)
    end = None if step.until is None else step.until.seen_from(begin if begin is not None else stage.now)
    made = book.Fault(
        service=step.service, operation=step.operation, nth=step.nth, times=step.times, share=step.share,
        from_at=begin, until_at=end, answer=step.answer, body=step.body, headers=dict(step.headers),
        transport=step.breaks or "", applied=step.applied or step.applied_but_lost, latency_ms=step.latency_ms,
        duplicate=step.duplicate, reorder=step.held_ms is not None, held_ms=step.held_ms or book.HELD_MS,
    )  # fmt: skip
    inside = step.before or step.after
    if inside is not None:
        name = f"step at line {inside.where.line}, column {inside.where.column}"
        stage.world.faults.teach(name, lambda: _act_inside(stage, inside, act))
        made = replace(made, act=name, act_after=step.after is not None)
    try:
        stage.world.faults.add(made)
    except InvalidFault as invalid:
        raise StepRefused(str(invalid)) from invalid


def _act_inside(stage: Stage, step: Step, act: Act) -> None:
    """What cannot be done in the middle of a call fails the step that made the call, for the call itself must go on."""
    stage.inside = True
    try:
        act(stage, step)
    except REFUSALS as refused:
        stage.refused_inside.append(f"{step.where}: {refused}")
        raise ActRefused(str(refused)) from refused
    finally:
        stage.inside = False


def clear_faults(stage: Stage, step: ClearFaults) -> None:
    """Everything works again."""
    stage.world.faults.clear()
