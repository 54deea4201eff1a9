"""Expectations about people: who is in, who was added, removed, skipped, dropped, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from simulator.fakes.braze.audience.segments import Segments
from simulator.rules.outcomes import Outcome
from simulator.scenario.acting.stage import PARTNER, WORKSPACE
from simulator.scenario.events import Difference
from simulator.scenario.judging.evidence import Evidence, listed, sentence
from simulator.scenario.judging.fates import REMOVE, Fate, arrivals
from simulator.scenario.language.quantities import Amount
from simulator.scenario.model import expectations as model
from simulator.scenario.model.expectations import Expectation, Who

NAMED_AT_MOST = 12
"""So many people are named beside their number."""


def _profiles(evidence: Evidence, rows: Iterable[int]) -> list[str]:
    """The people whom profiles belong to; a profile of nobody is named by itself."""
    stage = evidence.stage
    return [stage.profile_name(profile.braze_id) for profile in stage.world.braze.store.profiles.by_rows(rows)]


def members(evidence: Evidence, expected: model.Members) -> Iterator[Difference]:
    """SEG-1 seen from the cohort: Braze's members now."""
    stage = evidence.stage
    for cohort, who in expected.value.items():
        rows = stage.world.braze.store.membership.members(WORKSPACE, PARTNER, stage.cohort_ids[cohort])
        found = _profiles(evidence, rows)
        yield from _compare(evidence, expected, f"members of {cohort} in Braze", who, found, cohort)


def wanted(evidence: Evidence, expected: model.Wanted) -> Iterator[Difference]:
    """COHORT-1, COHORT-2. Amplitude's members now."""
    stage = evidence.stage
    for cohort, who in expected.value.items():
        found = [stage.person_name(amplitude_id) for amplitude_id in stage.wanted(cohort)]
        yield from _compare(evidence, expected, f"people in {cohort} in Amplitude", who, found, cohort)


def segments(evidence: Evidence, expected: model.Segments) -> Iterator[Difference]:
    """SEG-1."""
    stage = evidence.stage
    all_segments = Segments(stage.world.braze.room)
    for name, who in expected.value.items():
        if name not in stage.segment_ids:
            yield evidence.difference(
                expected, f"segment {name}", "a segment", "none yet", "no step has made it so far"
            )
            continue
        rows = all_segments.members(all_segments.get(stage.segment_ids[name]))
        yield from _compare(evidence, expected, f"people in segment {name}", who, _profiles(evidence, rows), name)


def sent(evidence: Evidence, expected: model.Sent) -> Iterator[Difference]:
    """SEG-2."""
    stage = evidence.stage
    for name, who in expected.value.items():
        if name not in stage.campaign_ids:
            yield evidence.difference(
                expected, f"campaign {name}", "a campaign", "none yet", "no step has sent it so far"
            )
            continue
        events = stage.world.braze.audience.events.of_campaign(stage.campaign_ids[name])
        reached = dict.fromkeys(event.braze_id for event in events)
        found = [stage.profile_name(braze_id) for braze_id in reached]
        yield from _compare(evidence, expected, f"people who were sent {name}", who, found, name)


def added(evidence: Evidence, expected: model.Added) -> Iterator[Difference]:
    """Was no member before."""
    return _fared(evidence, expected, "added", Outcome.ADDED)


def already_there(evidence: Evidence, expected: model.AlreadyThere) -> Iterator[Difference]:
    """SYNC-6. Was a member before."""
    return _fared(evidence, expected, "already there", Outcome.ALREADY_THERE)


def removed(evidence: Evidence, expected: model.Removed) -> Iterator[Difference]:
    """Was a member before."""
    return _fared(evidence, expected, "removed", Outcome.REMOVED)


def already_gone(evidence: Evidence, expected: model.AlreadyGone) -> Iterator[Difference]:
    """SYNC-6. Was no member before."""
    return _fared(evidence, expected, "already gone", Outcome.ALREADY_GONE)


def _fared(evidence: Evidence, expected: Expectation, what: str, outcome: Outcome) -> Iterator[Difference]:
    yield from _compare(evidence, expected, what, expected.value, evidence.by_name(outcome))


def undelivered(evidence: Evidence, expected: model.Undelivered) -> Iterator[Difference]:
    """SYNC-5. Whose last word is that it was not delivered; what arrived at a webhook or as attributes counts too."""
    last = {(fate.sync, fate.person): fate for fate in evidence.fates()}
    lost = [fate for fate in last.values() if fate.outcome is Outcome.UNDELIVERED]
    arrived = arrivals(evidence.stage.world.ledger, lost)
    found = {evidence.name(fate): fate for fate in lost if arrived.get((fate.sync, fate.person), 0) < fate.page}
    yield from _compare(evidence, expected, "undelivered", expected.value, found)


def skipped(evidence: Evidence, expected: model.Skipped) -> Iterator[Difference]:
    """MAP-3."""
    return _lost(evidence, expected, "skipped", evidence.by_name(Outcome.SKIPPED))


def dropped(evidence: Evidence, expected: model.Dropped) -> Iterator[Difference]:
    """MATCH-5."""
    return _lost(evidence, expected, "dropped", evidence.by_name(Outcome.DROPPED))


def not_removed(evidence: Evidence, expected: model.NotRemoved) -> Iterator[Difference]:
    """MATCH-4, SYNC-8. The removals among the drops."""
    return _lost(evidence, expected, "not removed", evidence.by_name(Outcome.DROPPED, REMOVE))


def _lost(
    evidence: Evidence, expected: Expectation, what: str, found: Mapping[str, list[Fate]]
) -> Iterator[Difference]:
    value = expected.value
    if not isinstance(value, Mapping):
        yield from _compare(evidence, expected, what, value, found)
        return
    yield from _compare(evidence, expected, what, tuple(value), found)
    for name, cause in value.items():
        own = found.get(name, [])
        if own and not any(cause in (fate.reason, *fate.rules) for fate in own):
            last = own[-1]
            yield Difference(
                evidence.spot(expected, name),
                f"{name} was {what} for another reason",
                cause,
                f"{last.reason} ({', '.join(last.rules)})",
                sentence(last, name, evidence.stage),
            )


def _compare(
    evidence: Evidence, expected: Expectation, what: str, who: Who, found: Collection[str], key: str = ""
) -> Iterator[Difference]:
    """Names exactly, or how many. Lists are about the people of the file; an amount counts everybody."""
    if isinstance(who, Amount):
        if len(found) not in who:
            named = f" ({listed(found)})" if 0 < len(found) <= NAMED_AT_MOST else ""
            got = f"{len(found):,}{named}"
            yield Difference(evidence.spot(expected, key), what, who.text, got, _sample(evidence, found))
        return
    here = {name for name in found if name in who or not evidence.stage.is_generated(name)}
    where = evidence.spot(expected, key)
    for name in sorted(set(who) - here):
        spot = expected.spots.get(f"{key}.{name}") or expected.spots.get(name) or where
        yield Difference(spot, f"{what}: {name} is missing", listed(who), listed(here), evidence.why(name))
    for name in sorted(here - set(who)):
        yield Difference(where, f"{what}: {name} too", listed(who), listed(here), _why(evidence, found, name))


def _why(evidence: Evidence, found: Collection[str], name: str) -> str:
    """What put somebody among those who were found, where that is known; otherwise what happened to them last."""
    told = found.get(name) if isinstance(found, Mapping) else None
    last = told[-1] if isinstance(told, list) else told
    return sentence(last, name, evidence.stage) if isinstance(last, Fate) else evidence.why(name)


def _sample(evidence: Evidence, found: Collection[str]) -> str:
    names = sorted(found)
    return evidence.why(names[0]) if len(names) == 1 else ""
