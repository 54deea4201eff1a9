"""`absim forecast`: a table and data for each cadence, what Amplitude refuses, and forecasts that cannot be made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Absim = Callable[..., Any]

CROWD = """scenario: Some of many
PLAN
population: {size: 200, kinds: {known: 90%, braze_unknown: 10%}}
connections: {braze: [user_id]}
cohorts: {free plan: {property: {plan: free}}}
steps: [sync: free plan]
expect: {profiles_created: 0}
"""


@pytest.fixture
def crowd(folder: Path) -> Callable[..., str]:
    """Writes a scenario of two hundred people, about half of whom are in its cohort."""

    def write(plan: str = "enterprise", **changes: str) -> str:
        text = CROWD.replace("PLAN", f"plan: {plan}")
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / "crowd.scenario.yaml").write_text(text)
        return "crowd.scenario.yaml"

    return write


def figures(ended: Any) -> dict[str, dict[str, Any]]:
    assert 0 == ended.code, ended.err
    return {row["cadence"]: row for row in json.loads(ended.out)["cadences"]}


def test_each_cadence_has_its_calls_refusals_data_points_and_delay(run_absim: Absim, crowd: Callable[..., str]) -> None:
    rows = figures(run_absim("forecast", crowd(), "--days", "1", "--churn", "10%/h", "--format", "json"))

    assert ["one_time", "hourly", "daily", "real_time"] == list(rows)
    assert [1, 25, 2, 1441] == [row["runs"] for row in rows.values()]
    assert {0} == {row["answers_429"] for row in rows.values()}
    assert rows["one_time"]["calls"] == 2
    assert rows["one_time"]["data_points"] < rows["daily"]["data_points"] < rows["real_time"]["data_points"]
    assert rows["real_time"]["longest_delay_ms"] <= 60_000 < rows["hourly"]["longest_delay_ms"] <= 3_600_000


def test_the_same_people_move_under_each_cadence_and_each_seed_gives_its_own(
    run_absim: Absim, crowd: Callable[..., str]
) -> None:
    arguments = (
        "forecast",
        crowd(),
        "--days",
        "1",
        "--cadence",
        "hourly,daily",
        "--churn",
        "2.5%/h",
        "--format",
        "json",
    )
    first = run_absim(*arguments)

    assert 1 == len({row["moves"] for row in figures(first).values()})
    assert first.out == run_absim(*arguments).out
    assert first.out != run_absim(*arguments, "--seed", "9").out


def test_a_table_for_people(run_absim: Absim, crowd: Callable[..., str]) -> None:
    ended = run_absim("forecast", crowd(), "--days", "1", "--cadence", "daily")
    first, heading, row, seed = ended.out.splitlines()

    assert "free plan over braze: " in first
    assert "of 200 people, 1% leave an hour and as many enter; 1 day" in first
    assert ["cadence", "runs", "empty", "calls", "429s", "data", "points"] == heading.split()[:7]
    assert ["daily", "2"] == row.split()[:2]
    assert "seed: 1" == seed


def test_churn_may_be_given_by_the_day_and_may_be_none(run_absim: Absim, crowd: Callable[..., str]) -> None:
    file = crowd()
    asked = ("forecast", file, "--days", "1", "--cadence", "daily", "--format", "json", "--churn")

    assert 0.02 == pytest.approx(json.loads(run_absim(*asked, "48%/d").out)["churn_per_hour"])
    still = figures(run_absim(*asked, "0%/h"))["daily"]
    assert (0, None, 1) == (still["moves"], still["median_delay_ms"], still["empty_runs"])


@pytest.mark.parametrize(("plan", "refused"), [("growth", []), ("plus", ["real_time"])])
def test_a_cadence_that_the_plan_does_not_offer_is_refused(
    run_absim: Absim, crowd: Callable[..., str], plan: str, refused: list[str]
) -> None:
    """CONN-3."""
    file = crowd(plan)
    asked = ("forecast", file, "--days", "1", "--cadence", "daily,real_time", "--churn", "0%")
    rows = figures(run_absim(*asked, "--format", "json"))

    assert refused == [name for name, row in rows.items() if "refused" in row]
    assert bool(refused) is ("real_time: refused; a real_time sync needs the plan" in run_absim(*asked).out)


def test_on_a_plan_without_destinations_every_cadence_is_refused(run_absim: Absim, crowd: Callable[..., str]) -> None:
    """CONN-3."""
    rows = figures(run_absim("forecast", crowd("starter"), "--days", "1", "--format", "json"))

    assert 4 == sum("needs a paid Amplitude plan" in row["refused"] for row in rows.values())


def test_what_real_time_syncs_refuse_of_a_definition_is_refused_here_too(
    run_absim: Absim, crowd: Callable[..., str]
) -> None:
    """CAD-3."""
    file = crowd(**{"{property: {plan: free}}": "{performed: app_opened, nth_time: 1, within: 7d}"})
    rows = figures(run_absim("forecast", file, "--days", "1", "--cadence", "real_time,daily", "--format", "json"))

    assert "a real-time sync refuses cohorts defined by" in rows["real_time"]["refused"]
    assert "runs" in rows["daily"]


def test_when_everybody_is_in_only_those_who_left_can_enter(run_absim: Absim) -> None:
    ended = run_absim("forecast", "good.scenario.yaml", "--days", "1", "--cadence", "hourly", "--churn", "50%/h")

    assert 0 == ended.code
    assert "Everybody is in the cohort, so only those who left can enter." in ended.out


def test_the_cohort_and_connection_may_be_named(run_absim: Absim, crowd: Callable[..., str]) -> None:
    file = crowd(
        **{
            "{braze: [user_id]}": "{braze: [user_id], other: [device_id]}",
            "{property: {plan: free}}}": "{property: {plan: free}}, growing: {property: {plan: growth}}}",
            "sync: free plan": "sync: {cohort: free plan, to: other}",
        }
    )
    asked = ("forecast", file, "--days", "1", "--cadence", "one_time", "--format", "json")
    usual = json.loads(run_absim(*asked).out)
    named = json.loads(run_absim(*asked, "--cohort", "growing", "--connection", "braze").out)

    assert ("free plan", "other") == (usual["cohort"], usual["connection"])
    assert ("growing", "braze") == (named["cohort"], named["connection"])
    assert named["members"] < usual["members"]
    unclear = run_absim(*asked, "--cohort", "growing")
    assert 2 == unclear.code
    assert "has several connections; choose with --connection: braze, other" in unclear.err


def test_without_a_file_a_usual_population_is_forecast(run_absim: Absim) -> None:
    ended = run_absim("forecast", "--days", "1", "--cadence", "daily", "--format", "json")

    told = json.loads(ended.out)
    assert ("the usual population", 2_000) == (told["scenario"], told["people"])
    assert 900 < told["members"] < 1_100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.scenario.yaml",), "no such file"),
        (("good.scenario.yaml", "--cohort", "opener"), "no cohort is called 'opener'; did you mean openers?"),
        (("good.scenario.yaml", "--connection", "brace"), "did you mean braze?"),
        (("good.scenario.yaml", "--churn", "one"), "write 1%/h or 5%/d"),
        (("good.scenario.yaml", "--churn", "101%/h"), "at most 100%"),
        (("good.scenario.yaml", "--days", "0"), "--days"),
        (("good.scenario.yaml", "--days", "32"), "--days"),
        (("good.scenario.yaml", "--cadence", "weekly"), "'weekly' is not one of"),
        (("good.scenario.yaml", "--rules", "nobody"), "unknown rule set"),
        (("good.scenario.yaml", "--case", "2"), "has 1 case"),
    ],
)
def test_a_forecast_that_cannot_be_understood_is_2(run_absim: Absim, arguments: tuple[str, ...], said: str) -> None:
    ended = run_absim("forecast", *arguments)

    assert (2, "") == (ended.code, ended.out)
    assert said in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenario: no cohort\nexpect: {profiles_created: 0}\n", "has no cohort"),
        ("scenario: none\npeople: {ben: {device_id: d-1}}\ncohorts: {few: {people: [ben]}}\n"
         "expect: {profiles_created: 0}\n", "has no connection"),
        ("scenario: nobody\npeople: {ben: {device_id: d-1}}\nconnections: {braze: user_id}\n"
         "cohorts: {few: {performed: app_opened}}\nexpect: {profiles_created: 0}\n", "nobody is in few"),
    ],
)  # fmt: skip
def test_a_scenario_with_nothing_to_forecast_is_5(run_absim: Absim, folder: Path, text: str, said: str) -> None:
    (folder / "empty.scenario.yaml").write_text(text)

    ended = run_absim("forecast", "empty.scenario.yaml")

    assert (5, "") == (ended.code, ended.out)
    assert said in ended.err


def test_an_invalid_file_is_shown_where_it_is_wrong(run_absim: Absim, folder: Path) -> None:
    (folder / "bad.scenario.yaml").write_text("scenario: bad\nsteps: [advnce: 3h]\n")

    assert "bad.scenario.yaml:2:9" in run_absim("forecast", "bad.scenario.yaml").err
