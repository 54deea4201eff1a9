"""Runs are exported as the vendor does, and in full; mails are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def rows(told: Any) -> list[list[str]]:
    return [line.split(",") for line in told.raw.decode().splitlines()]


def test_a_run_is_exported_as_amplitude_does_it(client: Any, sim: Callable[..., Any]) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")

    header, row = rows(sim("GET", f"/syncs/{sync}/runs/1/csv"))

    assert ["Amplitude_id", "Operation", "user_id", "Skip_detected", "Skip_reason"] == header
    assert ["added", "ida-1001", "false", ""] == row[1:]


def test_the_full_export_names_a_drop_with_its_rule(client: Any, sim: Callable[..., Any]) -> None:
    sync = client.synced_cohort("ida-1001", cadence="real_time")
    client.events("noor-1001")
    sim("POST", "/clock/advance", {"by": "1m"})

    vendor = sim("GET", f"/syncs/{sync}/runs/2/csv")
    header, row = rows(sim("GET", f"/syncs/{sync}/runs/2/full-csv"))

    assert vendor.status == 404
    told = dict(zip(header, row, strict=True))
    assert ("noor-1001", "dropped") == (told["Identifier"], told["Outcome"])
    assert told["Rule"]


@pytest.mark.parametrize(
    "path", ["/syncs/sync-9/runs/1/csv", "/syncs/sync-1/runs/9/csv", "/syncs/sync-1/runs/9/full-csv"]
)
def test_a_run_that_does_not_exist_has_no_export(client: Any, sim: Callable[..., Any], path: str) -> None:
    client.synced_cohort("ida-1001", cadence="one_time")

    assert 404 == sim("GET", path).status


def test_mails_are_read_by_how_the_run_ended(client: Any, sim: Callable[..., Any]) -> None:
    client.synced_cohort("ida-1001", cadence="one_time")

    (mail,) = sim("GET", "/mails?about=success").body["mails"]

    assert ("owner", "success", "sync-1", 1) == (mail["to"], mail["about"], mail["sync"], mail["run"])
    assert "openers succeeded" in mail["subject"]
    assert {"mails": [], "matched": 0} == sim("GET", "/mails?about=failed").body
    assert {"mails": [], "matched": 0} == sim("GET", f"/mails?after={mail['mail']}").body
    assert 400 == sim("GET", "/mails?about=late").status
