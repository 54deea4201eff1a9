"""`absim history`: the vendor's CSV, the one that the vendor does not have, and histories that are not there."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Absim = Callable[..., Any]

LIVE = """scenario: Somebody comes
people:
  ida: {user_id: ida-1001}
  noor: {user_id: noor-1001, braze: none}
connections: {braze: [user_id]}
cohorts: {few: {people: [ida]}}
steps:
  - sync: {cohort: few, cadence: CADENCE}
  - enters: {cohort: few, people: noor}
  - advance: 1d
expect: {members: {few: [ida]}}
"""


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def live(folder: Path) -> Callable[..., str]:
    """Writes a scenario of one sync with this cadence, changed as told."""

    def write(cadence: str = "daily", **changes: str) -> str:
        text = LIVE.replace("CADENCE", cadence)
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / "live.scenario.yaml").write_text(text)
        return "live.scenario.yaml"

    return write


def test_the_vendors_csv_has_the_vendors_columns_and_no_word_of_drops(run_absim: Absim) -> None:
    ended = run_absim("history", "good.scenario.yaml")

    assert 0 == ended.code
    assert "Amplitude_id,Operation,user_id,device_id,Skip_detected,Skip_reason" == ended.out.splitlines()[0]
    assert {"false"} == {row["Skip_detected"] for row in rows(ended.out)}
    assert {("ida-1001", ""), ("", "d-ben-0001")} == {(row["user_id"], row["device_id"]) for row in rows(ended.out)}


def test_the_second_csv_names_people_outcomes_and_rules(run_absim: Absim) -> None:
    told = {row["Person"]: row for row in rows(run_absim("history", "good.scenario.yaml", "--full").out)}
    ida = told["ida"]

    assert ("added", "MATCH-1", "ida-1001") == (ida["Outcome"], ida["Rule"].split()[0], ida["Identifier"])
    assert ("dropped", "d-ben-0001") == (told["ben"]["Outcome"], told["ben"]["Identifier"])
    assert "MATCH-4" in told["ben"]["Rule"].split()


def test_skips_are_in_both(run_absim: Absim, folder: Path) -> None:
    text = (folder / "good.scenario.yaml").read_text()
    (folder / "alias.scenario.yaml").write_text(text.replace("[user_id, device_id]", "[crm_id -> alias crm]"))

    vendor = rows(run_absim("history", "alias.scenario.yaml").out)
    full = rows(run_absim("history", "alias.scenario.yaml", "--full").out)

    assert {("true", "Unresolved mapping")} == {(row["Skip_detected"], row["Skip_reason"]) for row in vendor}
    assert {("ben", "skipped", "MAP-3"), ("ida", "skipped", "MAP-3")} == {
        (row["Person"], row["Outcome"], row["Rule"]) for row in full
    }


def test_the_newest_run_is_told_unless_another_is_asked_for(run_absim: Absim, live: Callable[..., str]) -> None:
    file = live()
    newest, first = run_absim("history", file), run_absim("history", file, "--run", "1")

    assert ["noor-1001"] == [row["user_id"] for row in rows(newest.out)]
    assert ["ida-1001"] == [row["user_id"] for row in rows(first.out)]
    assert "run 2 of few; others with --run 1 to 2" in newest.err
    assert ["dropped"] == [row["Outcome"] for row in rows(run_absim("history", file, "--full").out)]


def test_a_run_that_moved_nobody_is_a_header(run_absim: Absim, live: Callable[..., str]) -> None:
    ended = run_absim("history", live("hourly"))

    assert (0, "Amplitude_id,Operation,user_id,Skip_detected,Skip_reason\n") == (
        ended.code,
        ended.out.replace("\r", ""),
    )


def test_real_time_syncs_have_only_the_second_csv(run_absim: Absim, live: Callable[..., str]) -> None:
    file = live("real_time")
    refused = run_absim("history", file)

    assert (2, "") == (refused.code, refused.out)
    assert "few is a real-time sync; Amplitude has no export of those (HIST-1)" in refused.err
    assert ["ida"] == [row["Person"] for row in rows(run_absim("history", file, "--full", "--run", "1").out)]


def test_the_runs_can_be_listed(run_absim: Absim, live: Callable[..., str]) -> None:
    file = live()
    table = run_absim("history", file, "--list").out.splitlines()
    data = json.loads(run_absim("history", file, "--list", "--format", "json").out)

    assert ["sync", "run", "cadence", "trigger", "started"] == table[0].split()[:5]
    assert [["few", "1", "daily", "first"], ["few", "2", "daily", "schedule"]] == [row.split()[:4] for row in table[1:]]
    assert [(1, "success", 1, 0), (2, "success", 1, 0)] == [
        (row["run"], row["status"], row["added"], row["skipped"]) for row in data
    ]


def test_every_run_can_be_written_to_files(run_absim: Absim, live: Callable[..., str], folder: Path) -> None:
    ended = run_absim("history", live(), "--write", "out")

    assert (0, "") == (ended.code, ended.out)
    assert "wrote 4 files to out" in ended.err
    assert ["few-run-1-full.csv", "few-run-1.csv", "few-run-2-full.csv", "few-run-2.csv"] == sorted(
        each.name for each in (folder / "out").iterdir()
    )
    assert (folder / "out/few-run-1.csv").read_bytes().endswith(b"ida-1001,false,\r\n")


def test_a_real_time_sync_leaves_the_second_file_only(run_absim: Absim, live: Callable[..., str], folder: Path) -> None:
    run_absim("history", live("real_time", **{"advance: 1d": "advance: 1m"}), "--write", "out")

    assert {"few-run-1-full.csv", "few-run-2-full.csv"} == {each.name for each in (folder / "out").iterdir()}


def test_what_is_older_than_fourteen_days_is_gone(run_absim: Absim, live: Callable[..., str]) -> None:
    file = live("one_time", **{"advance: 1d": "advance: 15d"})

    assert 5 == run_absim("history", file).code
    assert "no run of few began in the last 14 days" in run_absim("history", file).err
    assert (0, "no run began in the last 14 days\n") == run_absim("history", file, "--list")[:2]
    assert (0, "[]\n") == run_absim("history", file, "--list", "--format", "json")[:2]
    assert 5 == run_absim("history", file, "--write", "out").code


def test_one_of_several_syncs_must_be_chosen(run_absim: Absim, live: Callable[..., str]) -> None:
    file = live("daily", **{"  - advance": "  - sync: {cohort: few, name: again}\n  - advance"})
    ended = run_absim("history", file)

    assert 2 == ended.code
    assert "there are 2 syncs; choose with --sync: few, again" in ended.err
    assert 2 == len(rows(run_absim("history", file, "--sync", "again").out))
    assert {"few", "again"} == {
        row["sync"] for row in json.loads(run_absim("history", file, "--list", "--format", "json").out)
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("gone.scenario.yaml",), 2, "no such file"),
        (("good.scenario.yaml", "--sync", "opener"), 2, "did you mean openers?"),
        (("good.scenario.yaml", "--run", "2"), 2, "openers has the runs 1 to 1 in history, not 2"),
        (("good.scenario.yaml", "--case", "2"), 2, "has 1 case"),
        (("good.scenario.yaml", "--rules", "nobody"), 2, "unknown rule set"),
        (("good.scenario.yaml", "--write", "good.scenario.yaml/x"), 3, "cannot be written"),
    ],
)
def test_a_history_that_cannot_be_told(run_absim: Absim, arguments: tuple[str, ...], code: int, said: str) -> None:
    ended = run_absim("history", *arguments)

    assert (code, "") == (ended.code, ended.out)
    assert said in ended.err


def test_a_scenario_that_syncs_nothing_has_no_history(run_absim: Absim, folder: Path) -> None:
    (folder / "idle.scenario.yaml").write_text("scenario: idle\nexpect: {profiles_created: 0}\n")

    ended = run_absim("history", "idle.scenario.yaml")

    assert 5 == ended.code
    assert "idle.scenario.yaml syncs nothing" in ended.err


def test_an_invalid_file_is_shown_where_it_is_wrong(run_absim: Absim, folder: Path) -> None:
    (folder / "bad.scenario.yaml").write_text("scenario: bad\nsteps: [advnce: 3h]\n")

    assert "bad.scenario.yaml:2:9" in run_absim("history", "bad.scenario.yaml").err
