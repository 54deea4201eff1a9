"""How often a client may call: the last call that is allowed, the first that is refused, and when it may call again.

A contract says it at its root, as `x-rate-limits`: by name so many `calls` in so many `seconds` (one pair or several,
`limits`), the `operations` that share them, the most that one call `costs`, and `per` what else keeps counts apart. An
entry without operations is for every other operation that documents a 429. Nobody can call a quarter of a million times
to find out: in our own world the calls before the last one are put on the account by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Answer, Sent
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.probes import Probes
from simulator.feeds import MAIN
from simulator.openapi import Operation
from simulator.rules.instants import SECOND_MS, Instant

ORGANISATION = "profile"
"""The one budget of Amplitude that all projects of an organisation share."""
LIMIT, REMAINING, RESET = "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds; `number` counts the limits of one name."""

    name: str
    number: int
    calls: int
    seconds: int
    costs: int
    per: str = ""

    @property
    def in_words(self) -> str:
        """As a failure names it."""
        return f"{self.name}: {self.calls} in {self.seconds} s"


class Rates:
    """Holds the rate limits of one of our services against its contract."""

    def __init__(
        self, bench: Bench, service: str, meter: Meter, seed: int, exchanges: list[Mapping[str, Any]] | None = None
    ) -> None:
        self._bench = bench
        self._service = service
        self._contract = bench.targets[service].contract
        self._probes = Probes(bench, service, meter, seed, exchanges, check="rates")
        self._sent = Sent("")

    def run(self, only: frozenset[str] = frozenset()) -> list[Failure]:
        """Every operation with a limit (or those of `only`); what is not as the contract says."""
        self._bench.stage.use_limits(True)
        for operation in self._contract.operations.values():
            if operation.emulated and "429" in operation.statuses and (not only or operation.operation_id in only):
                # One request, so that all calls are of one audience.
                self._sent = self._probes.example(operation)
                for rate in self._rates(operation):
                    self._hold(operation, rate)
        self._bench.stage.use_limits(False)
        return self._probes.caller.failures

    def _rates(self, operation: Operation) -> Iterator[Rate]:
        """The limits of an operation: those of the entry that names it, else those of the one that names nobody."""
        stated: Mapping[str, Mapping[str, Any]] = self._contract.document.get("x-rate-limits", {})
        named = [name for name, entry in stated.items() if operation.operation_id in entry.get("operations", ())]
        for name in named or [name for name, entry in stated.items() if "operations" not in entry]:
            entry = stated[name]
            for number, each in enumerate(entry.get("limits", [entry])):
                yield Rate(name, number, each["calls"], each["seconds"], entry.get("costs", 1), entry.get("per", ""))

    def _really(self, operation: Operation, rate: Rate) -> None:
        """A limit that is counted for each audience apart is small; every call of it is made."""
        for number in range(rate.calls):
            answer = self._call(operation, rate, f"comes after {number} others", refused=False)
            self._headers(operation, rate, answer, rate.calls - number - 1)
        self._call(operation, rate, f"comes after {rate.calls} others", refused=True)

    def _hold(self, operation: Operation, rate: Rate) -> None:
        if rate.per:
            self._really(operation, rate)
            return
        now = self._bench.stage.world.clock.now
        self._use(rate, 0, now)
        self._headers(operation, rate, self._call(operation, rate, "is the first", refused=False), rate.calls - 1)
        self._use(rate, rate.calls - rate.costs, now)
        self._call(operation, rate, f"comes after {rate.calls - rate.costs} others", refused=False)
        self._use(rate, rate.calls, now)
        answer = self._call(operation, rate, f"comes after {rate.calls} others", refused=True)
        self._headers(operation, rate, answer, 0)
        self._wait(operation, rate, answer)
        if self._service == "amplitude":
            # A window that slides: what lies in it still counts, what has left it does not.
            self._use(rate, rate.calls, Instant(now - (rate.seconds - 1) * SECOND_MS))
            self._call(operation, rate, f"comes {rate.seconds - 1} s after {rate.calls} others", refused=True)
            self._use(rate, rate.calls, Instant(now - rate.seconds * SECOND_MS))
            self._call(operation, rate, f"comes {rate.seconds} s after {rate.calls} others", refused=False)
        self._use(rate, 0, now)

    def _use(self, rate: Rate, used: int, at: Instant) -> None:
        world = self._bench.stage.world
        if self._service == "braze":
            world.braze.limits.use(rate.name, MAIN, used, at)
        else:
            whose = "organisation" if rate.name == ORGANISATION else MAIN
            world.amplitude.access.use(rate.name, rate.number, whose, used, at)

    def _call(self, operation: Operation, rate: Rate, which: str, *, refused: bool) -> Answer:
        answer = self._probes.caller.send(self._sent)
        if (answer.status == 429) is not refused:
            wanted = "429" if refused else "anything but 429"
            message = f"{rate.in_words}: a call that {which} got {answer.status}, expected {wanted}"
            self._probes.caller.fail(operation, self._sent, answer, "rate-limit", message)
        return answer

    def _headers(self, operation: Operation, rate: Rate, answer: Answer, remaining: int) -> None:
        """Braze says with each answer where the limit stands; its windows lie on the clock."""
        if self._service != "braze" or answer.status not in (200, 201, 202, 429):
            return
        now = self._bench.stage.world.clock.now // SECOND_MS
        wanted = {LIMIT: rate.calls, REMAINING: remaining, RESET: now - now % rate.seconds + rate.seconds}
        for name, value in wanted.items():
            if answer.headers.get(name) != str(value):
                message = f"{rate.in_words}: header {name} should be {value}, is {answer.headers.get(name)}"
                self._probes.caller.fail(operation, self._sent, answer, "rate-limit", message)

    def _wait(self, operation: Operation, rate: Rate, answer: Answer) -> None:
        if self._service == "braze" and answer.status == 429:
            now = self._bench.stage.world.clock.now // SECOND_MS
            wanted = str(rate.seconds - now % rate.seconds)
            found = answer.headers.get("retry-after")
            if found != wanted:
                message = f"{rate.in_words}: header retry-after should be {wanted}, is {found}"
                self._probes.caller.fail(operation, self._sent, answer, "rate-limit", message)
