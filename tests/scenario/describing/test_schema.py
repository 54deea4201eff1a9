"""The JSON Schema and the reference: generated, current, and true of the examples that they show."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from simulator import resources
from simulator.scenario.describing.plan import plan_lines
from simulator.scenario.describing.reference import reference
from simulator.scenario.describing.schema import json_schema, schema_text
from simulator.scenario.language.nodes import parse_nodes, plain_value
from simulator.scenario.language.records import Record, keys_of
from simulator.scenario.language.source import Source
from simulator.scenario.model.expect import EXPECTATIONS
from simulator.scenario.model.registry import STEPS
from simulator.scenario.parse import load_text

WORLD = """
scenario: every example of the reference
people:
  ben: {device_id: d-ben-0001}
  ida: {user_id: ida-1001}
  kim: {braze: {aliases: {crm: kim-7}}}
  noor: {user_id: noor-1001, braze: none}
connections: {braze: [user_id], by_device: [device_id], hook: {identify_by: user_id, webhook: {}}}
computations: {orders_30d: {count: order_placed, within: 30d}}
cohorts: {openers: {performed: app_opened}, vips: {people: [ida]}}
population: {size: 10}
"""
EXAMPLES = [
    *((verb, f"- {example}") for verb, kind in STEPS.items() for example in kind.EXAMPLES),
    *((name, f"- expect: {{{example}}}") for name, kind in EXPECTATIONS.items() for example in kind.EXAMPLES),
]


def indented(text: str) -> str:
    return "  " + text.replace("\n", "\n    ")


def scenario_with(example: str) -> str:
    if example == "- sync: openers":
        example = "- sync: {cohort: openers, to: braze}"
    steps = f"steps:\n  - sync: {{cohort: openers, to: braze}}\n{indented(example)}\n"
    return f"{WORLD}{steps}expect: {{profiles_created: 0}}\n"


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(json_schema())


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(EXAMPLES)])
def test_an_example_is_read_and_is_valid_under_the_schema(name: str, example: str, validator: Any) -> None:
    text = scenario_with(example)
    text = text.replace("steps:\n", "steps:\n" + SETTING.get(name, ""))

    (scenario,) = load_text(text)

    assert [] == [error.message for error in validator.iter_errors(plain_value(parse_nodes(text, Source.of("", text))))]
    assert list(plan_lines(scenario))


SEGMENT = "  - create_segment: {name: SEGMENT, includes: openers}\n"
FEEDS = "  - stream_events: order_placed\n  - export_currents:\n"
SETTING = {
    "segments": SEGMENT.replace("SEGMENT", "in_app") + SEGMENT.replace("SEGMENT", "everybody"),
    "send_campaign": SEGMENT.replace("SEGMENT", "in_app"),
    **dict.fromkeys(["edit_stream", "pause_feed", "resume_feed", "delete_feed"], FEEDS),
    **dict.fromkeys(["revoke_rest_key", "new_rest_key"], FEEDS + "  - sync_traits: plan\n"),
    "sent": SEGMENT.replace("SEGMENT", "in_app") + "  - send_campaign: {segment: in_app, name: hello}\n",
}
"""Steps that an example needs before it."""


def test_every_step_and_expectation_has_a_sentence_and_an_example() -> None:
    without = [
        name
        for name, kind in {**STEPS, **EXPECTATIONS}.items()
        if not kind.EXAMPLES or not (kind.__doc__ or "").strip() or kind.__doc__.startswith(f"{kind.__name__}(")
    ]

    assert [] == without


def test_every_key_says_what_it_means() -> None:
    kinds: list[type[Record]] = list(STEPS.values())

    assert [] == [(kind.__name__, key.name) for kind in kinds for key in keys_of(kind) if not key.doc]


def test_the_schema_in_the_checkout_is_current() -> None:
    path = resources.folder("contracts") / "scenario.schema.json"

    assert schema_text() == path.read_text(encoding="utf-8"), "run `absim schema --write`"
    assert json.loads(schema_text()) == json_schema()


def test_the_reference_in_the_checkout_is_current() -> None:
    path = resources.folder("scenarios") / "LANGUAGE.md"

    assert reference() == path.read_text(encoding="utf-8"), "run `absim schema --write`"


def test_the_reference_leaves_no_placeholder_and_names_every_construct() -> None:
    text = reference()

    assert [] == re.findall(r"\{\{.*?\}\}", text)
    assert [] == [name for name in (*STEPS, *EXPECTATIONS) if f"`{name}`" not in text]


def test_the_first_scenario_of_the_reference_is_a_scenario() -> None:
    found = re.search(r"## A first scenario\n\n```yaml\n(.*?)```", reference(), re.DOTALL)

    assert found is not None
    assert 1 == len(load_text(found[1]))


@pytest.mark.parametrize("text", ["scenario: x\npeeple: {}\n", "steps: []\n", "scenario: x\nsteps: [advnce: 3h]\n"])
def test_the_schema_refuses_what_the_parser_refuses(text: str, validator: Any) -> None:
    assert not validator.is_valid(plain_value(parse_nodes(text, Source.of("", text))))
