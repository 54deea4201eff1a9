"""`absim contract` as a function: everything is asked of each service, every failure is confirmed by a replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import urllib3

from simulator import openapi
from simulator.contract.agreement import departures
from simulator.contract.asking.abroad import settle, settle_again
from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.failures import PHASES, Failure
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.generated.campaign import STATEFUL, Campaign
from simulator.contract.asking.generated.links import chains, links
from simulator.contract.asking.journeys.all import JOURNEYS
from simulator.contract.asking.journeys.runner import Journeys
from simulator.contract.asking.meter import Meter, Reading
from simulator.contract.asking.provoked.bending import Bending
from simulator.contract.asking.provoked.elsewhere import Elsewhere
from simulator.contract.asking.provoked.nowhere import Nowhere
from simulator.contract.asking.provoked.probes import Probes
from simulator.contract.asking.provoked.rates import Rates
from simulator.contract.engine import ENGINE, sent_by_engine
from simulator.contract.examples import EXAMPLES, wrong_examples
from simulator.fakes.binding import ContractMismatch
from simulator.openapi import BrokenContract
from simulator.resources import CONTRACTS
from simulator.serving.stage import Keys

MAX_EXAMPLES = 8
"""Requests that each generating phase makes for each operation: the whole takes about a minute on two cores."""
QUICK_EXAMPLES = 2
QUICK_PHASES = ("examples", "fuzzing")
CONFIRMED_AT_MOST = 40
"""So many failures are replayed; a service that is wrong everywhere needs no proof of each place."""

REACHED_WITHIN_SECONDS = 5.0

AGREEMENT = "agreement"
STRICT = "status-never-seen"
"""The one check that is made only when it is asked for."""
ELSEWHERE = "elsewhere"
BENDS_FOR_EACH_EXAMPLE = 8
"""A service elsewhere is sent so many bent examples of an operation for each request that a phase generates."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be checked. `urls` empty means our own services, in process."""

    services: tuple[str, ...] = CONTRACTS
    operations: frozenset[str] = frozenset()
    urls: Mapping[str, str] = field(default_factory=dict)
    keys: Keys = field(default_factory=Keys)
    keys_by_hand: tuple[str, ...] = ()
    """Names of the keys that came from the command line, so that a line which is to be repeated asks for them."""
    seed: int = 1
    phases: tuple[str, ...] = PHASES
    max_examples: int = MAX_EXAMPLES
    strict: bool = False
    keep_exchanges: bool = False

    @property
    def full(self) -> bool:
        """Whether everything is asked of our own services, so that silence means something."""
        return not self.operations and not self.urls and frozenset(self.phases) == frozenset(PHASES)

    def quick(self) -> Order:
        """The same in a few seconds: fewer requests, no generated sequences."""
        return replace(self, phases=QUICK_PHASES, max_examples=QUICK_EXAMPLES)


@dataclass(slots=True)
class ServiceOutcome:
    """One service: what was seen of it and what is wrong."""

    service: str
    readings: list[Reading]
    failures: list[Failure] = field(default_factory=list)
    unconfirmed: int = 0
    errors: list[str] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)
    """Operations of a service elsewhere of which no good request could be judged, and why."""
    links: dict[str, int] = field(default_factory=dict)
    """How often each link of the contract led a generated sequence to a success."""
    cases: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Outcome:
    """Everything that came of a check."""

    seed: int
    services: list[ServiceOutcome] = field(default_factory=list)
    exchanges: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def failures(self) -> list[Failure]:
        """All failures, confirmed ones only."""
        return [failure for each in self.services for failure in each.failures]

    @property
    def cases(self) -> int:
        """How many requests were sent."""
        return sum(each.cases for each in self.services)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong, the check itself included."""
        return not self.failures and not any(each.errors for each in self.services)


def run_check(order: Order, progress: Progress = lambda text: None) -> Outcome:
    """Ask each service everything the order says. Raises UnknownOperation, Unreachable."""
    _known(order)
    _reach(order.urls)
    outcome = Outcome(order.seed)
    for service in order.services:
        outcome.services.append(_Asked(order, service, progress).outcome(outcome.exchanges))
    return outcome


class Unreachable(OSError):
    """Nobody answers at an address."""


def _reach(urls: Mapping[str, str]) -> None:
    for service, url in urls.items():
        try:
            urllib3.request("GET", url, retries=False, redirect=False, timeout=REACHED_WITHIN_SECONDS)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"{service} at {url}: {error}") from error


class UnknownOperation(LookupError):
    """No contract of the services that are asked has an operation of that name."""


def _known(order: Order) -> None:
    known = {name for service in order.services for name in openapi.load(service).operations}
    if unknown := sorted(order.operations - known):
        raise UnknownOperation(f"no contract of {', '.join(order.services)} has {', '.join(unknown)}")


class _Asked:
    """One service under one order."""

    def __init__(self, order: Order, service: str, progress: Progress) -> None:
        self._order = order
        self._service = service
        self._progress = progress
        self._contract = openapi.load(service)
        self._only = frozenset(order.operations & self._contract.operations.keys())
        self._meter = Meter()
        self._url = order.urls.get(service, "")
        self._settled: Living | None = None

    def outcome(self, exchanges: list[Mapping[str, Any]]) -> ServiceOutcome:
        outcome = ServiceOutcome(self._service, [])
        if self._order.operations and not self._only:
            return outcome
        started = time.perf_counter()
        met: dict[tuple[str, str, str, str], Failure] = {}
        for failure in self._ask(self._only, self._meter, outcome, exchanges):
            met.setdefault(failure.key, failure)
        outcome.cases = sum(self._meter.counts.values())
        self._progress(f"{self._service}: {len(met)} findings to confirm" if met else f"{self._service}: done")
        outcome.failures = self._confirmed(list(met.values()))
        outcome.unconfirmed = len(met) - len(outcome.failures)
        outcome.readings = self._meter.readings(self._service, self._contract, self._only)
        outcome.failures += [*self._silent(outcome.readings), *self._idle(outcome.links)]
        if self._url:
            outcome.failures = [self._elsewhere(each) for each in outcome.failures]
            outcome.errors += self._shut(outcome.readings)
        outcome.seconds = time.perf_counter() - started
        return outcome

    def _elsewhere(self, failure: Failure) -> Failure:
        """The same with all that its line needs to be repeated."""
        bends = failure.max_examples or (self._order.max_examples if failure.phase == ELSEWHERE else 0)
        prefix = f"{self._service}_"
        keys = tuple(name for name in self._order.keys_by_hand if name.startswith(prefix))
        return replace(failure, url=self._url, keys=keys, max_examples=bends)

    def _shut(self, readings: Sequence[Reading]) -> list[str]:
        """A service of which no success was ever seen has not been checked."""
        if any(reading.success_seen for reading in readings):
            return []
        seen = sorted({status for reading in readings for status in reading.seen})
        said = f"it only answered {', '.join(seen)}" if seen else "it never answered"
        return [f"no success was ever seen at {self._url}: {said}; is the address right, and are the keys?"]

    def _ask(
        self, only: frozenset[str], meter: Meter, outcome: ServiceOutcome, exchanges: list[Mapping[str, Any]] | None
    ) -> Iterable[Failure]:
        """Each kind of question stands before a fresh bench, so that none is answered in another's mess."""
        for kind in self._kinds():
            self._progress(f"{self._service}: {kind}")
            try:
                yield from self._ask_kind(kind, only, meter, outcome, exchanges)
            except (ContractMismatch, BrokenContract) as error:
                # There is nobody to ask anything else.
                outcome.errors.append(str(error))
                return

    def _kinds(self) -> tuple[str, ...]:
        ours = (ELSEWHERE,) if self._url else ("probes", "nowhere", "rates", "bending")
        own = () if self._url else (AGREEMENT, EXAMPLES, ENGINE)
        generated = tuple(phase for phase in PHASES if phase in self._order.phases)
        return (*own, "journeys", *ours, *generated)

    def _bench(self, kind: str = "") -> Bench:
        """Journeys make what they need; everything else finds furniture."""
        if self._url:
            return self._bench_elsewhere()
        bench = Bench.in_process(self._order.seed)
        return bench if kind == "journeys" else furnish(bench, self._service)

    def _bench_elsewhere(self) -> Bench:
        bench = Bench.at({self._service: self._url}, self._order.keys)
        if self._settled is None:
            self._settled = settle(bench, self._service).living
        else:
            bench.living = self._settled
            settle_again(bench, self._service)
        return bench

    def _ask_kind(
        self, kind: str, only: frozenset[str], meter: Meter, outcome: ServiceOutcome,
        exchanges: list[Mapping[str, Any]] | None = None,
    ) -> list[Failure]:  # fmt: skip
        seed = self._order.seed
        if kind == AGREEMENT:
            return list(self._departures(only))
        if kind == EXAMPLES:
            return list(wrong_examples(self._contract, only, seed))
        if kind == ENGINE:
            return list(sent_by_engine(self._service, only, seed))
        if kind == "bending":
            return Bending(self._bench, self._service, meter, seed, exchanges).run(only)
        if kind == STATEFUL:
            each = chains(self._contract, only)
            return [found for chain in each for found in self._generated(kind, chain, meter, outcome, exchanges)]
        with self._bench(kind) as bench:
            if kind == "journeys":
                passed = Journeys(bench, self._service, meter, seed, exchanges).run(JOURNEYS, only)
                # A journey leads through operations that nobody asked about.
                return [each for each in passed if not only or each.operation in only]
            if kind == ELSEWHERE:
                bends = self._order.max_examples * BENDS_FOR_EACH_EXAMPLE
                asked = Elsewhere(bench, self._service, meter, seed, bends, exchanges)
                found = asked.run(only)
                outcome.unasked |= asked.unasked
                outcome.errors += asked.errors
                return found
            if kind == "nowhere":
                return Nowhere(bench, self._service, meter, seed).run(only)
            if kind == "rates":
                return Rates(bench, self._service, meter, seed, exchanges).run(only)
            if kind == "probes":
                return Probes(bench, self._service, meter, seed, exchanges).run(only)
        return self._generated(kind, only, meter, outcome, exchanges)

    def _departures(self, only: frozenset[str]) -> Iterable[Failure]:
        """Where the contract is not what was agreed; what several operations share concerns each of them."""
        for each in departures(self._contract):
            if only and each.operation and each.operation not in only:
                continue
            message = f"{each}; when that is meant: absim contract agree"
            operation = each.operation or each.place.split(".")[0]
            yield Failure(self._service, operation, "not-agreed", message, AGREEMENT, 0, "", "", self._order.seed,
                          alone=bool(each.operation))  # fmt: skip

    def _generated(
        self, phase: str, only: frozenset[str], meter: Meter, outcome: ServiceOutcome,
        exchanges: list[Mapping[str, Any]] | None,
    ) -> list[Failure]:  # fmt: skip
        """One phase of generation on a fresh bench; each chain of links has one of its own, as time passes there."""
        campaign = Campaign(
            self._order.seed, (phase,), self._order.max_examples, only, meter, keep_exchanges=exchanges is not None
        )
        with self._bench() as bench:
            campaign.run(bench, self._service, self._bench)
        if exchanges is not None:
            exchanges += campaign.exchanges
        outcome.errors += campaign.errors
        if phase == STATEFUL:
            followed = campaign.followed.successes
            outcome.links |= {str(link): followed[link] for link in links(self._contract, only)}
        return campaign.failures

    def _confirmed(self, failures: Sequence[Failure]) -> list[Failure]:
        """Those that show again on a fresh bench: with their operation alone, or else when everything is asked."""
        replays: dict[tuple[str, frozenset[str]], set[tuple[str, str, str]]] = {}

        def shows(failure: Failure, only: frozenset[str]) -> bool:
            key = (failure.phase, only)
            if key not in replays:
                self._progress(f"{self._service}: replaying {', '.join(only) or failure.phase}")
                scratch = ServiceOutcome(self._service, [])
                replays[key] = {each.place for each in self._ask_kind(failure.phase, only, Meter(), scratch)}
            return failure.place in replays[key]

        found = []
        for number, failure in enumerate(failures):
            if number >= CONFIRMED_AT_MOST or shows(failure, frozenset({failure.operation})):
                found.append(failure)
            elif shows(failure, self._only):
                found.append(failure.not_alone())
        return found

    def _silent(self, readings: Sequence[Reading]) -> Iterable[Failure]:
        """What was never seen: a success in a full run; any documented status when the order is strict."""
        for reading in readings:
            if self._order.full and not reading.success_seen:
                yield self._unseen(reading, "success-never-seen", "no success of this operation was ever seen")
            if self._order.full and self._order.strict and reading.never:
                message = f"documented and never seen: {', '.join(reading.never)}"
                yield self._unseen(reading, STRICT, message)

    def _idle(self, followed: Mapping[str, int]) -> Iterable[Failure]:
        """Links that no generated sequence followed to a success, in a full run."""
        for link, times in followed.items():
            if self._order.full and not times:
                yield self._missing(link.split()[0], "link-never-followed", f"no sequence followed {link} to a success")

    def _unseen(self, reading: Reading, check: str, message: str) -> Failure:
        return self._missing(reading.operation, check, message)

    def _missing(self, operation: str, check: str, message: str) -> Failure:
        order = self._order
        examples = order.max_examples if order.max_examples != MAX_EXAMPLES else 0
        return Failure(
            self._service, operation, check, message, "meter", 0, "", "", order.seed, examples, alone=False,
            strict=check == STRICT,
        )  # fmt: skip
