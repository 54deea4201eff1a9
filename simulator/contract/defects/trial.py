"""Puts one defect in and says which check caught it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from simulator import openapi
from simulator.audit.findings import Verdict
from simulator.audit.invariants import check
from simulator.contract.agreement import departures
from simulator.contract.asking.bench import Bench, Target
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.generated.campaign import Campaign
from simulator.contract.asking.journeys.all import JOURNEYS
from simulator.contract.asking.journeys.runner import Journeys
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.bending import Bending, Open
from simulator.contract.asking.provoked.nowhere import Nowhere
from simulator.contract.asking.provoked.probes import Probes
from simulator.contract.asking.provoked.rates import Rates
from simulator.contract.defects.catalogue import Defect, Place
from simulator.contract.defects.spoiling import SpoiledTransport, Wrong, rewritten, spoiled
from simulator.contract.diff import Severity, compare
from simulator.contract.examples import wrong_examples
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.world import World, WorldSettings

SEED = 1
PEOPLE = 3


def trial(defect: Defect) -> str:
    """What caught the defect, in words; empty when nothing did."""
    kinds = {Place.ANSWER: _answers, Place.SERVICE: _service, Place.CONTRACT: _contract, Place.ENGINE: _engine}
    return next(kinds[defect.place](defect), "")


def _answers(defect: Defect) -> Iterator[str]:
    spoil = cast(Any, defect.spoil)
    return _wrong(defect, lambda application, contract, operation: spoiled(application, contract, operation, spoil))


def _service(defect: Defect) -> Iterator[str]:
    return _wrong(defect, cast(Any, defect.spoil))


def _wrong(defect: Defect, wrong: Wrong) -> Iterator[str]:
    service, _, operation = defect.where.partition(" ")
    contract = openapi.load(service)

    def target(whole: Target) -> Target:
        application = whole.application
        assert application is not None
        return replace(whole, application=wrong(application, contract, operation))

    return _asked(service, operation, target)


def _contract(defect: Defect) -> Iterator[str]:
    service, _, operation = defect.where.partition(" ")
    shipped = openapi.load(service)
    wrong = rewritten(shipped, cast(Any, defect.spoil))
    for failure in wrong_examples(wrong, frozenset({operation}), SEED):
        yield f"examples of the contract: {failure.check}"
    yield from _asked(service, operation, lambda whole: replace(whole, contract=wrong))
    for each in departures(wrong):
        yield f"agreement: {each.place}"
    for finding in compare(shipped, wrong):
        if finding.severity is Severity.BREAKING:
            yield f"diff: {finding.rule}"


def _asked(service: str, operation: str, spoil: Any) -> Iterator[str]:
    only = frozenset({operation})

    def open_bench() -> Bench:
        bench = Bench.in_process(SEED)
        if kind != "journeys":
            furnish(bench, service)
        bench.targets[service] = spoil(bench.targets[service])
        return bench

    for kind in ("journeys", "probes", "nowhere", "rates", "bending", "examples", "coverage"):
        for failure in _failures(kind, open_bench, service, only):
            if failure.operation == operation:
                yield f"{kind}: {failure.check}"


def _failures(kind: str, open_bench: Open, service: str, only: frozenset[str]) -> list[Failure]:
    meter = Meter()
    if kind == "bending":
        return Bending(open_bench, service, meter, SEED).run(only)
    with open_bench() as bench:
        if kind == "journeys":
            return Journeys(bench, service, meter, SEED).run(JOURNEYS, only)
        if kind == "probes":
            return Probes(bench, service, meter, SEED).run(only)
        if kind == "nowhere":
            return Nowhere(bench, service, meter, SEED).run(only)
        if kind == "rates":
            return Rates(bench, service, meter, SEED).run(only)
        campaign = Campaign(SEED, (kind,), 1, only, meter)
        campaign.run(bench, service)
        return campaign.failures


def _engine(defect: Defect) -> Iterator[str]:
    """A sync of a few people with the defect between the engine and Braze: the wire, then the invariants."""
    operation = defect.where.partition(" ")[2]
    with World(WorldSettings(seed=SEED)) as world:
        names = [f"person-{number}" for number in range(PEOPLE)]
        ids = world.amplitude.seed_users("main", [UserSeed(name, f"device-of-{name}", {}, ()) for name in names])
        world.braze.seed_profiles(ProfileSeed(external_id=name) for name in names)
        cohort = world.amplitude.cohorts.create_static("few", ids)
        world.endpoints.add(
            world.braze_endpoint,
            SpoiledTransport(world.endpoints.to(world.braze_endpoint), operation, cast(Any, defect.spoil)),
        )
        keys = world.braze.keys
        connection = world.engine.create_connection(
            "braze", rest_endpoint=world.braze_endpoint, partner_api_key=keys.partner_api_key,
            data_import_key=keys.data_import_keys["main"], mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )  # fmt: skip
        world.engine.create_sync(cohort.cohort_id, connection.id, Cadence.ONE_TIME)
        world.agenda.advance_until_idle(Instant(world.clock.now + DAY_MS))
        for breach in world.wire.breaches:
            if breach.sender == "engine":
                yield f"wire watch: {breach.violations[0].keyword} at {breach.violations[0].where}"
        for finding in check(world):
            if finding.verdict is Verdict.FAILED:
                yield f"invariants: {finding.invariant}"
