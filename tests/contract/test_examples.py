"""Every example of a contract is what the contract says, and one that is not is told with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import openapi
from simulator.contract.defects.spoiling import rewritten
from simulator.contract.examples import wrong_examples

Document = dict[str, Any]
BRAZE = openapi.load("braze")


def json_of(document: Document, path: str, status: str = "") -> Document:
    operation = document["paths"][path]["post"]
    holder = operation["responses"][status] if status else operation["requestBody"]
    found: Document = holder["content"]["application/json"]
    return found


def spoil_answer(document: Document) -> None:
    next(iter(json_of(document, "/users/track", "201")["examples"].values()))["value"]["attribute_processed"] = 1


def spoil_request(document: Document) -> None:
    del next(iter(json_of(document, "/users/alias/new")["examples"].values()))["value"]["user_aliases"]


@pytest.mark.parametrize("service", ["braze", "amplitude", "control"])
def test_the_shipped_examples_fit(service: str) -> None:
    assert [] == [str(each.message) for each in wrong_examples(openapi.load(service), frozenset(), 1)]


@pytest.mark.parametrize(
    ("spoil", "operation", "told"),
    [
        (spoil_answer, "trackUsers", "of 201 does not fit its own contract: body: Additional properties"),
        (spoil_request, "createUserAliases", 'of the request does not fit its own contract: body: "user_aliases"'),
    ],
)
def test_an_example_that_does_not_fit_is_told(spoil: Callable[[Document], None], operation: str, told: str) -> None:
    found = list(wrong_examples(rewritten(BRAZE, spoil), frozenset({operation}), 1))
    assert ("braze", operation, "wrong-example") == found[0].place
    assert told in found[0].message
