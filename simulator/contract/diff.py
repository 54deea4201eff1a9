"""Two versions of a contract compared: what breaks clients, what breaks the service, and what merely grew.

No maintained Python library does this for OpenAPI 3.1 (the good tools are Go programs), so the comparison is ours and
small. It knows the direction: a request schema may grow looser and never stricter, an answer's schema may grow stricter
and never looser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.openapi import Contract, Operation


class Severity(StrEnum):
    """Whether a client that was right yesterday can be wrong today."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"


class Side(StrEnum):
    """Who writes the value: the client (a request) or the service (an answer)."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: what changed, where, and why that breaks somebody or does not."""

    severity: Severity
    rule: str
    operation: str
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.operation} {self.where}: {self.reason} [{self.rule}]"


NUMBER_OF_LEVELS = 24
"""Schemas nested deeper than this are taken as equal; recursive schemas end here."""

LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EXACT_KEYWORDS = ("pattern", "format", "multipleOf", "uniqueItems", "propertyNames", "dependentRequired", "contains")
BRANCHES = ("oneOf", "anyOf")


def compare(old: Contract, new: Contract) -> list[Finding]:
    """Every difference between two versions of a contract, breaking ones first, then in contract order."""
    findings = list(_operations(old, new))
    return sorted(findings, key=lambda finding: finding.severity is not Severity.BREAKING)


def _operations(old: Contract, new: Contract) -> Iterator[Finding]:
    for name, before in old.operations.items():
        after = new.operations.get(name)
        if after is None:
            yield _breaking("operation-removed", name, f"{before.method} {before.path}", "the operation is gone")
            continue
        if (before.method, before.path) != (after.method, after.path):
            moved = f"moved from {before.method} {before.path} to {after.method} {after.path}"
            yield _breaking("operation-moved", name, "path", moved)
        yield from _parameters(_Walk(old, new, name, Side.REQUEST), before, after)
        yield from _bodies(_Walk(old, new, name, Side.REQUEST), before, after)
        yield from _responses(_Walk(old, new, name, Side.RESPONSE), before, after)
    for name in new.operations.keys() - old.operations.keys():
        yield _compatible("operation-added", name, new.operations[name].path, "the operation is new")


def _parameters(walk: _Walk, before: Operation, after: Operation) -> Iterator[Finding]:
    earlier = {(each["in"], each["name"]): each for each in before.parameters}
    later = {(each["in"], each["name"]): each for each in after.parameters}
    for (place, name), parameter in earlier.items():
        where = f"{place} parameter {name}"
        if (place, name) not in later:
            yield _breaking("parameter-removed", walk.operation, where, "clients that send it are no longer understood")
            continue
        changed = later[place, name]
        if changed.get("required", False) and not parameter.get("required", False):
            yield _breaking("parameter-required", walk.operation, where, "clients that leave it out are now refused")
        yield from walk.schemas(parameter.get("schema", {}), changed.get("schema", {}), where)
    for place, name in later.keys() - earlier.keys():
        where = f"{place} parameter {name}"
        if later[place, name].get("required", False):
            yield _breaking("parameter-required", walk.operation, where, "a new parameter is required")
        else:
            yield _compatible("parameter-added", walk.operation, where, "a new parameter may be sent")


def _bodies(walk: _Walk, before: Operation, after: Operation) -> Iterator[Finding]:
    earlier = walk.old.resolve(before.definition.get("requestBody", {}))
    later = walk.new.resolve(after.definition.get("requestBody", {}))
    if later.get("required", False) and not earlier.get("required", False):
        yield _breaking("body-required", walk.operation, "request body", "requests without a body are now refused")
    yield from _contents(walk, earlier.get("content", {}), later.get("content", {}), "request body")


def _responses(walk: _Walk, before: Operation, after: Operation) -> Iterator[Finding]:
    earlier, later = before.definition.get("responses", {}), after.definition.get("responses", {})
    for status in earlier.keys() - later.keys():
        if str(status).startswith("2"):
            yield _breaking("success-removed", walk.operation, f"status {status}", "clients wait for this success")
        else:
            yield _compatible(
                "status-removed", walk.operation, f"status {status}", "the status is no longer documented"
            )
    for status in later.keys() - earlier.keys():
        yield _compatible("status-added", walk.operation, f"status {status}", "a further status is documented")
    for status in earlier.keys() & later.keys():
        one, two = walk.old.resolve(earlier[status]), walk.new.resolve(later[status])
        where = f"status {status}"
        yield from _contents(walk, one.get("content", {}), two.get("content", {}), where)
        for name in one.get("headers", {}).keys() - two.get("headers", {}).keys():
            yield _breaking("header-removed", walk.operation, f"{where} header {name}", "clients may read this header")


def _contents(walk: _Walk, earlier: Mapping[str, Any], later: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for content_type in earlier.keys() - later.keys():
        reason = "this content type is no longer accepted" if walk.side is Side.REQUEST else "it is no longer answered"
        yield _breaking("content-type-removed", walk.operation, f"{where} {content_type}", reason)
    for content_type in later.keys() - earlier.keys():
        yield _compatible("content-type-added", walk.operation, f"{where} {content_type}", "a further content type")
    for content_type in earlier.keys() & later.keys():
        one, two = earlier[content_type].get("schema", {}), later[content_type].get("schema", {})
        yield from walk.schemas(one, two, f"{where} {content_type}")


@dataclass(frozen=True, slots=True)
class _Walk:
    """Two schemas side by side, on one side of the wire."""

    old: Contract
    new: Contract
    operation: str
    side: Side

    def schemas(self, before: Any, after: Any, where: str, level: int = 0) -> Iterator[Finding]:
        """Compare two schemas; `true` and `false` are schemas too."""
        if level > NUMBER_OF_LEVELS or before == after == {}:
            return
        before, after = self._plain(self.old, before), self._plain(self.new, after)
        yield from self._types(before, after, where)
        yield from self._enums(before, after, where)
        yield from self._limits(before, after, where)
        yield from self._members(before, after, where, level)
        for keyword in BRANCHES:
            yield from self._branches(before.get(keyword, []), after.get(keyword, []), f"{where} {keyword}", level)
        yield from self.schemas(before.get("items", {}), after.get("items", {}), f"{where}[]", level + 1)

    def _plain(self, contract: Contract, schema: Any) -> Mapping[str, Any]:
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        resolved = contract.resolve(schema)
        merged: dict[str, Any] = {key: value for key, value in resolved.items() if key != "allOf"}
        for part in resolved.get("allOf", ()):
            for key, value in self._plain(contract, part).items():
                if key == "properties":
                    merged["properties"] = {**merged.get("properties", {}), **value}
                elif key == "required":
                    merged["required"] = [*merged.get("required", []), *value]
                else:
                    merged.setdefault(key, value)
        return merged

    def _narrowed(self, narrower: bool, rule: str, where: str, reason: str) -> Finding:
        """Narrower requests and wider answers break; the other way round is growth."""
        breaks = narrower if self.side is Side.REQUEST else not narrower
        return (_breaking if breaks else _compatible)(rule, self.operation, where, reason)

    def _types(self, before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[Finding]:
        earlier, later = _types_of(before), _types_of(after)
        if earlier == later:
            return
        gone, came = earlier - later, later - earlier
        if gone:
            yield self._narrowed(True, "type-removed", where, f"{', '.join(sorted(gone))} no longer allowed")
        if came:
            yield self._narrowed(False, "type-added", where, f"{', '.join(sorted(came))} now allowed")

    def _enums(self, before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[Finding]:
        earlier, later = _enum_of(before), _enum_of(after)
        if earlier == later:
            return
        if later is None:
            yield self._narrowed(False, "enum-removed", where, "any value is now allowed")
        elif earlier is None:
            yield self._narrowed(True, "enum-added", where, f"only {', '.join(sorted(later))} allowed now")
        else:
            if gone := earlier - later:
                yield self._narrowed(True, "enum-value-removed", where, f"{', '.join(sorted(gone))} no longer allowed")
            if came := later - earlier:
                yield self._narrowed(False, "enum-value-added", where, f"{', '.join(sorted(came))} now allowed")

    def _limits(self, before: Mapping[str, Any], after: Mapping[str, Any], where: str) -> Iterator[Finding]:
        for keyword, direction in [(each, 1) for each in LOWER_LIMITS] + [(each, -1) for each in UPPER_LIMITS]:
            earlier, later = before.get(keyword), after.get(keyword)
            if earlier == later:
                continue
            narrower = later is not None and (earlier is None or (later - earlier) * direction > 0)
            yield self._narrowed(narrower, f"{keyword}-changed", where, f"{keyword} was {earlier}, is {later}")
        for keyword in EXACT_KEYWORDS:
            earlier, later = before.get(keyword), after.get(keyword)
            if earlier != later:
                narrower = later is not None
                yield self._narrowed(narrower, f"{keyword}-changed", where, f"{keyword} was {earlier}, is {later}")

    def _members(
        self, before: Mapping[str, Any], after: Mapping[str, Any], where: str, level: int
    ) -> Iterator[Finding]:
        earlier, later = before.get("properties", {}), after.get("properties", {})
        required, now_required = set(before.get("required", ())), set(after.get("required", ()))
        for name in sorted(now_required - required):
            yield self._narrowed(True, "property-required", f"{where}.{name}", "is now required")
        for name in sorted(required - now_required):
            yield self._narrowed(False, "property-optional", f"{where}.{name}", "is no longer required")
        closed = after.get("additionalProperties") is False
        for name in earlier.keys() - later.keys():
            if closed or self.side is Side.RESPONSE:
                yield _breaking("property-removed", self.operation, f"{where}.{name}", "the property is gone")
            else:
                yield _compatible("property-removed", self.operation, f"{where}.{name}", "is no longer described")
        was_closed = before.get("additionalProperties") is False
        if closed and not was_closed:
            yield self._narrowed(True, "closed", where, "unknown properties are no longer allowed")
        elif was_closed and not closed:
            yield self._narrowed(False, "opened", where, "unknown properties are now allowed")
        for name in later.keys() - earlier.keys():
            yield _compatible("property-added", self.operation, f"{where}.{name}", "the property is new")
        for name in earlier.keys() & later.keys():
            yield from self.schemas(earlier[name], later[name], f"{where}.{name}", level + 1)
        extra, now_extra = before.get("additionalProperties"), after.get("additionalProperties")
        if isinstance(extra, Mapping) and isinstance(now_extra, Mapping):
            yield from self.schemas(extra, now_extra, f"{where}.*", level + 1)

    def _branches(self, earlier: list[Any], later: list[Any], where: str, level: int) -> Iterator[Finding]:
        if len(later) < len(earlier):
            yield self._narrowed(True, "branch-removed", where, f"{len(earlier)} alternatives became {len(later)}")
        elif len(later) > len(earlier) and earlier:
            yield self._narrowed(False, "branch-added", where, f"{len(earlier)} alternatives became {len(later)}")
        elif len(later) > len(earlier):
            yield self._narrowed(True, "branch-added", where, "alternatives now limit the value")
        for number, (one, two) in enumerate(zip(earlier, later, strict=False)):
            yield from self.schemas(one, two, f"{where}[{number}]", level + 1)


def _types_of(schema: Mapping[str, Any]) -> set[str]:
    declared = schema.get("type")
    if declared is None:
        return {"null", "boolean", "integer", "number", "string", "array", "object"}
    types = {declared} if isinstance(declared, str) else set(declared)
    return types | {"integer"} if "number" in types else types


def _enum_of(schema: Mapping[str, Any]) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _breaking(rule: str, operation: str, where: str, reason: str) -> Finding:
    return Finding(Severity.BREAKING, rule, operation, where, reason)


def _compatible(rule: str, operation: str, where: str, reason: str) -> Finding:
    return Finding(Severity.COMPATIBLE, rule, operation, where, reason)
