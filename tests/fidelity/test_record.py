"""The record of which test shows what: that it is true of this checkout, complete, and says when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.fidelity.behaviours import Behaviour, Room, Sort
from simulator.fidelity.readings import Reading
from simulator.fidelity.record import NoRecord, Record, made_from, recorded

ROOT = Path(__file__).resolve().parents[2]
STRICT = ("KEY-", "CONN-", "MAP-", "MATCH-", "NOCREATE-", "SYNC-")
NOT_SHOWN: set[str] = set()
"""Rules of other groups, switches and emulated operations that no test names. Keep it empty, or say why here."""


@pytest.fixture(scope="module")
def record() -> Record:
    return recorded()


@pytest.fixture(scope="module")
def ledger(record: Record) -> list[Behaviour]:
    return record.ledger()


def bare(ledger: list[Behaviour], *sorts: Sort) -> set[str]:
    return {each.key for each in ledger if each.sort in sorts and each.emulated and not each.tests}


def test_the_record_is_current(record: Record) -> None:
    assert [] == record.stale(ROOT), "make it anew: absim fidelity --write"


def test_every_rule_of_the_sync_itself_is_shown(ledger: list[Behaviour]) -> None:
    assert set() == {name for name in bare(ledger, Sort.RULE) if name.startswith(STRICT)}


def test_every_rule_switch_and_emulated_operation_is_shown_or_told_as_an_exception(ledger: list[Behaviour]) -> None:
    assert bare(ledger, Sort.RULE, Sort.SWITCH, Sort.OPERATION) == NOT_SHOWN


def test_every_inferred_rule_has_a_switch_or_says_that_it_is_ours(ledger: list[Behaviour]) -> None:
    inferred = [each for each in ledger if each.sort is Sort.RULE and each.confidence == "inferred"]

    assert [] == [
        each.name
        for each in inferred
        if not each.switch and "our reading" not in each.sentence and not each.name.startswith("INV-")
    ]


def test_no_behaviour_is_listed_with_more_than_three_tests(ledger: list[Behaviour]) -> None:
    assert max(len(each.tests) for each in ledger) <= 3


def test_making_it_twice_gives_the_same_file_and_reading_it_gives_it_back(checkout: Path) -> None:
    text = made_from(checkout).text()
    (checkout / "fidelity.yaml").write_text(text)

    assert text == made_from(checkout).text() == recorded(checkout / "fidelity.yaml").text()


def test_a_fresh_record_is_not_stale(checkout: Path) -> None:
    assert [] == made_from(checkout).stale(checkout)


def test_a_test_that_is_gone_and_a_reading_that_changed_make_it_stale(checkout: Path) -> None:
    record = made_from(checkout)
    for name in ("tests/fakes/braze/test_cohorts.py", "simulator/fakes/braze/cohorts.py"):
        text = (checkout / name).read_text()
        (checkout / name).write_text(text.replace("MATCH-4", "MATCH-2").replace("list order", "any order"))

    module = "simulator/fakes/braze/cohorts.py"
    assert {
        "MATCH-4: tests/fakes/braze/test_cohorts.py::test_a_rule_by_its_id does not show it",
        "MATCH-2 has a test by now",
        f"{module} says: They take effect in any order (inferred).",
        f"{module} does not say: They take effect in list order (inferred).",
    } == set(record.stale(checkout))


def test_a_behaviour_that_the_file_does_not_know_or_that_is_none_makes_it_stale(checkout: Path) -> None:
    record = made_from(checkout)
    (checkout / "fidelity.yaml").write_text(record.text().replace("  KEY-1: []\n", "  KEY-99: []\n"))

    assert ["KEY-1 is not in the file", "KEY-99 is no behaviour"] == recorded(checkout / "fidelity.yaml").stale(
        checkout
    )


@pytest.mark.parametrize("text", ["rules: [", "rules: {}", "7", "rules: {}\nswitches: {}\noperations: {}\nreadings: 7"])
def test_a_broken_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "fidelity.yaml").write_text(text)
    with pytest.raises(NoRecord, match="is broken"):
        recorded(tmp_path / "fidelity.yaml")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoRecord, match="is missing"):
        recorded(tmp_path / "fidelity.yaml")


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("simulator/fakes/braze/x.py", Room.BRAZE),
        ("simulator/rules/cohorts/x.py", Room.AMPLITUDE),
        ("simulator/sync/x.py", Room.ENGINE),
    ],
)
def test_a_reading_belongs_to_the_room_of_its_module(record: Record, module: str, room: Room) -> None:
    (ours,) = replace(record, readings={Reading(module, "Inferred."): []}).ledger()[-1:]

    assert ((room,), Sort.READING) == (ours.rooms, ours.sort)
