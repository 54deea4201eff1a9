"""Keys and budgets: absent is 401, wrong is 403, too often is 429."""

from __future__ import annotations

import base64

import pytest

from simulator.fakes.amplitude.access import BUDGETS
from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.openapi import load

GUARDED = [
    each
    for each in load("amplitude").operations.values()
    if each.emulated and {"basicAuth": []} in each.definition.get("security", ())
]


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.operation_id)
def test_every_guarded_operation_asks_for_keys(amplitude, operation) -> None:
    path = operation.path.replace("{", "").replace("}", "")
    absent = amplitude.client.open(path, method=operation.method)
    wrong = amplitude.client.open(path, method=operation.method, headers=basic(f"{amplitude.main.api_key}:wrong"))
    assert (absent.status_code, absent.json["status"]) == (401, "Unauthorized")
    assert (wrong.status_code, wrong.json) == (
        403,
        {"code": 403, "message": "HTTP 403: Forbidden (Invalid API Key)", "status": "Forbidden"},
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer abc"}, 401),
        ({"Authorization": "Basic ???"}, 401),
        (basic("wrong:wrong"), 403),
        (basic("no colon"), 403),
        (basic(""), 403),
    ],
)
def test_credentials_that_are_none(amplitude, headers, status) -> None:
    assert amplitude.client.get("/api/2/usersearch?user=a", headers=headers).status_code == status


def test_by_switch_wrong_keys_are_a_401_as_the_documents_say(amplitude_with) -> None:
    amplitude = amplitude_with(wrong_key_status="401")
    answer = amplitude.client.get("/api/2/usersearch?user=a", headers=basic("a:b"))
    assert (answer.status_code, answer.json["message"]) == (401, "HTTP 401: Unauthorized (Invalid API Key)")


def test_the_keys_of_one_project_do_not_open_another(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop"))))
    shop = amplitude.service.store.projects.named("shop")
    mixed = basic(f"{amplitude.main.api_key}:{shop.secret_key}")
    assert amplitude.client.get("/api/2/usersearch?user=a", headers=mixed).status_code == 403
    amplitude.upload(an_event())
    answer = amplitude.client.get("/api/2/usersearch?user=ida-1001", headers=amplitude.auth("shop"))
    assert answer.json["type"] == "nomatch"


def test_search_and_activity_share_360_calls_an_hour(amplitude) -> None:
    for _ in range(359):
        assert amplitude.get("/api/2/usersearch", user="a").status_code == 200
    assert amplitude.get("/api/2/useractivity", user="1").status_code == 404
    over = amplitude.get("/api/2/usersearch", user="a")
    assert (over.status_code, over.json["message"]) == (429, "HTTP 429: Too Many Requests (360 requests per hour)")
    amplitude.later("1h")
    assert amplitude.get("/api/2/usersearch", user="a").status_code == 200


@pytest.mark.parametrize("name", BUDGETS)
def test_a_budget_holds_to_its_last_piece_and_opens_when_its_window_is_over(amplitude, name) -> None:
    access, now = amplitude.service.access, amplitude.now
    for budget in BUDGETS[name][:1]:
        assert access.spend(name, "main", budget.limit - 1, now) is None
        assert access.spend(name, "main", 2, now) == budget
        assert access.spend(name, "main", 1, now) is None
        assert access.spend(name, "main", 1, now) == budget
        assert access.spend(name, "other", 1, now) is None
        assert access.spend(name, "main", 1, now + budget.window_ms - 1) == budget
        assert access.spend(name, "main", 1, now + budget.window_ms) is None


def test_the_dashboards_hourly_budget_is_counted_beside_the_short_one(amplitude) -> None:
    access, now = amplitude.service.access, amplitude.now
    short, hourly = BUDGETS["dashboard"]
    refused = None
    for step in range(12):
        refused = access.spend("dashboard", "main", short.limit, now + step * short.window_ms)
    assert (refused, hourly.limit) == (None, 108_000)


def test_with_limits_off_there_is_no_budget(amplitude) -> None:
    amplitude.service.settings.limits = False
    assert amplitude.service.access.spend("deletions", "main", 1000, amplitude.now) is None
