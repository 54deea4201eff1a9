"""Runs scenarios: makes the world, acts out the steps, judges expectations, checks invariants, does it all twice."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.audit.findings import Finding
from simulator.audit.findings import Verdict as FindingVerdict
from simulator.audit.invariants import check, same_digest
from simulator.resources import text_of
from simulator.rules.outcomes import Outcome
from simulator.rules.switches import RuleSet
from simulator.scenario.acting.flow import advance_to
from simulator.scenario.acting.registry import act
from simulator.scenario.acting.stage import REFUSALS, Stage, StepRefused, set_up
from simulator.scenario.acting.wire import filled_answer
from simulator.scenario.events import (
    Breach,
    Difference,
    Drop,
    Event,
    Result,
    ScenarioFinished,
    ScenarioStarted,
    StepFinished,
    StepStarted,
    Verdict,
)
from simulator.scenario.judging.evidence import Evidence, all_fates, sentence
from simulator.scenario.judging.fates import Fate
from simulator.scenario.judging.registry import JUDGING
from simulator.scenario.judging.state import answer
from simulator.scenario.ledger_lines import ledger_file, write_ledger
from simulator.scenario.model.expect import Expect
from simulator.scenario.model.expectations import Wanted
from simulator.scenario.model.scenario import Scenario, case_text
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.steps.wire import Call
from simulator.world import DoorKind, World, WorldSettings


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How scenarios are run, whatever they say themselves."""

    seed: int | None = None
    rules: str = ""
    door: DoorKind = DoorKind.WSGI
    twice: bool = True
    ledgers: Path | None = None
    """A folder that gets the ledger of each scenario as lines of JSON."""


@dataclass(slots=True)
class _Played:
    """What one run of a scenario left."""

    differences: list[Difference]
    evaluated: int
    stage: Stage
    digest: str


def settings_of(scenario: Scenario, options: RunOptions) -> WorldSettings:
    """The world that a scenario asks for; its projects are made with its people."""
    seed = scenario.seed if options.seed is None else options.seed
    return WorldSettings(seed=seed, start=scenario.clock, rules=rules_of(scenario, options))


def rules_of(scenario: Scenario, options: RunOptions) -> RuleSet:
    """The rules in force: the option takes the place of a named set, switches of the file stay."""
    reading = replace(scenario.rules, base=options.rules) if options.rules else scenario.rules
    return reading.over("default")


def run(scenario: Scenario, options: RunOptions | None = None) -> Iterator[Event]:
    """Run one scenario; ends with ScenarioFinished."""
    how = options or RunOptions()
    yield ScenarioStarted(scenario)
    with World(settings_of(scenario, how), how.door) as world:
        stage = set_up(scenario, world)
        played = yield from _play(stage)
        findings = _checked(world)
        summary = _Summary.of(stage)
        unwritten = "" if how.ledgers is None else _unwritten(stage, how.ledgers / ledger_file(scenario))
    again: str | None = None
    if how.twice:
        with World(settings_of(scenario, how), how.door) as world:
            again = _drain(_play(set_up(scenario, world, stage.population), looking=False)).digest
    findings.append(same_digest(played.digest, again))
    breaches = tuple(
        Breach(each.invariant, line, each.verdict is FindingVerdict.UNKNOWN)
        for each in findings
        if each.verdict is not FindingVerdict.PASSED and not (each.invariant == "INV-8" and not how.twice)
        for line in each.broken or ("no reason was given",)
    )
    yield ScenarioFinished(replace(_result(scenario, how, played, breaches, summary), unwritten=unwritten))


def _unwritten(stage: Stage, path: Path) -> str:
    """Write the ledger to a file; why it could not be written. A full disk takes nothing away from the result."""
    try:
        write_ledger(stage.world.ledger, path, stage.person_name)
    except OSError as error:
        return f"{text_of(str(path))} cannot be written: {error.strerror}"
    return ""


def _checked(world: World) -> list[Finding]:
    """The invariants. A check that breaks down has decided nothing, which is not passed."""
    try:
        return check(world)
    except Exception as error:
        return [Finding("INV-1 to INV-7", FindingVerdict.UNKNOWN, (f"the check broke down: {error!r}",))]


def result_of(scenario: Scenario, options: RunOptions | None = None) -> Result:
    """Run one scenario and keep the result only."""
    for event in run(scenario, options):
        if isinstance(event, ScenarioFinished):
            return event.result
    raise AssertionError("a run ends with its result")


def played_stage(scenario: Scenario, world: World) -> Stage:
    """Act out a scenario in a world and leave everything standing, for stories."""
    return _drain(_play(set_up(scenario, world))).stage


def _drain(play: Generator[Event, None, _Played]) -> _Played:
    while True:
        try:
            next(play)
        except StopIteration as stop:
            played: _Played = stop.value
            return played


def _play(stage: Stage, *, looking: bool = True) -> Generator[Event, None, _Played]:
    """Act out the steps until one fails to be done; the value is what is left.

    Without `looking` only those expectations are evaluated that leave a trace in the ledger.
    """
    differences: list[Difference] = []
    evaluated = 0
    for index, step in enumerate(stage.scenario.timeline):
        yield StepStarted(index, step, stage.now)
        try:
            found, counted = _step(stage, step, looking)
        except REFUSALS as refused:
            found, counted = [_refused(step, refused)], 0
            if step.refused is not None:
                found, counted = _expected_refusal(step, refused), 1
        else:
            if step.refused is not None:
                found, counted = [*found, _not_refused(step)], counted + 1
        differences += found
        evaluated += counted
        yield StepFinished(index, step, tuple(found))
        if any(each.what == NOT_DONE for each in found):
            break
    return _Played(differences, evaluated, stage, stage.world.ledger.digest())


LEAVING_A_TRACE = (Wanted,)
"""Amplitude computes a cohort when somebody asks who is in, and the ledger says so (COHORT-3)."""
NOT_DONE = "this step could not be done"


def _refused(step: Step, refused: Exception) -> Difference:
    return Difference(step.where, NOT_DONE, "it is done", f"refused: {refused}", "the steps after it were not run")


def _expected_refusal(step: Step, refused: Exception) -> list[Difference]:
    words = step.refused or ""
    if words.lower() in str(refused).lower():
        return []
    return [Difference(step.where, "the refusal says something else", f"it says {words!r}", str(refused))]


def _not_refused(step: Step) -> Difference:
    return Difference(step.where, "the step is refused", f"a refusal that says {step.refused!r}", "it was done")


def _step(stage: Stage, step: Step, looking: bool) -> tuple[list[Difference], int]:
    """The differences and the number of expectations that were evaluated."""
    if step.at is not None:
        advance_to(stage, step.at)
        _tell_refused_inside(stage)
    if isinstance(step, Expect):
        return _judge(stage, step, looking)
    outcome = act(stage, step)
    _tell_refused_inside(stage)
    if isinstance(step, Call) and step.expect is not None:
        return list(answer(filled_answer(stage, step.expect, step.project), outcome)), 1
    return [], 0


def _tell_refused_inside(stage: Stage) -> None:
    if stage.refused_inside:
        raise StepRefused(f"in the middle of a call, {stage.refused_inside.pop()}")


def _judge(stage: Stage, step: Expect, looking: bool) -> tuple[list[Difference], int]:
    if step.under is not None and not step.under.holds(stage.world.rules):
        return [], 0
    evidence = Evidence(stage, step)
    found = [
        difference
        for expectation in step.expectations
        if looking or isinstance(expectation, LEAVING_A_TRACE)
        for difference in JUDGING[type(expectation)](evidence, expectation)
    ]
    stage.mark()
    return found, len(step.expectations)


# --- what is left ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Summary:
    """Figures for the table, taken while the world stands."""

    people: int
    outcomes: dict[str, int]
    runs: int
    requests: int
    drop: Drop | None

    @classmethod
    def of(cls, stage: Stage) -> _Summary:
        told = all_fates(stage)
        counted = Counter(str(fate.outcome) for fate in told)
        engine = stage.world.engine
        return cls(
            people=len(stage.scenario.people) + len(stage.population or ()),
            outcomes={str(each): counted[each] for each in Outcome if counted[each]},
            runs=sum(len(engine.runs(sync.id)) for sync in engine.syncs()),
            requests=sum(stage.requests().values()) - sum(stage.marks.requests.values()),
            drop=_instructive(stage, told),
        )


_TEACHING = ("MATCH-4", "MATCH-1", "MATCH-6", "MATCH-2", "MATCH-5")


def _instructive(stage: Stage, told: Sequence[Fate]) -> Drop | None:
    """The drop that teaches most, told of a named person if there is one."""
    dropped = [fate for fate in told if fate.outcome is Outcome.DROPPED]

    def rank(fate: Fate) -> tuple[int, bool]:
        rule = fate.rules[0] if fate.rules else ""
        return (
            _TEACHING.index(rule) if rule in _TEACHING else len(_TEACHING),
            stage.is_generated(stage.person_name(fate.person)),
        )

    if not dropped:
        return None
    chosen = min(dropped, key=rank)
    name = stage.person_name(chosen.person)
    return Drop(name, sentence(chosen, name, stage), chosen.rules[0] if chosen.rules else "")


def _result(
    scenario: Scenario, how: RunOptions, played: _Played, breaches: tuple[Breach, ...], summary: _Summary
) -> Result:
    rules = replace(scenario.rules, base=how.rules) if how.rules else scenario.rules
    seed = scenario.seed if how.seed is None else how.seed
    where = scenario.spots.get("scenario", scenario.where)
    return Result(
        title=scenario.title,
        file=scenario.file,
        line=where.line,
        case=dict(scenario.case or {}),
        covers=scenario.covers,
        tags=scenario.tags,
        seed=seed,
        rules=str(rules),
        door=str(how.door),
        verdict=_verdict(played, breaches),
        people=summary.people,
        evaluated=played.evaluated,
        differences=tuple(played.differences),
        breaches=breaches,
        outcomes=summary.outcomes,
        runs=summary.runs,
        requests=summary.requests,
        digest=played.digest,
        drop=summary.drop and replace(summary.drop, story=_story_command(summary.drop.person, scenario, how)),
        reproduce=_command(scenario, how, seed),
    )


def _verdict(played: _Played, breaches: tuple[Breach, ...]) -> Verdict:
    if played.differences or not played.evaluated or any(not each.undecided for each in breaches):
        return Verdict.FAILED
    return Verdict.UNKNOWN if breaches else Verdict.PASSED


def _command(scenario: Scenario, how: RunOptions, seed: int) -> str:
    words = ["absim", "run", scenario.file, "--seed", str(seed), "--door", str(how.door)]
    if how.rules:
        words += ["--rules", how.rules]
    if scenario.case:
        words += ["--only", case_text(scenario.case)]
    return shlex.join(words)


def _story_command(person: str, scenario: Scenario, how: RunOptions) -> str:
    words = ["absim", "why", person, "--scenario", scenario.file]
    if scenario.case_number > 1:
        words += ["--case", str(scenario.case_number)]
    if how.seed is not None:
        words += ["--seed", str(how.seed)]
    if how.rules:
        words += ["--rules", how.rules]
    return shlex.join(words)
