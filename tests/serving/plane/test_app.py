"""The control application answers every operation of its contract, in the way its contract says."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from simulator import openapi

OWN_TAGS = {"world", "clock", "journal", "ledger", "engine", "faults", "rules"}


def test_every_operation_answers_and_every_answer_conforms(client: Any) -> None:
    """Each is called with its examples and with ids that exist; what it says is held against the contract."""
    contract = openapi.load("control")
    sync = client.synced_cohort("ida-1001", cadence="hourly")
    client.sim("POST", "/faults", {"operation": "*", "answer": 500, "from": "2030-01-01T00:00:00Z"})
    ids = {"world": "main", "sync": sync, "connection": "braze", "fault": "fault-1", "person": "ida-1001"}
    wrong = []
    operations = [each for each in contract.operations.values() if OWN_TAGS & set(each.tags)]
    for operation in sorted(operations, key=lambda each: each.method == "DELETE"):
        path = operation.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", quote(value))
        for body in _examples(operation.definition) or [None]:
            told = client.sim(operation.method, path.removeprefix("/_sim"), body)
            headers = {name.lower(): value for name, value in told.headers.items()}
            wrong += [
                f"{operation.operation_id} {told.status}: {each}"
                for each in contract.check_response(operation, told.status, headers, told.raw)
            ]

    assert wrong == []


def _examples(definition: Any) -> list[object]:
    content = definition.get("requestBody", {}).get("content", {}).get("application/json", {})
    return [each["value"] for each in content.get("examples", {}).values()]
