"""A wire contract read from an OpenAPI 3.1 file: its operations, and compiled checks of requests and answers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import jsonschema_rs
import orjson
import yaml

from simulator import resources
from simulator.described.fields import Description, undescribed
from simulator.described.files import complaints

FORM = "application/x-www-form-urlencoded"
UNKNOWN_FIELD = "unknown-field"
METHODS = ("get", "post", "put", "patch", "delete")
_TEMPLATE = re.compile(r"\{([^}]+)\}")
_CHARSET = re.compile(r"charset=\"?([^\s;\"]+)")


class BrokenContract(ValueError):
    """The contract file itself is wrong; the message names the file and the place."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a request or an answer departs from the contract."""

    where: str
    keyword: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.keyword}]"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `definition` is the operation object with its own references resolved one level."""

    operation_id: str
    method: str
    path: str
    parameters: tuple[Mapping[str, Any], ...]
    definition: Mapping[str, Any]
    tags: tuple[str, ...]
    emulated: bool
    pattern: re.Pattern[str] = field(repr=False)

    @property
    def statuses(self) -> tuple[str, ...]:
        """Every documented status, as text (`"200"`)."""
        return tuple(str(status) for status in self.definition.get("responses", {}))


class Contract:
    """One contract file, loaded once and read by whoever must agree with it."""

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        self.name = name
        self.document = document
        self._validators: dict[tuple[str, ...], jsonschema_rs.Draft202012Validator] = {}

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations by operationId, in file order. Raises BrokenContract for a missing or doubled id."""
        found: dict[str, Operation] = {}
        for path, item in self.document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method not in item:
                    continue
                operation = self._operation(method, path, item[method], shared)
                if operation.operation_id in found:
                    raise BrokenContract(f"{self.name}: operationId {operation.operation_id} stands twice")
                found[operation.operation_id] = operation
        return found

    def _operation(
        self, method: str, path: str, definition: Mapping[str, Any], shared: Sequence[Mapping[str, Any]]
    ) -> Operation:
        if "operationId" not in definition:
            raise BrokenContract(f"{self.name}: {method.upper()} {path} has no operationId")
        parameters = tuple(self.resolve(each) for each in [*shared, *definition.get("parameters", [])])
        pattern = re.compile(
            "^" + _TEMPLATE.sub(lambda m: f"(?P<{m[1]}>[^/]+)", re.sub(r"([.+$])", r"\\\1", path)) + "$"
        )
        return Operation(
            operation_id=definition["operationId"],
            method=method.upper(),
            path=path,
            parameters=parameters,
            definition=definition,
            tags=tuple(definition.get("tags", ())),
            emulated=definition.get("x-absim-emulated", True),
            pattern=pattern,
        )

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a `$ref` inside this document. Raises BrokenContract when it leads nowhere."""
        while "$ref" in node:
            target: Any = self.document
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                try:
                    target = target[part.replace("~1", "/").replace("~0", "~")]
                except (KeyError, TypeError):
                    raise BrokenContract(f"{self.name}: {node['$ref']} leads nowhere") from None
            node = target
        return node

    def tagged(self, tag: str | None) -> tuple[frozenset[str], frozenset[str]]:
        """The ids of the operations with this tag (all without one), and those of them that are emulated."""
        if tag not in self._tagged:
            found = [each for each in self.operations.values() if tag is None or tag in each.tags]
            emulated = frozenset(each.operation_id for each in found if each.emulated)
            self._tagged[tag] = frozenset(each.operation_id for each in found), emulated
        return self._tagged[tag]

    @cached_property
    def _tagged(self) -> dict[str | None, tuple[frozenset[str], frozenset[str]]]:
        return {}

    @cached_property
    def _literal_paths(self) -> dict[str, dict[str, Operation]]:
        found: dict[str, dict[str, Operation]] = {}
        for operation in self.operations.values():
            if "{" not in operation.path:
                found.setdefault(operation.path, {})[operation.method] = operation
        return found

    @cached_property
    def _template_paths(self) -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
        found: dict[str, tuple[re.Pattern[str], dict[str, Operation]]] = {}
        for operation in self.operations.values():
            if "{" in operation.path:
                found.setdefault(operation.path, (operation.pattern, {}))[1][operation.method] = operation
        return sorted(found.values(), key=lambda each: each[0].groups)

    def at(self, path: str) -> tuple[Mapping[str, Operation], dict[str, str]] | None:
        """The operations at a path (percent-decoded) by method, with the path parameters; literal paths win."""
        if (methods := self._literal_paths.get(path)) is not None:
            return methods, {}
        for pattern, operations in self._template_paths:
            if (match := pattern.match(path)) is not None:
                return operations, match.groupdict()
        return None

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation that a method and a path (percent-decoded) mean, with the path parameters."""
        found = self.at(path)
        if found is None or method.upper() not in found[0]:
            return None
        return found[0][method.upper()], found[1]

    def check_request(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str],
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        body: bytes,
        described: bool = False,
    ) -> list[Violation]:
        """Everything in which a request departs from the contract; an empty list means it conforms.

        With `described`, a field of a JSON body that the contract tolerates and does not describe is one too. Vendors
        pass over what they do not know, so their schemas stay open. A field of ours with a wrong name would be lost in
        silence; in recorded traffic it is the first sign that a vendor has moved.
        """
        violations = list(self._check_parameters(operation, path, query, headers))
        request_body = operation.definition.get("requestBody")
        if request_body is None:
            return violations
        request_body = self.resolve(request_body)
        if not body:
            if request_body.get("required", False):
                violations.append(Violation("body", "required", "the request has no body"))
            return violations
        content_type = headers.get("content-type", "").split(";")[0].strip().lower()
        content = request_body["content"]
        if content_type not in content:
            known = ", ".join(content)
            violations.append(
                Violation("body", "content-type", f"content type {content_type or 'none'!r} is not one of {known}")
            )
        elif "schema" in content[content_type]:
            schema = content[content_type]["schema"]
            key = ("request", operation.operation_id, content_type)
            if content_type == "application/json":
                value, unread = _read(body)
                violations += unread or self._check_value(key, schema, value, "body")
                if described and not unread:
                    violations += self._undescribed((operation.operation_id,), request_body, value)
            elif content_type == FORM:
                violations += self._check_value(key, schema, self._form(schema, body), "body")
        return violations

    def _form(self, schema: Mapping[str, Any], body: bytes) -> dict[str, object]:
        """The fields of a form with the types that the schema gives them; a field that is repeated is a list."""
        described = self.resolve(schema).get("properties", {})
        found: dict[str, object] = {}
        for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items():
            kind = self.resolve(described.get(name, {})).get("type")
            found[name] = [*values] if kind == "array" or len(values) > 1 else _typed(values[0], kind)
        return found

    def check_described_answer(self, operation: Operation, status: int, body: bytes) -> list[Violation]:
        """The fields of a JSON answer that the contract tolerates and does not describe."""
        documented = operation.definition.get("responses", {}).get(str(status), {})
        value, unread = _read(body)
        return [] if unread else self._undescribed((operation.operation_id, str(status)), documented, value)

    def _undescribed(self, key: tuple[str, ...], message: Mapping[str, Any], value: object) -> list[Violation]:
        description = self._described(key, message)
        places = () if description is None else undescribed(description, value)
        return [Violation(place, UNKNOWN_FIELD, "not described by the contract") for place in places]

    def _described(self, key: tuple[str, ...], message: Mapping[str, Any]) -> Description | None:
        known = self._descriptions
        if key not in known:
            content = self.resolve(message).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            known[key] = None if schema is None else Description([schema], self.resolve)
        return known[key]

    @cached_property
    def _descriptions(self) -> dict[tuple[str, ...], Description | None]:
        return {}

    def check_response(
        self, operation: Operation, status: int, headers: Mapping[str, str], body: bytes
    ) -> list[Violation]:
        """Everything in which an answer departs from the contract; an undocumented status is one violation."""
        responses = operation.definition.get("responses", {})
        documented = responses.get(str(status), responses.get("default"))
        if documented is None:
            known = ", ".join(operation.statuses)
            return [Violation("status", "status", f"status {status} is not documented; documented are {known}")]
        documented = self.resolve(documented)
        violations = list(self._check_response_headers(operation, status, documented, headers))
        content = documented.get("content")
        if not content:
            if body:
                violations.append(Violation("body", "content", f"status {status} is documented without a body"))
            return violations
        content_type = headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type not in content:
            known = ", ".join(content)
            violations.append(
                Violation("body", "content-type", f"content type {content_type or 'none'!r} is not one of {known}")
            )
        elif "schema" in content[content_type]:
            key = ("response", operation.operation_id, str(status), content_type)
            schema = content[content_type]["schema"]
            if content_type == "application/json" or content_type.endswith("+json"):
                violations += _charset(headers["content-type"])
                value, unread = _read(body)
                violations += unread or self._check_value(key, schema, value, "body")
            elif content_type.startswith("text/"):
                violations += self._check_value(key, schema, body.decode("utf-8", "replace"), "body")
            if "x-holds" in content[content_type]:
                violations += self._check_file(key, content[content_type]["x-holds"], headers, body)
        return violations

    def _check_file(
        self, key: tuple[str, ...], holds: Mapping[str, Any], headers: Mapping[str, str], body: bytes
    ) -> list[Violation]:
        """What a file holds: OpenAPI has words for its type only."""

        def judge(line: Any, where: str) -> list[tuple[str, str]]:
            found = self._check_value((*key, "line"), holds["lines"], line, where)
            return [(each.keyword, f"{each.where}: {each.message}") for each in found]

        found = complaints(holds, headers.get("content-encoding", ""), body, judge)
        return [Violation("body", keyword, message) for keyword, message in found]

    def check_usual(self, operation: Operation, status: int, reading: Callable[[str], object]) -> list[Violation]:
        """Whether a status that only a switch brings was answered without it; `reading` says how a switch stands."""
        told = self.document.get("x-by-switch", {}).get(str(status))
        if told is None or told["usual"] not in operation.statuses or reading(told["switch"]) == told["value"]:
            return []
        only = f"{told['switch']}: {told['value']}"
        message = f"status {status} is answered by the switch {only} only; the usual one is {told['usual']}"
        return [Violation("status", "status", message)]

    def _check_parameters(
        self,
        operation: Operation,
        path: Mapping[str, str],
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
    ) -> Iterator[Violation]:
        for parameter in operation.parameters:
            name, place = parameter["name"], parameter["in"]
            where = f"{place} {name}"
            if place == "query":
                values: Sequence[str] = query.get(name, ())
            elif place == "header":
                values = (headers[name.lower()],) if name.lower() in headers else ()
            elif place == "path":
                values = (path[name],) if name in path else ()
            else:
                continue
            if not values:
                if parameter.get("required", False):
                    yield Violation(where, "required", f"{where} is missing")
                continue
            schema = parameter.get("schema", {})
            key = ("parameter", operation.operation_id, place, name)
            kind = self.resolve(schema).get("type")
            value: object = [_typed(text, None) for text in values] if kind == "array" else _typed(values[0], kind)
            yield from self._check_value(key, schema, value, where)

    def _check_response_headers(
        self, operation: Operation, status: int, documented: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Iterator[Violation]:
        for name, node in documented.get("headers", {}).items():
            header = self.resolve(node)
            value = headers.get(name.lower())
            if value is None:
                if header.get("required", False):
                    yield Violation(f"header {name}", "required", f"header {name} is missing")
                continue
            schema = header.get("schema", {})
            key = ("header", operation.operation_id, str(status), name)
            yield from self._check_value(key, schema, _typed(value, self.resolve(schema).get("type")), f"header {name}")

    def _check_value(
        self, key: tuple[str, ...], schema: Mapping[str, Any], value: object, where: str
    ) -> list[Violation]:
        validator = self._validator(key, schema)
        if validator.is_valid(value):
            return []
        return [
            Violation(
                where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path),
                str(error.schema_path[-1]) if error.schema_path else "schema",
                self._told(schema, error),
            )
            for whole in validator.iter_errors(value)
            for error in _meant(whole)
        ]

    def _told(self, schema: Mapping[str, Any], error: jsonschema_rs.ValidationError) -> str:
        """What is wrong: the form of a text, if it has a name; where one of several fields must be there, which."""
        node: Any = {**schema, "components": self.document.get("components", {})}
        above = node
        with contextlib.suppress(KeyError, IndexError, TypeError, ValueError):
            for part in error.schema_path:
                node, above = self.resolve(node) if part == "$ref" else node[part], node
            if "x-form" in above:
                return f"{orjson.dumps(error.instance).decode()[:80]} is not {above['x-form']}"
            names = [name for choice in node for (name,) in [choice["required"]]]
            given = [name for name in names if name in cast("dict[str, object]", error.instance)]
            return f"only one of {', '.join(given)} may be there" if given else f"one of {', '.join(names)} is missing"
        return error.message if len(error.message) <= 300 else error.message[:297] + "..."

    def _validator(self, key: tuple[str, ...], schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        validator = self._validators.get(key)
        if validator is None:
            # References like #/components/schemas/User resolve against the root of the schema they stand in.
            whole = {
                **schema,
                "components": {"schemas": self.document.get("components", {}).get("schemas", {})},
            }
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            self._validators[key] = validator
        return validator


def _read(body: bytes) -> tuple[Any, list[Violation]]:
    """The value of a JSON body, or why there is none."""
    try:
        return orjson.loads(body), []
    except orjson.JSONDecodeError as error:
        return None, [Violation("body", "json", f"is not JSON: {error}")]


def _meant(error: jsonschema_rs.ValidationError) -> Sequence[jsonschema_rs.ValidationError]:
    """What is wrong in the one of several choices that has all its fields; the error itself where none or more have."""
    choices = getattr(error.kind, "context", None) or ()
    whole = [each for each in choices if not any(inner.schema_path[-1] in ("required", "type") for inner in each)]
    return whole[0] if len(whole) == 1 else [error]


def _charset(content_type: str) -> list[Violation]:
    """JSON is UTF-8 (RFC 8259); a header that says otherwise makes clients read it wrongly."""
    found = _CHARSET.search(content_type)
    if found is None or found[1].lower() in ("utf-8", "utf8"):
        return []
    return [Violation("body", "content-type", f"JSON is sent as UTF-8, and the header says {found[1]}")]


def _typed(text: str, kind: object) -> object:
    """A parameter travels as text; its schema says which type the text must have."""
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def read(name: str, path: Path) -> Contract:
    """Read a contract file. Raises BrokenContract when it is not an OpenAPI 3.1 document."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        raise BrokenContract(f"{path.name} is not YAML: {error}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3.1"):
        raise BrokenContract(f"{path.name} is not an OpenAPI 3.1 document")
    return Contract(name, document)


@lru_cache(maxsize=8)
def load(name: str) -> Contract:
    """The shipped contract of `braze`, `amplitude` or `control`; read once a process, never changed."""
    path = resources.contract_path(name)
    return Contract(name, resources.kept(path.stem, [path], lambda: read(name, path).document))


class _Loader(yaml.CSafeLoader):
    """YAML for contracts: status codes as keys stay text, dates stay text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        return {str(key): value for key, value in mapping.items()}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
