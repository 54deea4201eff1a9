"""Whether a service took what its contract allows and refused what it forbids; the contract is read from both sides.

A request that fits may be refused all the same, for reasons that no schema can state. The contract has a list of them,
`x-reasons`: the words of the answer, or several (three dots stand for anything), and why. An operation names those that
it has, by status, as `x-though-valid`; those that every operation has stand at the root. One with `only-if` holds for
requests in whose body that pattern is found. A request that does not fit must be refused, except where the vendor's
page gives a type and does not say what another one does: such fields are listed as `x-unchecked`, with the reason,
beside the properties they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from simulator.openapi import Contract, Operation, Violation

ABOUT_THE_WORLD = frozenset({404, 409, 423, 429})
"""Refusals that say something of what exists, or of how often somebody asked, and nothing of the request's form."""
ABOUT_THE_FORM = frozenset({400, 404, 409, 413, 414, 415, 422})
"""What a malformed request may be refused with. One that also names nobody may hear of that first."""
ANYTHING = "..."
UNLIMITED = " 999999999"
"""The bound that a contract gives a number where the vendor gives none; it binds only us."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it went out, and the answer. Header names are lower-case."""

    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes


class Verdicts:
    """Judges the exchanges of one service. A service that is not ours has words of its own: `our_words` is False, and
    a refusal with a status that the operation documents is taken at that."""

    def __init__(self, contract: Contract, *, our_words: bool = True) -> None:
        self._contract = contract
        self._our_words = our_words
        self._tolerant = _tolerant(contract)
        self._null_is_absence = bool(contract.document.get("x-null-is-absence", False))

    def on(self, operation: Operation, heard: Heard) -> tuple[str, str] | None:
        """A check and a message where a good request was refused or a bad one taken; None when all is well."""
        if heard.status >= 500 or not operation.emulated:
            return None
        if not self._wrong(self._contract, operation, heard):
            return self._on_good(operation, heard)
        wrong = self._surely_wrong(operation, heard)
        return self._on_bad(operation, heard, wrong) if wrong else None

    def _surely_wrong(self, operation: Operation, heard: Heard) -> list[Violation]:
        """What the contract forbids beyond doubt: nobody promised to refuse a null where nothing has to stand."""
        wrong = self._wrong(self._tolerant, operation, heard)
        if not self._our_words:
            wrong = [each for each in wrong if not (each.keyword == "maximum" and each.message.endswith(UNLIMITED))]
        if wrong and self._null_is_absence and not self._wrong(self._tolerant, operation, _without_nothing(heard)):
            return []
        return wrong

    def _wrong(self, contract: Contract, operation: Operation, heard: Heard) -> list[Violation]:
        return contract.check_request(
            contract.operations[operation.operation_id],
            path=heard.path, query=heard.query, headers=heard.headers, body=heard.body,
        )  # fmt: skip

    def _on_good(self, operation: Operation, heard: Heard) -> tuple[str, str] | None:
        said = list(_texts(heard.answer))
        if heard.status < 400:
            partly = [text for text in _errors(heard.answer) if not self._excused(operation, heard, [text])]
            if not partly:
                return None
            return "refused-valid-object", f"took a part of a request that fits the contract only: {partly[0]}"
        if heard.status in ABOUT_THE_WORLD or self._excused(operation, heard, said):
            return None
        return "refused-valid-request", f"refused a request that fits the contract with {heard.status}: {_first(said)}"

    def _on_bad(self, operation: Operation, heard: Heard, wrong: list[Violation]) -> tuple[str, str] | None:
        if heard.status < 400 and not list(_errors(heard.answer)):
            return "accepted-bad-input", f"accepted a request although {wrong[0]}"
        if heard.status >= 400 and heard.status not in self._refusals(operation, heard):
            return "refused-otherwise", f"answered {heard.status} to a request that is wrong in its form: {wrong[0]}"
        return None

    def _refusals(self, operation: Operation, heard: Heard) -> frozenset[int]:
        """Also the statuses whose words the contract excuses: a key in the body that is missing is a wrong key."""
        excused = self._excused(operation, heard, list(_texts(heard.answer)))
        return ABOUT_THE_FORM | {heard.status} if excused else ABOUT_THE_FORM

    def _excused(self, operation: Operation, heard: Heard, said: list[str]) -> bool:
        if not self._our_words:
            return str(heard.status) in operation.statuses
        known = self._contract.document.get("x-reasons", {})
        reasons = [
            known[name]
            for where in (self._contract.document, operation.definition)
            for name in where.get("x-though-valid", {}).get(str(heard.status), ())
        ]
        return any(
            _pattern(words).fullmatch(text)
            for reason in reasons
            if re.search(str(reason.get("only-if", "")).encode(), heard.body)
            for words in _words(reason)
            for text in said
        )


def _words(reason: Mapping[str, Any]) -> Sequence[str]:
    """What a reason may say: one sentence, or one of several."""
    words = reason["words"]
    return [words] if isinstance(words, str) else words


@lru_cache(maxsize=1024)
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in words.split(ANYTHING)), re.DOTALL)


def _texts(answer: bytes) -> Iterator[str]:
    """Every text of an answer, wherever it stands."""
    try:
        value = orjson.loads(answer)
    except orjson.JSONDecodeError:
        yield answer.decode("utf-8", "replace")
        return
    yield from _inside(value)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _inside(each)


def _errors(answer: bytes) -> Iterator[str]:
    """What a success says of objects that were not taken."""
    try:
        value = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return
    for name, each in value.items() if isinstance(value, Mapping) else ():
        if str(name).endswith("errors"):
            for error in each if isinstance(each, list) else ():
                # Braze tells an object's error as an object, as a pair of id and sentence, or as a sentence.
                yield str(error.get("type") if isinstance(error, Mapping) else error[-1] if isinstance(error, list)
                          else error)  # fmt: skip


def _first(said: list[str]) -> str:
    return max(said, key=len, default="without a word")[:200]


def _tolerant(contract: Contract) -> Contract:
    """The contract without what nobody promised to check in requests."""
    document = {**contract.document, "components": {**contract.document.get("components", {})}}
    for kind, loosen in (("schemas", _loosened), ("parameters", _loosened_parameter)):
        whole = document["components"].get(kind, {})
        document["components"][kind] = {name: loosen(each) for name, each in whole.items()}
    document["paths"] = {
        path: {method: _loosened_operation(each) for method, each in item.items()}
        for path, item in document["paths"].items()
    }
    return Contract(contract.name, document)


def _loosened_operation(definition: Any) -> Any:
    if not isinstance(definition, Mapping):
        return definition
    made = {**definition, "parameters": [_loosened_parameter(each) for each in definition.get("parameters", ())]}
    if "content" in definition.get("requestBody", {}):
        body = definition["requestBody"]
        content = {
            name: {**each, "schema": _loosened(each.get("schema", {}))} for name, each in body["content"].items()
        }
        made["requestBody"] = {**body, "content": content}
    return made


def _loosened_parameter(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**parameter, "schema": {}, "required": False} if "x-unchecked" in parameter else parameter


def _loosened(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    made = dict(schema)
    for word in ("items", "additionalProperties"):
        if word in made:
            made[word] = _loosened(made[word])
    for word in ("allOf", "anyOf", "oneOf"):
        if word in made:
            made[word] = [_loosened(each) for each in made[word]]
    unchecked = made.get("x-unchecked", {}).get("fields", ())
    made["properties"] = {
        name: {} if name in unchecked else _loosened(each) for name, each in made.get("properties", {}).items()
    }
    return made


def _without_nothing(heard: Heard) -> Heard:
    """The request without what says nothing: null in a body, an empty text in an address."""
    query = {name: full for name, values in heard.query.items() if (full := [each for each in values if each])}
    try:
        body = orjson.dumps(_without_null(orjson.loads(heard.body)))
    except orjson.JSONDecodeError:
        body = heard.body
    return replace(heard, query=query, body=body)


def _without_null(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_null(each) for name, each in value.items() if each is not None}
    return [_without_null(each) for each in value] if isinstance(value, list) else value


WORDED = frozenset({401, 403, 413, 414, 415, 423, 429, 500, 502, 503, 504})
"""Refusals whose words do not depend on the request: they are those of an example of their status, up to numbers."""


def check_words(
    contract: Contract, operation: Operation, status: int, answer: bytes, *, every: bool = False
) -> list[Violation]:
    """What a refusal says that no example of its status says; nothing when its words are known.

    Two statuses may share a shape; a body that belongs to another one is told by its words. With `every`, refusals
    whose words depend on the request are judged as well: they are those of any refusal's example, those of a reason,
    or one of the contract's `x-words`. Requests that are drawn at random meet words that nobody has written down.
    """
    if str(status) not in operation.statuses:
        return []
    if status in WORDED:
        known = _example_words(contract, operation.operation_id, str(status))
        strange = [text for text in _texts(answer) if known and _without_numbers(text) not in known]
    elif every and 400 <= status < 500 and "x-words" in contract.document:
        words, patterns = _refusal_words(contract)
        strange = [
            text
            for text in _texts(answer)
            if _without_numbers(text) not in words and not any(each.fullmatch(text) for each in patterns)
        ]
    else:
        return []
    return [Violation("body", "words", f"no example of status {status} says {text!r}") for text in strange[:1]]


@lru_cache(maxsize=8)
def _refusal_words(contract: Contract) -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """What the examples of all refusals say, and the forms of what else may be said."""
    refusals = [
        (name, status)
        for name, operation in contract.operations.items()
        for status in operation.statuses
        if status.startswith("4")
    ]
    words = frozenset(text for name, status in refusals for text in _example_words(contract, name, status))
    reasons = [words for each in contract.document.get("x-reasons", {}).values() for words in _words(each)]
    return words, tuple(_pattern(each) for each in (*reasons, *contract.document["x-words"]))


@lru_cache(maxsize=4096)
def _example_words(contract: Contract, operation_id: str, status: str) -> frozenset[str]:
    documented = contract.resolve(contract.operations[operation_id].definition["responses"][status])
    values = [
        contract.resolve(example)["value"]
        for content in documented.get("content", {}).values()
        for example in content.get("examples", {}).values()
    ]
    return frozenset(_without_numbers(text) for value in values for text in _inside(value))


def _without_numbers(text: str) -> str:
    return re.sub(r"`[^`]*`", "`_`", re.sub(r"\d[\d,.]*", "0", text))
