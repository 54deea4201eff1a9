"""What an expectation may look at: fates narrowed by its block, names, and sentences that say why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.feeds import UnknownCohort
from simulator.ledger import Ledger
from simulator.rules.outcomes import SENTENCES, Outcome
from simulator.scenario.acting.stage import Stage
from simulator.scenario.events import Difference
from simulator.scenario.judging.fates import Fate, fates
from simulator.scenario.language.source import Where
from simulator.scenario.model.expect import Expect, Since
from simulator.scenario.model.expectations import Expectation


@dataclass(slots=True)
class Evidence:
    """One block of expectations with the world it is compared with."""

    stage: Stage
    expect: Expect
    _fates: list[Fate] | None = None
    _by_outcome: dict[Outcome, dict[str, list[Fate]]] = field(default_factory=dict)
    _connections: dict[str, str] = field(default_factory=dict)

    @property
    def recent(self) -> bool:
        """Whether only what happened since the last `expect` counts."""
        return self.expect.since is Since.LAST_EXPECT

    @property
    def ledger(self) -> Ledger:
        """The ledger of the world."""
        return self.stage.world.ledger

    def fates(self) -> list[Fate]:
        """How people fared, narrowed by `since` and `only`, in order."""
        if self._fates is None:
            after = self.stage.marks.last_page if self.recent else 0
            self._fates = [fate for fate in all_fates(self.stage) if fate.page > after and self._wanted(fate)]
        return self._fates

    def _wanted(self, fate: Fate) -> bool:
        only, stage = self.expect.only, self.stage
        if only is None:
            return True
        if only.cohort is not None and fate.cohort != stage.cohort_ids[only.cohort]:
            return False
        if only.sync is not None and fate.sync != stage.sync_ids.get(only.sync):
            return False
        return only.connection is None or self.is_over(fate.sync, only.connection)

    def is_over(self, sync_id: str, connection: str) -> bool:
        """Whether a sync goes over a connection of the file."""
        if not self._connections:
            # Also those of deleted syncs: what they did still counts.
            self._connections = {sync.id: sync.connection for sync in self.stage.world.engine.syncs()}
        return self._connections[sync_id] == self.stage.connection_id(connection)

    def name(self, fate: Fate) -> str:
        """The person of a fate."""
        return self.stage.person_name(fate.person)

    def by_name(self, outcome: Outcome, direction: str = "") -> dict[str, list[Fate]]:
        """The fates with an outcome (in a direction) of each person, in order."""
        if not self._by_outcome:
            for fate in self.fates():
                own = self._by_outcome.setdefault(fate.outcome, {})
                own.setdefault(self.name(fate), []).append(fate)
        found = self._by_outcome.get(outcome, {})
        if not direction:
            return found
        narrowed = {name: [fate for fate in own if fate.direction == direction] for name, own in found.items()}
        return {name: own for name, own in narrowed.items() if own}

    def why(self, name: str) -> str:
        """What happened last to a person, in a sentence; why nothing did, when nothing was sent."""
        own = [fate for fate in self.fates() if self.name(fate) == name]
        if own:
            return sentence(own[-1], name, self.stage)
        if name in self.stage.scenario.people and not self.stage.cast[name].amplitude_ids:
            return f"Amplitude does not know {name}, so no cohort has them"
        return f"nothing was sent for {name}; {self._cohorts_of(name)}"

    def _cohorts_of(self, name: str) -> str:
        stage = self.stage
        ids = set(stage.cast[name].amplitude_ids) if name in stage.cast else set()
        inside = [cohort for cohort in stage.cohort_ids if self._computed(cohort) and ids & set(stage.wanted(cohort))]
        return f"in Amplitude they are in {', '.join(inside) if inside else 'none of the cohorts'}"

    def _computed(self, cohort: str) -> bool:
        """Asking for the members of a cohort that nobody has computed would compute it, and looking changes nothing."""
        stage = self.stage
        try:
            described = stage.world.amplitude.cohorts.describe(
                stage.cohort_ids[cohort], project=stage.project_of(cohort)
            )
        except UnknownCohort:
            return False
        return described.computed_at is not None

    def difference(self, expectation: Expectation, what: str, expected: str, got: str, why: str = "") -> Difference:
        """A difference at the place of a whole expectation."""
        return Difference(expectation.where, what, expected, got, why)

    def spot(self, expectation: Expectation, *keys: str) -> Where:
        """The place of the most precise key that the file has."""
        for key in keys:
            if key in expectation.spots:
                return expectation.spots[key]
        return expectation.where


def all_fates(stage: Stage) -> list[Fate]:
    """How everybody fared since the first step; read once for a state of the ledger."""
    page = stage.world.ledger.last_page()
    if stage.fates_until != page:
        stage.fates, stage.fates_until = fates(stage.world.ledger, stage.marks.page), page
    return stage.fates


def sentence(fate: Fate, name: str, stage: Stage) -> str:
    """What became of one change, in a sentence with its rule."""
    told = SENTENCES.get(fate.reason) or SENTENCES.get(fate.outcome, "")
    rule = f" ({fate.rules[0]})" if fate.rules else ""
    detail = fate.note.partition(": ")[2]
    if fate.outcome is Outcome.SKIPPED:
        return f"{name} was skipped in run {fate.run}: {told}{_more(detail)}{rule}"
    verb = "removal" if fate.direction == "remove" else "addition"
    return f"{name} was sent by {fate.identifier} for {verb} in run {fate.run}: {told}{_more(detail)}{rule}"


def _more(detail: str) -> str:
    return f"; {detail}" if detail else ""


def listed(names: Iterable[str]) -> str:
    """Names in a fixed order, or `nobody`."""
    ordered = sorted(names)
    shown = ", ".join(ordered[:20]) + (f" and {len(ordered) - 20:,} more" if len(ordered) > 20 else "")
    return shown or "nobody"
