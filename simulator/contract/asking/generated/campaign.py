"""Generated requests against one service: Schemathesis makes and sends them, the contract judges the answers."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
import schemathesis
from schemathesis import engine, hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.generation import GenerationMode

from simulator.contract.asking.bench import Bench, Target
from simulator.contract.asking.caller import Sent, is_breakdown
from simulator.contract.asking.examples import Examples
from simulator.contract.asking.failures import KEPT_CHARACTERS, PHASES, SHOWN_CHARACTERS, Failure
from simulator.contract.asking.generated.links import Followed, chains, linked, links, toward
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.supply import Supply, headers_for
from simulator.contract.asking.verdict import Heard, Verdicts, check_words
from simulator.journal import mask_headers, mask_text
from simulator.openapi import Contract, Operation
from simulator.rules.instants import MINUTE_MS

STATEFUL = "stateful"
BETWEEN_STEPS_MS = 15 * MINUTE_MS
ROUNDS_AT_MOST = 8
ROUND_SEED = 1_000_003
"""What lies between the seeds of two rounds; far enough that the rounds of neighbouring seeds are not the same."""
CHECKS_OFF = (
    # Famous for false alarms; `accepted` below asks the same of requests whose rules the contract states in full.
    "positive_data_acceptance", "negative_data_rejection",
    # The probes ask for every refusal of every operation, with wrong keys and with none.
    "ignored_auth", "missing_required_header",
    # Vendors answer 404 or 405 without Allow; the contract does not promise the header.
    "unsupported_method",
    # Vendors keep deprecated ids and read-after-delete caches on purpose (LIFE-3, MATCH-6).
    "use_after_free", "ensure_resource_availability", "object_level_authorization",
    # Our own compiled check says the same with the place in the body.
    "response_schema_conformance", "content_type_conformance", "status_code_conformance",
    "response_headers_conformance",
)  # fmt: skip


@dataclass(slots=True)
class Campaign:
    """What one campaign is told, and what came of it."""

    seed: int
    phases: tuple[str, ...] = PHASES
    max_examples: int = 12
    only: frozenset[str] = frozenset()
    meter: Meter = field(default_factory=Meter)
    failures: list[Failure] = field(default_factory=list)
    exchanges: list[Mapping[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cases: int = 0
    keep_exchanges: bool = False
    followed: Followed = field(default_factory=Followed)
    _verdicts: Verdicts | None = None
    _bench: Bench | None = None
    _met: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)

    def run(self, bench: Bench, service: str, again: Callable[[], Bench] | None = None) -> None:
        """Generate, send and judge. Failures, counts and errors are kept in this object.

        `again` opens a fresh bench for each later round of sequences, in which nothing has been made yet.
        """
        contract = bench.targets[service].contract
        if other := tuple(phase for phase in self.phases if phase != STATEFUL):
            self._run(bench, service, other, self.only)
        if STATEFUL in self.phases:
            for chain in chains(contract, self.only):
                self._follow(bench, service, chain, again)

    def _follow(self, bench: Bench, service: str, chain: frozenset[str], again: Callable[[], Bench] | None) -> None:
        """Sequences along one chain, then in rounds toward each of its links until that one has led to a success."""
        contract = bench.targets[service].contract
        self._run(bench, service, (STATEFUL,), chain)
        if not bench.ours:
            # Nobody promised that every link leads on there, and traffic to somebody else is kept small.
            return
        for link in links(contract, chain):
            for number in range(1, ROUNDS_AT_MOST):
                if self.followed.successes[link]:
                    break
                # What leads to a link may also lead away from it; the last rounds begin where it begins.
                shortest = frozenset({link.source, link.target})
                few = toward(contract, link, chain) if number <= ROUNDS_AT_MOST // 2 else shortest
                with again() if again is not None else contextlib.nullcontext(bench) as fresh:
                    self._run(fresh, service, (STATEFUL,), few, number)

    def _run(self, bench: Bench, service: str, phases: tuple[str, ...], only: frozenset[str], number: int = 0) -> None:
        """One run of Schemathesis. In the rounds toward a link every other one takes all but what links say from
        examples, the others only what a sequence begins with: an example and what a link says may not go together."""
        self._bench, target = bench, bench.targets[service]
        supply = Supply(service, bench.keys, bench.living, self.seed, ours=bench.ours)
        schema = self._schema(target, phases, only, self.seed + number * ROUND_SEED)
        begins = _beginnings(target.contract, only)
        known = Supply(service, bench.keys, bench.living, self.seed, strangers=False)
        examples, said = Examples(target.contract, known), linked(target.contract, only)
        operations = {f"{op.method} {op.path}": op for op in target.contract.operations.values()}

        def before_call(context: Any, case: Any, **kwargs: Any) -> None:
            operation = operations.get(case.operation.label)
            named = operation.operation_id if operation is not None else ""
            if STATEFUL in phases and bench.ours and service != "control" and named not in begins:
                # What one step asks for, such as an export, may need a while until the next can have it.
                bench.stage.move_on(BETWEEN_STEPS_MS)
            if operation is not None and number and (number % 2 or named in begins):
                _exemplify(case, examples.of(operation), said.get(named, frozenset()))
            case.body = supply.fill(case.body, named) if isinstance(case.body, dict | list) else case.body
            case.query = supply.fill(dict(case.query), named) if case.query else case.query
            case.path_parameters = supply.fill(dict(case.path_parameters), named) if case.path_parameters else {}
            if operation is not None:
                case.headers = {**(case.headers or {}), **headers_for(service, operation, bench.keys)}
            if STATEFUL in phases:
                supply.remember(case.body)

        def after_call(context: Any, case: Any, response: Any) -> None:
            if STATEFUL in phases:
                supply.remember(_json(response.content))

        with _hook(before_call), _hook(after_call):
            for event in engine.from_schema(schema).execute():
                if isinstance(event, events.NonFatalError):
                    self.errors.append(f"{event.label}: {event.value}"[:400])
                elif isinstance(event, events.ScenarioFinished):
                    for failure in self._judge(target, operations, event):
                        self._met[failure.key] += 1
                        if self._met[failure.key] == 1:
                            self.failures.append(failure)

    def _schema(self, target: Target, phases: tuple[str, ...], only: frozenset[str], seed: int) -> Any:
        document = deepcopy(dict(target.contract.document))
        document["paths"] = {
            path: {method: each for method, each in item.items() if _wanted(each, only)}
            for path, item in document["paths"].items()
        }
        document["paths"] = {path: item for path, item in document["paths"].items() if item}
        _without_dangling_links(document["paths"], target.contract, only)
        config = SchemathesisConfig(seed=seed)
        project = config.projects.default
        project.update(workers=1, continue_on_failure=True)
        project.generation.update(max_examples=self.max_examples, database="none", modes=[GenerationMode.POSITIVE])
        for phase in PHASES:
            getattr(project.phases, phase).enabled = phase in phases
        project.phases.stateful.inference.algorithms = []
        for check in CHECKS_OFF:
            getattr(project.checks, check).enabled = False
        schema = schemathesis.openapi.from_dict(document, config=config)
        if target.application is not None:
            schema.app = target.application
        else:
            project.update(base_url=target.url)
        return schema

    def _judge(
        self, target: Target, operations: Mapping[str, Operation], event: events.ScenarioFinished
    ) -> Iterator[Failure]:
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            node = recorder.cases.get(case_id)
            operation = operations.get(node.value.operation.label) if node is not None else None
            response = interaction.response
            if operation is None or response is None or not _means(target, operation, interaction):
                continue
            self.cases += 1
            self._note_link(target, operations, recorder, node, response.status_code)
            self.meter.count(target.service, operation.operation_id, response.status_code)
            request = f"{interaction.request.method} {interaction.request.uri}"
            sent = _text(interaction.request.body)
            answered = (response.content or b"").decode("utf-8", "replace")
            if self.keep_exchanges:
                self.exchanges.append(_exchange(interaction, sent, answered))
            headers = {name.lower(): values[0] for name, values in response.headers.items()}
            if target.application is None:
                # The client has undone the encoding.
                headers.pop("content-encoding", None)
            wrong = target.contract.check_response(operation, response.status_code, headers, response.content or b"")
            if self._bench is not None and self._bench.ours:
                wrong += target.contract.check_usual(operation, response.status_code, self._bench.reading)
                wrong += check_words(target.contract, operation, response.status_code, response.content or b"")
            found = [(each.keyword, f"{each.where}: {each.message}") for each in wrong]
            if is_breakdown(operation, response.status_code):
                found.append(("server-error", f"broke down with {response.status_code}"))
            if (verdict := self._verdict(target, operation, interaction)) is not None:
                found.append(verdict)
            found += [
                (check.name, check.failure_info.failure.message or check.failure_info.failure.title)
                for check in recorder.checks.get(case_id, [])
                if check.failure_info is not None and str(response.status_code) not in operation.statuses
            ]
            for check, message in found:
                yield Failure(
                    target.service, operation.operation_id, check, mask_text(message), str(event.phase.value),
                    response.status_code, mask_text(f"{request}\n{sent}")[:SHOWN_CHARACTERS],
                    mask_text(answered)[:SHOWN_CHARACTERS], self.seed, self.max_examples,
                )  # fmt: skip

    def _note_link(
        self, target: Target, operations: Mapping[str, Operation], recorder: Any, node: Any, status: int
    ) -> None:
        """Count a step that was taken with what the answer before it said."""
        if node.transition is None or not node.is_transition_applied:
            return
        parent = recorder.cases.get(node.parent_id)
        source = operations.get(parent.value.operation.label) if parent is not None else None
        wanted = operations[node.value.operation.label]
        for link in links(target.contract):
            if (
                source is not None and (link.source, link.target) == (source.operation_id, wanted.operation_id)
                and f"] {link.name} -> " in node.transition.id
            ):  # fmt: skip
                self.followed.note(link, status)

    def _verdict(self, target: Target, operation: Operation, interaction: Any) -> tuple[str, str] | None:
        """Whether a request that fits was taken, and one that does not was refused."""
        if self._verdicts is None:
            self._verdicts = Verdicts(target.contract, our_words=target.application is not None)
        sent, response = interaction.request, interaction.response
        url = urlsplit(sent.uri)
        found = target.contract.find(sent.method, unquote(url.path))
        if found is None or found[0] is not operation:
            return None
        body = sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode()
        headers = {name.lower(): values[0] for name, values in sent.headers.items()}
        query = parse_qs(url.query, keep_blank_values=True)
        heard = Heard(found[1], query, headers, body, response.status_code, response.content or b"")
        return self._verdicts.on(operation, heard)


def _without_dangling_links(paths: Any, contract: Contract, only: frozenset[str]) -> None:
    """Schemathesis takes a link to an operation that is not asked for a mistake."""
    wanted = {link.key for link in links(contract, only)}
    for item in paths.values():
        for definition in item.values():
            for response in definition.get("responses", {}).values() if isinstance(definition, dict) else ():
                for name, each in list(response.get("links", {}).items()):
                    if (definition["operationId"], name, each["operationId"]) not in wanted:
                        del response["links"][name]


def _means(target: Target, operation: Operation, interaction: Any) -> bool:
    """Whether an address leads where it was meant to: a name with a slash in it makes another address."""
    found = target.contract.find(interaction.request.method, unquote(urlsplit(interaction.request.uri).path))
    return found is not None and found[0] is operation


def _exemplify(case: Any, good: Sent, said: frozenset[str]) -> None:
    """Put an example in the place of what was generated, but for what a link has said."""
    case.path_parameters = _kept(case.path_parameters, good.path, said)
    case.query = _kept(case.query, good.query, said)
    if isinstance(good.body, dict):
        case.body = _kept(case.body, good.body, said)


def _kept(generated: Any, good: Mapping[str, Any], said: frozenset[str]) -> dict[str, Any]:
    drawn = generated if isinstance(generated, Mapping) else {}
    return {**good, **{name: value for name, value in drawn.items() if name in said}}


def _beginnings(contract: Contract, only: frozenset[str]) -> frozenset[str]:
    """The operations of a chain to which no link of it leads."""
    within = links(contract, only)
    return frozenset({link.source for link in within} - {link.target for link in within})


def _wanted(definition: Any, only: frozenset[str]) -> bool:
    if not isinstance(definition, dict) or "operationId" not in definition:
        return True
    if not definition.get("x-absim-emulated", True):
        return False
    return not only or definition["operationId"] in only


@contextlib.contextmanager
def _hook(function: Any) -> Iterator[None]:
    """Schemathesis knows a hook by its function's name and for the whole process only, so it is taken back at once."""
    schemathesis.hook(function)
    try:
        yield
    finally:
        hooks.GLOBAL_HOOK_DISPATCHER.unregister(function)


def _json(content: bytes | None) -> Any:
    try:
        return orjson.loads(content or b"")
    except orjson.JSONDecodeError:
        return None


def _text(body: Any) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")


def _exchange(interaction: Any, sent: str, answered: str) -> Mapping[str, Any]:
    return {
        "method": interaction.request.method,
        "url": mask_text(interaction.request.uri),
        "request_headers": mask_headers({name: values[0] for name, values in interaction.request.headers.items()}),
        "request_body": mask_text(sent)[:KEPT_CHARACTERS],
        "status": interaction.response.status_code,
        "response_headers": mask_headers({name: values[0] for name, values in interaction.response.headers.items()}),
        "response_body": mask_text(answered)[:KEPT_CHARACTERS],
    }
