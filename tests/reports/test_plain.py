"""The JSON report: figures of the run, then every scenario with what differs."""

from __future__ import annotations

import orjson

from simulator.reports.plain import write_json
from simulator.scenario.events import Result


def test_a_run_is_counted_and_every_result_is_there(passed: Result, failed: Result, unknown: Result) -> None:
    told = orjson.loads(write_json([passed, failed, unknown], seed=7))

    assert ({"passed": 1, "failed": 1, "unknown": 1}, 7, False) == (told["verdicts"], told["seed"], told["interrupted"])
    assert {"added": 3, "dropped": 3} == told["outcomes"]
    assert ["passed", "failed", "unknown"] == [each["verdict"] for each in told["results"]]
    assert "scenarios/runs/unknown.scenario.yaml[n=1]" == told["results"][2]["id"]


def test_a_difference_has_its_place(failed: Result) -> None:
    (difference,) = orjson.loads(write_json([failed]))["results"][0]["differences"]

    assert ("scenarios/runs/first.scenario.yaml", 2, 10, "ida", "nobody") == tuple(
        difference[key] for key in ("file", "line", "column", "expected", "got")
    )
