"""The ledger as text, JSON and Markdown."""

from __future__ import annotations

import json

import pytest

from simulator.fidelity.behaviours import Behaviour, Room, Sort, chosen, everything
from simulator.fidelity.telling import as_json, as_markdown, as_text, figures
from simulator.rules.catalogue import RULES, Confidence
from simulator.rules.switches import SWITCHES

RULE = Behaviour(
    Sort.RULE, "MAP-2", "The next is used.", "Braze", "documented", (Room.ENGINE,), "fallback", ("a", "b|c"),
    tests=("one.scenario.yaml",),
)  # fmt: skip
LEFT_OUT = Behaviour(
    Sort.OPERATION, "makeCoffee", "Make coffee", "Braze, Coffee", "live", (Room.BRAZE,), where="POST /coffee",
    emulated=False,
)  # fmt: skip
PART = Behaviour(
    Sort.OMISSION, "drinkCoffee", "Milk is not heated.", "Braze, Coffee", "", (Room.BRAZE,), where="POST /drink",
    emulated=False,
)  # fmt: skip
BARE = Behaviour(Sort.READING, "simulator/x.py", "Inferred.", "absim", "inferred", (Room.BRAZE,))
LEDGER = [RULE, BARE, LEFT_OUT]


def test_text_has_each_behaviour_with_what_shows_it_and_what_is_left_out_apart() -> None:
    text = as_text(LEDGER)

    assert text.index("MAP-2  [documented]") < text.index("simulator/x.py  [inferred]") < text.index("POST /coffee")
    assert "switch fallback: a (default), b|c" in text
    assert "- one.scenario.yaml" in text
    assert "- not shown by a test" in text
    assert "Left out, answers 501 (1)" in text


def test_what_an_operation_that_answers_leaves_out_stands_apart_too() -> None:
    ledger = [*LEDGER, PART]

    assert "Left out of operations that answer (1)\n\n  braze      POST /drink  drinkCoffee: Milk is not heated." in (
        as_text(ledger)
    )
    assert "| `POST /drink` | Milk is not heated. | Braze, Coffee |" in as_markdown(ledger)
    assert "1 rules, 1 readings of ours; 1 operations left out, 1 parts of others" == figures(ledger)[0]


def test_the_figures_leave_out_what_is_left_out() -> None:
    assert [
        "1 rules, 1 readings of ours; 1 operations left out",
        "1 documented, 1 inferred",
        "not shown by a test: simulator/x.py",
    ] == figures(LEDGER)
    assert ["nothing emulated; 0 operations left out", "no confidence", "not shown by a test: nothing"] == figures([])


def test_json_has_the_same_keys_for_all() -> None:
    told = json.loads(as_json(LEDGER))

    assert 1 == len({tuple(each) for each in told})
    assert [("fallback", ""), ("", ""), ("", "")] == [(each["switch"], each["rule"]) for each in told]
    assert [True, True, False] == [each["emulated"] for each in told]
    assert [] == json.loads(as_json([]))


def test_markdown_has_a_table_a_sort_and_no_cell_breaks_it() -> None:
    page = as_markdown(LEDGER)

    assert "| MAP-2 | The next is used. (fallback: **a**, b\\|c) | Braze | documented | `one.scenario.yaml` |" in page
    assert "| `POST /coffee` | Make coffee | Braze, Coffee |" in page
    assert "| `simulator/x.py` | Inferred. | absim | inferred | not shown by a test |" in page


def test_everything_is_every_rule_every_switch_and_every_operation_of_both_vendors() -> None:
    ledger = everything()

    assert list(RULES) == [each.name for each in ledger if each.sort is Sort.RULE]
    assert list(SWITCHES) == [each.name for each in ledger if each.sort is Sort.SWITCH]
    assert {Room.BRAZE, Room.AMPLITUDE} == {each.rooms[0] for each in ledger if each.sort is Sort.OPERATION}
    assert len({(each.sort, each.key) for each in ledger}) == len(ledger)
    assert {"uploadEvents", "getUserProfile"} <= {each.name for each in ledger if each.sort is Sort.OMISSION}


@pytest.mark.parametrize(("confidence", "number"), [("live, against the documents", 1), ("documented", 0)])
def test_a_confidence_may_say_two_things(confidence: str, number: int) -> None:
    switch = Behaviour(Sort.SWITCH, "short_ids", "What becomes of it", "Amplitude", confidence, (Room.AMPLITUDE,))

    assert number == len(chosen([switch], Confidence.LIVE))
    assert [] == chosen([switch], room=Room.BRAZE)
