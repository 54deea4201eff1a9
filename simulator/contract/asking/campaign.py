"""Generated requests against one service: Schemathesis makes and sends them, the contract judges the answers."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis import engine, hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.generation import GenerationMode

from simulator.contract.asking.bench import Bench, Target
from simulator.contract.asking.caller import is_breakdown
from simulator.contract.asking.failures import KEPT_CHARACTERS, PHASES, SHOWN_CHARACTERS, Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.supply import Supply, credentials, headers_for
from simulator.journal import mask_headers, mask_text
from simulator.openapi import Operation

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

    def run(self, bench: Bench, service: str) -> None:
        """Generate, send and judge. Failures, counts and errors are kept in this object."""
        target = bench.targets[service]
        supply = Supply(service, bench.keys, bench.living, self.seed)
        schema = self._schema(target, bench)
        operations = {f"{op.method} {op.path}": op for op in target.contract.operations.values()}
        met: Counter[tuple[str, str, str, str]] = Counter()

        def before_call(context: Any, case: Any, **kwargs: Any) -> None:
            operation = operations.get(case.operation.label)
            case.body = supply.fill(case.body) if isinstance(case.body, dict | list) else case.body
            case.query = supply.fill(dict(case.query)) if case.query else case.query
            case.path_parameters = supply.fill(dict(case.path_parameters)) if case.path_parameters else {}
            if operation is not None and operation.path.startswith("/v1/userprofile"):
                case.headers = {**(case.headers or {}), **headers_for(service, operation, bench.keys)}

        with _hook(before_call):
            for event in engine.from_schema(schema).execute():
                if isinstance(event, events.NonFatalError):
                    self.errors.append(f"{event.label}: {event.value}"[:400])
                elif isinstance(event, events.ScenarioFinished):
                    for failure in self._judge(target, operations, event):
                        met[failure.key] += 1
                        if met[failure.key] == 1:
                            self.failures.append(failure)

    def _schema(self, target: Target, bench: Bench) -> Any:
        document = deepcopy(dict(target.contract.document))
        document["paths"] = {
            path: {method: each for method, each in item.items() if self._wanted(each)}
            for path, item in document["paths"].items()
        }
        document["paths"] = {path: item for path, item in document["paths"].items() if item}
        _drop_loose_links(document)
        config = SchemathesisConfig(seed=self.seed)
        project = config.projects.default
        project.update(workers=1, continue_on_failure=True, headers=credentials(target.service, bench.keys))
        project.generation.update(max_examples=self.max_examples, database="none", modes=[GenerationMode.POSITIVE])
        for phase in PHASES:
            getattr(project.phases, phase).enabled = phase in self.phases
        for check in CHECKS_OFF:
            getattr(project.checks, check).enabled = False
        schema = schemathesis.openapi.from_dict(document, config=config)
        if target.application is not None:
            schema.app = target.application
        else:
            project.update(base_url=target.url)
        return schema

    def _wanted(self, definition: Any) -> bool:
        if not isinstance(definition, dict) or "operationId" not in definition:
            return True
        if not definition.get("x-absim-emulated", True):
            return False
        return not self.only or definition["operationId"] in self.only

    def _judge(
        self, target: Target, operations: Mapping[str, Operation], event: events.ScenarioFinished
    ) -> Iterator[Failure]:
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            node = recorder.cases.get(case_id)
            operation = operations.get(node.value.operation.label) if node is not None else None
            response = interaction.response
            if operation is None or response is None:
                continue
            self.cases += 1
            self.meter.count(target.service, operation.operation_id, response.status_code)
            request = f"{interaction.request.method} {interaction.request.uri}"
            sent = _text(interaction.request.body)
            answered = (response.content or b"").decode("utf-8", "replace")
            if self.keep_exchanges:
                self.exchanges.append(_exchange(interaction, sent, answered))
            headers = {name.lower(): values[0] for name, values in response.headers.items()}
            wrong = target.contract.check_response(operation, response.status_code, headers, response.content or b"")
            found = [(each.keyword, f"{each.where}: {each.message}") for each in wrong]
            if is_breakdown(operation, response.status_code):
                found.append(("server-error", f"broke down with {response.status_code}"))
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


@contextlib.contextmanager
def _hook(before_call: Any) -> Iterator[None]:
    """Schemathesis knows this hook for the whole process only, so it is taken back at once."""
    schemathesis.hook(before_call)
    try:
        yield
    finally:
        hooks.GLOBAL_HOOK_DISPATCHER.unregister(before_call)


def _drop_loose_links(document: Mapping[str, Any]) -> None:
    """Take out the links that lead to operations which are not asked."""
    definitions = [
        each for item in document["paths"].values() for each in item.values() if isinstance(each, dict)
    ]  # fmt: skip
    asked = {each.get("operationId") for each in definitions}
    for definition in definitions:
        for answer in definition.get("responses", {}).values():
            if "links" in answer:
                answer["links"] = {
                    name: link for name, link in answer["links"].items() if link.get("operationId") in asked
                }


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
