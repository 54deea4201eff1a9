"""The first example of each operation, filled with keys and living ids: the good request to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.contract.asking.caller import Sent
from simulator.contract.asking.supply import Supply
from simulator.openapi import Contract, Operation


class Examples:
    """Reads examples from a contract; values come from a supply."""

    def __init__(self, contract: Contract, supply: Supply) -> None:
        self._contract = contract
        self._supply = supply

    def of(self, operation: Operation) -> Sent:
        """The first example, with every parameter that is required or has an example of its own."""
        name, supply = operation.operation_id, self._supply
        path = {p["name"]: self._value(p) for p in operation.parameters if p["in"] == "path"}
        asked = [p for p in operation.parameters if p["in"] == "query" and (p.get("required") or "example" in p)]
        query = {p["name"]: self._value(p) for p in asked}
        return Sent(name, supply.fill(path, name), supply.fill(query, name), supply.fill(self._body(operation), name))

    def fields(self, operation: Operation) -> frozenset[str]:
        """The fields that a JSON body of an operation may have."""
        content = self._contract.resolve(operation.definition.get("requestBody", {})).get("content", {})
        schema = self._contract.resolve(content.get("application/json", {}).get("schema", {}))
        return frozenset(schema.get("properties", {}))

    def _body(self, operation: Operation) -> Any:
        declared = operation.definition.get("requestBody")
        if not declared:
            return None
        for content in self._contract.resolve(declared)["content"].values():
            for example in content.get("examples", {}).values():
                return self._contract.resolve(example).get("value")
            if "example" in content:
                return content["example"]
        return {}

    def _value(self, parameter: Mapping[str, Any]) -> object:
        if "example" in parameter:
            return parameter["example"]
        for example in parameter.get("examples", {}).values():
            return self._contract.resolve(example)["value"]
        schema = self._contract.resolve(parameter.get("schema", {}))
        if "enum" in schema:
            return schema["enum"][0]
        return schema.get("example", schema.get("default", 1 if schema.get("type") == "integer" else "x"))
