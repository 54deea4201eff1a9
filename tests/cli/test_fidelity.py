"""`absim fidelity`: filters, formats, and writing the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import resources

Absim = Callable[..., Any]


def told(ended: Any) -> list[dict[str, Any]]:
    assert 0 == ended.code, ended.err
    return list(json.loads(ended.out))


def test_the_ledger_says_behaviour_source_confidence_and_test(run_absim: Absim) -> None:
    ended = run_absim("fidelity")

    assert 0 == ended.code
    for words in (
        "MATCH-4  [documented]",
        "source: Braze, Amplitude cohort import, User Matching",
        "scenarios/matching/",
    ):
        assert words in ended.out
    assert ended.out.rindex("Left out, answers 501") > ended.out.rindex("Operations (")


def test_only_what_is_inferred(run_absim: Absim) -> None:
    inferred = told(run_absim("fidelity", "--confidence", "inferred", "--format", "json"))

    assert {"rule", "switch", "operation", "reading"} == {each["sort"] for each in inferred}
    assert all("inferred" in each["confidence"] for each in inferred)
    assert {"MAP-4", "MATCH-6"} <= {each["name"] for each in inferred}


@pytest.mark.parametrize("service", ["braze", "amplitude", "engine"])
def test_only_one_side(run_absim: Absim, service: str) -> None:
    mine = told(run_absim("fidelity", "--service", service, "--format", "json"))

    assert {True} == {service in each["services"] for each in mine}


def test_a_page_for_people(run_absim: Absim) -> None:
    assert run_absim("fidelity", "--format", "markdown", "--service", "engine").out.startswith("# Fidelity\n")


def test_a_filter_that_matches_nothing_is_5(run_absim: Absim) -> None:
    ended = run_absim("fidelity", "--service", "engine", "--confidence", "live")

    assert (5, "") == (ended.code, ended.out)
    assert "nothing of engine is live" in ended.err


@pytest.mark.parametrize("arguments", [("--service", "mixpanel"), ("--confidence", "certain"), ("--format", "xml")])
def test_a_word_it_does_not_know_is_2(run_absim: Absim, arguments: tuple[str, str]) -> None:
    assert 2 == run_absim("fidelity", *arguments).code


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose contracts are copies, with nothing else in it."""
    theirs = tmp_path / "contracts"
    theirs.mkdir()
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
    return tmp_path


def test_the_record_can_be_written_into_a_checkout(run_absim: Absim, elsewhere: Path) -> None:
    (elsewhere / "tests").mkdir()
    (elsewhere / "scenarios").mkdir()
    (elsewhere / "tests/test_one.py").write_text("def test_one():\n    '''MATCH-4.'''\n")
    ended = run_absim("fidelity", "--write")

    assert (0, "") == (ended.code, ended.out)
    assert "wrote " in ended.err
    shown = {each["name"]: each["tests"] for each in told(run_absim("fidelity", "--format", "json"))}
    assert (["tests/test_one.py::test_one"], []) == (shown["MATCH-4"], shown["MATCH-1"])


def test_tests_that_cannot_be_read_are_2(run_absim: Absim, elsewhere: Path) -> None:
    (elsewhere / "tests").mkdir()
    (elsewhere / "scenarios").mkdir()
    (elsewhere / "tests/test_one.py").write_text("def test_one(:\n")

    assert 2 == run_absim("fidelity", "--write").code


def test_an_installed_absim_has_nothing_to_look_at(run_absim: Absim, elsewhere: Path) -> None:
    ended = run_absim("fidelity", "--write")

    assert 2 == ended.code
    assert "needs a checkout" in ended.err


def test_without_its_record_the_installation_is_broken(run_absim: Absim, elsewhere: Path) -> None:
    ended = run_absim("fidelity")

    assert 3 == ended.code
    assert "fidelity.yaml is missing" in ended.err
