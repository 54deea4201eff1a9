"""Data subject access requests: a day of waiting, one file a month and project, two days to fetch them."""

from __future__ import annotations

import gzip
import json

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.fakes.amplitude.reads.privacy import dsar


def ask(amplitude, **body):
    given = {"userId": "ida-1001", "startDate": "2026-01-01", "endDate": "2026-03-02", **body}
    return amplitude.call(
        "POST", "/api/2/dsar/requests", json={name: each for name, each in given.items() if each is not None}
    )


FEBRUARY = 1770000000000
MARCH = 1772445600000


@pytest.fixture
def ida(amplitude, an_event):
    amplitude.upload(
        an_event(event_type="feb", time=FEBRUARY), an_event(event_type="mar", time=MARCH), an_event("ben-2002")
    )
    return amplitude


def test_a_request_is_accepted_and_its_files_come_a_day_later(ida) -> None:
    answer = ask(ida)
    assert (answer.status_code, answer.json) == (202, {"requestId": 53001})
    seen = []
    for later in ("1s", "1h", "23h"):
        ida.later(later)
        seen.append(ida.get("/api/2/dsar/requests/53001").json)
    assert [each["status"] for each in seen] == ["staging", "submitted", "done"]
    assert seen[-1] == {
        "requestId": 53001,
        "userId": "ida-1001",
        "amplitudeId": None,
        "startDate": "2026-01-01",
        "endDate": "2026-03-02",
        "status": "done",
        "failReason": None,
        "urls": [f"http://localhost/api/2/dsar/requests/53001/outputs/{n}" for n in range(2)],
        "expires": "2026-03-05",
    }
    months = [ida.call("GET", url) for url in seen[-1]["urls"]]
    rows = [[json.loads(line) for line in gzip.decompress(each.data).splitlines()] for each in months]
    assert [[row["event_type"] for row in each] for each in rows] == [["feb"], ["mar"]]


def test_files_expire_after_two_days_and_are_not_there_before(ida) -> None:
    ask(ida)
    output = "/api/2/dsar/requests/53001/outputs/0"
    statuses = []
    for later in ("23h 59m", "1m", "1d 23h 59m", "1m"):
        ida.later(later)
        statuses.append(ida.get(output).status_code)
    assert statuses == [404, 200, 200, 404]


def test_by_amplitude_id_and_over_all_projects(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop"))))
    for name in ("main", "shop"):
        amplitude.service.ingest(name, [an_event()])
    ask(amplitude)
    ask(amplitude, userId=None, amplitudeId=amplitude.main.first_id)
    amplitude.later("1d")
    found = [amplitude.get(f"/api/2/dsar/requests/{n}").json for n in (53001, 53002)]
    assert [(len(each["urls"]), each["userId"], each["amplitudeId"]) for each in found] == [
        (2, "ida-1001", None),
        (1, None, amplitude.main.first_id),
    ]


def test_dates_are_days_and_both_are_included(ida) -> None:
    for dates in (("2026-03-02", "2026-03-02"), ("2026-03-03", "2026-03-03")):
        ask(ida, startDate=dates[0], endDate=dates[1])
    ida.later("1d")
    assert [len(ida.get(f"/api/2/dsar/requests/{n}").json["urls"]) for n in (53001, 53002)] == [1, 0]


def test_the_vendors_sample_sends_a_form(ida) -> None:
    form = {"userId": "ida-1001", "startDate": "2026-01-01", "endDate": "2026-03-02"}
    assert ida.call("POST", "/api/2/dsar/requests", data=form).status_code == 202


def test_the_year_nine_is_written_with_four_digits(ida) -> None:
    ask(ida, startDate="0009-05-03")
    assert "0009-05-03" == ida.get("/api/2/dsar/requests/53001").json["startDate"]


@pytest.mark.parametrize(("limit", "status"), [(1, "done"), (0, "failed")])
def test_somebody_with_too_many_events_in_a_month_cannot_be_served(ida, monkeypatch, limit, status) -> None:
    monkeypatch.setattr(dsar, "EVENTS_PER_MONTH", limit)
    ask(ida)
    ida.later("1d")
    answer = ida.get("/api/2/dsar/requests/53001").json
    assert (answer["status"], bool(answer["failReason"]), bool(answer["urls"])) == (
        status,
        status == "failed",
        status == "done",
    )


@pytest.mark.parametrize(
    "body",
    [{"userId": None}, {"startDate": None}, {"endDate": None}, {"startDate": "soon"}, {"endDate": "2025-01-01"},
     {"amplitudeId": "x"}],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(ida, body) -> None:
    assert ask(ida, **body).status_code == 400


@pytest.mark.parametrize("path", ["1", "x", "1/outputs/0"])
def test_an_unknown_request_is_a_404(ida, path) -> None:
    assert ida.get(f"/api/2/dsar/requests/{path}").status_code == 404


@pytest.mark.parametrize("output", ["2", "x", "-1"])
def test_an_unknown_output_is_a_404(ida, output) -> None:
    ask(ida)
    ida.later("1d")
    assert ida.get(f"/api/2/dsar/requests/53001/outputs/{output}").status_code == 404


def test_a_write_costs_eight_of_14400_an_hour(ida) -> None:
    assert ida.service.access.spend("dsar", "main", 14400 - 9, ida.now) is None
    assert [ask(ida).status_code for _ in range(2)] == [202, 429]
    assert [ida.get("/api/2/dsar/requests/53001").status_code for _ in range(2)] == [200, 429]
