"""Runs scripts of requests: what one answer says is sent with the next, and the simulated clock moves in between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Answer, Caller, Sent, value_at
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Meter
from simulator.openapi import Contract
from simulator.rules.instants import HOUR_MS, format_instant, parse_duration, parse_instant

PAST = parse_instant("2025-06-01T12:00:00Z")
_NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')
_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")
_MORE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\+([0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `{name}` in its texts stands for something that lives here or that an earlier answer said."""

    operation: str
    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    later: str = ""
    """Simulated time that passes before it is sent."""
    status: int = 0
    """The answer that must come; 0 for any success."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Names for what the answer says, by place (`{"first": "cohorts.0.id"}`); `@location` is a header."""
    follow: str = ""
    """The name of a link that was kept: its path and its query are used."""
    says: Mapping[str, object] = field(default_factory=dict)
    """What must stand at a place of the answer. Three dots stand for anything that is there, None for nothing,
    `{name+1}` for one more than what was kept; `#` at the end of a place is how many stand there."""
    door: str = ""
    """The service that is asked when it is another one: what one did is seen through the other's door."""
    shows: str = ""
    """The operation whose effect is looked at; when it is not as it should be, that one is at fault."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A script for one service. `anywhere`: it makes what it needs and waits for nothing, so it suits any server."""

    name: str
    service: str
    steps: Sequence[Step]
    anywhere: bool = False
    switches: Mapping[str, str] = field(default_factory=dict)
    """Readings of the documents under which it runs, in our own world."""
    limits: bool = False
    """Whether clients are held to the limits meanwhile, in our own world."""


class _Unknown(Exception):
    """A step names what no answer has said."""


class Journeys:
    """Runs the journeys of one service against a bench."""

    def __init__(
        self, bench: Bench, service: str, meter: Meter, seed: int, exchanges: list[Mapping[str, Any]] | None = None
    ) -> None:
        self._bench = bench
        self._service = service
        self.caller = Caller(bench, service, "journeys", meter, seed, exchanges)
        self._elsewhere = {
            name: Caller(bench, name, "journeys", Meter(), seed) for name in bench.targets if name != service
        }

    def run(self, journeys: Sequence[Journey], only: frozenset[str] = frozenset()) -> list[Failure]:
        """Every journey of the service (or those that pass through `only`); what does not conform."""
        for journey in journeys:
            if journey.service != self._service or not (self._bench.ours or journey.anywhere):
                continue
            if not only or only & {step.operation for step in journey.steps}:
                self._set_out(journey)
        return self.caller.failures

    def _set_out(self, journey: Journey) -> None:
        if not journey.switches and not journey.limits:
            self._travel(journey)
            return
        stage = self._bench.stage
        usual = stage.world.rules
        stage.world.use_rules(usual.with_switches(journey.switches))
        stage.use_limits(journey.limits)
        self._travel(journey)
        stage.world.use_rules(usual)
        stage.use_limits(False)

    def _travel(self, journey: Journey) -> None:
        known = self._known()
        for step in journey.steps:
            if step.operation not in self._contract(step).operations:
                return
            if step.later:
                self._bench.stage.move_on(parse_duration(step.later))
            known |= self._now()
            try:
                sent = self._sent(step, known)
            except _Unknown as unknown:
                self._stranded(journey, step, str(unknown))
                return
            answer = self._elsewhere.get(step.door, self.caller).send(sent)
            try:
                wrong = _differences(step if self._bench.ours else _anywhere(step), answer, known)
            except _Unknown as unknown:
                wrong = [f"no answer has said {unknown}"]
            for message in wrong + self._made(step, answer):
                self._astray(journey, step, sent, answer, message)
            known |= _kept(step, answer)

    def _made(self, step: Step, answer: Answer) -> list[str]:
        """What is wrong with the address of what was made: it must be there, and what a GET of it shows is that."""
        place = answer.headers.get("location") if answer.status == 201 else None
        if place is None:
            return []
        there = self._contract(step).at(place)
        if there is None:
            return [f"Location {place} is no address of the contract"]
        if "GET" not in there[0]:
            return []
        caller = self._elsewhere.get(step.door, self.caller)
        shown = caller.send(Sent(there[0]["GET"].operation_id, there[1]))
        if (shown.status, shown.json()) == (200, answer.json()):
            return []
        return [f"Location {place} should show what was made, and shows {shown.status} {shown.json()!r}"]

    def _contract(self, step: Step) -> Contract:
        return self._bench.targets[step.door or self._service].contract

    def _astray(self, journey: Journey, step: Step, sent: Sent, answer: Answer, message: str) -> None:
        """Blame the operation whose effect was looked at, or else the one that answered."""
        ours = self._bench.targets[self._service].contract.operations
        name = step.shows or (step.operation if not step.door else journey.steps[0].operation)
        seen = f", as {step.operation} shows" if name != step.operation else ""
        asked = self._contract(step).operations[step.operation]
        self.caller.fail(ours[name], sent, answer, "journey", f"{journey.name}: {message}{seen}", asked)

    def kept(self, journey: Journey) -> dict[str, object]:
        """Travel without judging; what the answers said under each name. A step that names the unknown is left out."""
        known, said = self._known(), dict[str, object]()
        for step in journey.steps:
            if step.later:
                self._bench.stage.move_on(parse_duration(step.later))
            try:
                sent = self._sent(step, known | self._now() | said)
            except _Unknown:
                continue
            said |= _kept(step, self.caller.send(sent))
        return said

    def _sent(self, step: Step, known: Mapping[str, object]) -> Sent:
        path, query = _said(step.path, known), _said(step.query, known)
        if step.follow:
            link = urlsplit(_leads_to(str(_said("{" + step.follow + "}", known))))
            found = self._contract(step).find("GET", link.path)
            path, query = found[1] if found else {}, parse_qs(link.query)
        return Sent(step.operation, path, query, _said(step.body, known))

    def _stranded(self, journey: Journey, step: Step, name: str) -> None:
        """A server of somebody else's may know nobody; ours has said too little."""
        if self._bench.ours:
            self._astray(journey, step, Sent(step.operation), Answer(0, {}, b""), f"no answer has said {name}")

    def _known(self) -> dict[str, object]:
        keys = self._bench.keys
        secrets: dict[str, object] = {
            "api_key": keys.amplitude_api_key, "partner_api_key": keys.braze_partner_api_key,
            "client_secret": keys.braze_data_import_key,
        }  # fmt: skip
        return secrets | {name: values[0] for name, values in self._bench.living.values.items() if values}

    def _now(self) -> dict[str, object]:
        if not self._bench.ours:
            # What the time is there nobody knows; this is past everywhere.
            return {"now": format_instant(PAST), "now_ms": PAST}
        now = self._bench.stage.world.clock.now
        text = format_instant(now)
        return {
            "now": text, "today": text[:10], "day": text[:10].replace("-", ""), "now_ms": now, "now_s": now // 1000,
            "exported_hour": format_instant(now - 3 * HOUR_MS)[:13].replace("-", ""),
            "this_hour": text[:13].replace("-", ""),
            "tomorrow": format_instant(now + 24 * HOUR_MS), "month_later": format_instant(now + 720 * HOUR_MS)[:10],
        }  # fmt: skip


def _anywhere(step: Step) -> Step:
    """A service that is not ours may have chosen another of the documented successes."""
    return replace(step, status=0) if 200 <= step.status < 300 else step


def _leads_to(link: str) -> str:
    """The address of a link, or of the next page in a `Link` header."""
    found = _NEXT.search(link)
    return found[1] if found else link


def _kept(step: Step, answer: Answer) -> dict[str, object]:
    """What an answer says under the names that a step gives."""
    said = {
        name: answer.headers.get(place[1:]) if place.startswith("@") else _at(answer.json(), place)
        for name, place in step.keep.items()
    }
    return {name: value for name, value in said.items() if value is not None}


def _differences(step: Step, answer: Answer, known: Mapping[str, object]) -> list[str]:
    if step.status and answer.status != step.status:
        return [f"expected {step.status}, got {answer.status}"]
    if not step.status and not 200 <= answer.status < 400:
        return [f"expected a success, got {answer.status}"]
    said = answer.json()
    found = []
    for place, wanted in step.says.items():
        value, expected = _at(said, place.removesuffix("#")), _said(wanted, known)
        if place.endswith("#"):
            value = len(value) if isinstance(value, list | dict) else None
        if value is None if expected is ... else value != expected:
            found.append(f"{place} should be {'there' if expected is ... else repr(expected)}, is {value!r}")
    return found


def _said(value: Any, known: Mapping[str, object]) -> Any:
    """A value with names replaced. A text that is nothing but a name becomes what is named, whatever its type."""
    if isinstance(value, Mapping):
        return {key: _said(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_said(each, known) for each in value]
    if not isinstance(value, str):
        return value
    if more := _MORE.fullmatch(value):
        return int(str(_said("{" + more[1] + "}", known))) + int(more[2])
    names = _NAME.findall(value)
    if missing := [name for name in names if name not in known]:
        raise _Unknown(missing[0])
    if len(names) == 1 and value == "{" + names[0] + "}":
        return known[names[0]]
    return _NAME.sub(lambda found: str(known[found[1]]), value)


def _at(value: Any, place: str) -> Any:
    return value_at(value, place.split(".") if place else ())
