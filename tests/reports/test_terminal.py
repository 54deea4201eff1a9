"""The words on a terminal: failures first, one line a file, one drop explained."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from simulator.reports.terminal import instructive, print_failures, print_summary
from simulator.reports.words import breach_text
from simulator.scenario.events import Breach, Drop, Result, Verdict


def console() -> tuple[Console, StringIO]:
    file = StringIO()
    return Console(file=file, width=120, no_color=True, highlight=False), file


def test_a_red_scenario_says_what_where_expected_got_why_and_how_to_see_it_again(failed: Result) -> None:
    told, file = console()

    print_failures(told, [failed])

    assert (
        "scenarios/runs/first.scenario.yaml:2:10: added: ida is missing\n"
        "    2 | expect: {added: [ida]}\n"
        "      |          ^^^^^\n"
        "      expected  ida\n"
        "      got       nobody\n"
        "      why       nothing was sent <ida>\n"
    ) in file.getvalue()
    assert "INV-8 is broken: two runs differ" in file.getvalue()
    assert "reproduce: absim run" in file.getvalue()


def test_a_green_scenario_says_nothing(passed: Result) -> None:
    told, file = console()

    print_failures(told, [passed])

    assert "" == file.getvalue()


def test_a_scenario_without_an_evaluated_expectation_says_so(passed: Result) -> None:
    told, file = console()

    print_failures(told, [replace(passed, verdict=Verdict.FAILED, evaluated=0)])

    assert "no expectation was evaluated under these rules (default)" in file.getvalue()


def test_a_step_that_could_not_be_done_is_reason_enough(failed: Result) -> None:
    told, file = console()

    print_failures(told, [replace(failed, evaluated=0)])

    assert "no expectation was evaluated" not in file.getvalue()


def test_cases_that_passed_share_a_line_and_others_have_their_own(passed: Result) -> None:
    told, file = console()
    cases = [replace(passed, title=f"Login [n={n}]", case={"n": n}) for n in (1, 2, 3)]
    cases[2] = replace(cases[2], verdict=Verdict.FAILED)

    print_summary(told, cases)

    lines = [line.split() for line in file.getvalue().splitlines() if "Login" in line]
    assert [["Login", "passed", "2", "4", "2", "·", "·", "·", "2"], ["Login", "[n=3]", "failed", "1", "2"]] == [
        lines[0], lines[1][:5],
    ]  # fmt: skip
    assert "2 passed, 1 failed; 6 people" in file.getvalue()


def test_the_drop_that_surprises_most_is_explained(passed: Result) -> None:
    plain = replace(passed, drop=Drop("noor", "noor is unknown (MATCH-5)", "MATCH-5"))

    aside = replace(
        passed, drop=Drop("ida", "ida is on another page (MATCH-4)", "MATCH-4"), covers=("CONN-2", "MATCH-4")
    )
    assert passed.drop == instructive([plain, aside, passed])
    assert aside.drop == instructive([plain, aside])
    assert plain.drop == instructive([plain])
    assert instructive([replace(passed, drop=None)]) is None


def test_the_explained_drop_says_how_to_read_the_whole_story(passed: Result) -> None:
    told, file = console()

    print_summary(told, [passed])

    assert (
        "1 passed; 2 people, 1 added, 1 dropped\n\n"
        "Why somebody is missing: ben was sent by device_id d-ben-0001: it belongs to somebody (MATCH-4)\n"
        "  the whole story: absim why ben --scenario scenarios/matching/device.scenario.yaml\n"
    ) in file.getvalue()


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (160, ["cases", "people", "added", "there", "removed", "skipped", "dropped"]),
        (120, ["cases", "people", "added", "there", "removed", "skipped", "dropped"]),
        (92, ["people", "added", "there", "removed", "skipped", "dropped"]),
        (80, ["added", "removed", "skipped", "dropped"]),
        (60, ["added", "skipped", "dropped"]),
        (40, ["dropped"]),
    ],
)
def test_a_narrow_terminal_keeps_the_figures_that_tell_most(passed: Result, width: int, heads: list[str]) -> None:
    file = StringIO()

    print_summary(Console(file=file, width=width, no_color=True, highlight=False), [passed])

    lines = file.getvalue().splitlines()
    assert ["scenario", "verdict", *heads] == lines[0].split()
    assert all(len(line) <= width for line in lines[: lines.index("  the whole story: " + passed.drop.story) - 2])


def test_words_stay_whole_on_a_terminal_and_lines_in_a_pipe(passed: Result) -> None:
    for terminal, lines in ((True, 2), (False, 1)):
        file = StringIO()
        print_summary(Console(file=file, width=60, no_color=True, force_terminal=terminal, highlight=False), [passed])
        told = file.getvalue().partition("Why somebody is missing: ")[2].partition("  the whole story")[0]

        assert lines == len(told.strip().splitlines())
        assert "ben was sent by device_id d-ben-0001: it belongs to somebody (MATCH-4)" == " ".join(told.split())


def test_an_invariant_is_broken_or_undecided() -> None:
    assert "INV-1 could not be decided: x" == breach_text(Breach("INV-1", "x", undecided=True))
