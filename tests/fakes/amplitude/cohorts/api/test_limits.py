"""How often a cohort may be asked for: each limit one below, at, and one above."""

import pytest

from simulator.fakes.amplitude.cohorts.api.limits import month_begin, next_month
from simulator.fakes.amplitude.projects import AmplitudeSettings
from simulator.rules.instants import format_instant, parse_instant

OPENERS = {"performed": "app_opened"}


@pytest.fixture
def ask(desk):
    """Ask for a download; the status. Between calls enough time passes for the one before to be ready."""
    cohort = desk.cohorts.create("openers", OPENERS)

    def ask(then="1s"):
        status = desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").status_code
        desk.amplitude.later(then)
        return status

    return ask


def test_four_jobs_may_run_at_once(desk, ask):
    assert [ask("1s") for _ in range(5)] == [202, 202, 202, 202, 429]
    desk.amplitude.later("25s")
    assert ask() == 202


def test_sixty_requests_in_ten_minutes(desk, ask):
    desk.api.exports.takes_ms = 0
    assert [ask("1s") for _ in range(61)] == [202] * 60 + [429]
    desk.amplitude.later("8m 58s")
    assert ask("1s") == 429
    assert ask("1s") == 202


def test_five_hundred_downloads_a_month(desk, ask):
    desk.amplitude.later("7d")
    for _ in range(499):
        desk.api.limits.count(desk.amplitude.main, desk.amplitude.now)
    desk.amplitude.later("10m")
    assert [ask("31s") for _ in range(2)] == [202, 429]
    used = desk.get("/api/3/cohorts/usage").json["rest_download"]
    assert used == {"limit": 500, "usage": 500, "resets_at": "2026-04-01T00:00:00Z"}
    desk.amplitude.later("30d")
    assert desk.get("/api/3/cohorts/usage").json["rest_download"]["usage"] == 0
    assert ask() == 202


def test_a_refused_request_is_not_counted(desk, ask):
    for _ in range(6):
        ask("0s")
    assert desk.get("/api/3/cohorts/usage").json["rest_download"]["usage"] == 4


def test_limits_may_be_switched_off(desk_with):
    desk = desk_with(AmplitudeSettings(limits=False))
    desk.did("ida-1001")
    cohort = desk.cohorts.create("openers", OPENERS)
    asked = [desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").status_code for _ in range(70)]
    assert asked == [202] * 70


def test_request_ids_do_not_repeat(desk_with):
    desk = desk_with(AmplitudeSettings(limits=False))
    cohort = desk.cohorts.create("openers", OPENERS)
    ids = [desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").json["request_id"] for _ in range(50)]
    assert len(set(ids)) == 50


@pytest.mark.parametrize(
    ("at", "begin", "after"),
    [
        ("2026-03-02T10:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"),
    ],
)
def test_months_are_those_of_utc(at, begin, after):
    instant = parse_instant(at)
    assert (format_instant(month_begin(instant)), format_instant(next_month(instant))) == (begin, after)
