"""/sessions/data_series and /kpi/*: figures of a short history that is counted by hand.

ben opens the shop on 2 March (twice) and 4 March, ida the shop on 3 March and the bank on 4 March.
"""

from __future__ import annotations

from typing import Any

import pytest

DAYS = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]


@pytest.fixture
def used(house: Any) -> Any:
    """A house in the evening of 4 March."""
    phone = house.braze.phone
    phone.log_in("d-ida-0001", "ida-1001")
    phone.start_session("d-ben-0001", app="shop")
    house.wait("1h")
    phone.start_session("d-ben-0001", app="shop")
    house.wait("1d")
    phone.start_session("d-ida-0001", app="shop")
    house.wait("1d")
    phone.start_session("d-ben-0001", app="shop")
    phone.start_session("d-ida-0001", app="bank")
    return house


def series(house: Any, path: str, figure: str, **query: Any) -> list[tuple[str, int]]:
    """(day or hour, figure) of each item; the last four days unless another length is given."""
    answer = house.braze.get(path, **{"length": 4, **query})
    assert answer.status == 200
    return [(each["time"], each[figure]) for each in answer.body["data"]]


def test_sessions_by_day(used: Any) -> None:
    """sessionDataSeries."""
    assert series(used, "/sessions/data_series", "sessions") == list(zip(DAYS, [0, 2, 1, 2], strict=True))


def test_sessions_by_hour(used: Any) -> None:
    found = series(used, "/sessions/data_series", "sessions", unit="hour", length=2, ending_at="2026-03-02T11:30:00Z")
    assert found == [("2026-03-02T10:00:00Z", 1), ("2026-03-02T11:00:00Z", 1)]


def test_sessions_of_one_app_or_of_a_segment(used: Any) -> None:
    known = used.audience.create_segment("Known", {"external_user_id": {"comparison": "exists"}}).segment_id
    asked = [{"app_id": "bank"}, {"segment_id": known}, {"segment_id": known, "app_id": "shop"}]
    found = [[n for _, n in series(used, "/sessions/data_series", "sessions", **query)] for query in asked]
    assert found == [[0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 1, 0]]


def test_new_users_by_the_day_of_their_first_session(used: Any) -> None:
    """kpiNewUsers."""
    assert series(used, "/kpi/new_users/data_series", "new_users") == list(zip(DAYS, [0, 1, 1, 0], strict=True))
    assert [n for _, n in series(used, "/kpi/new_users/data_series", "new_users", app_id="bank")] == [0, 0, 0, 1]


def test_active_users_by_day_each_counted_once(used: Any) -> None:
    """kpiDailyActiveUsers."""
    assert series(used, "/kpi/dau/data_series", "dau") == list(zip(DAYS, [0, 1, 1, 2], strict=True))


def test_active_users_of_thirty_days(used: Any) -> None:
    """kpiMonthlyActiveUsers."""
    assert series(used, "/kpi/mau/data_series", "mau") == list(zip(DAYS, [0, 1, 2, 2], strict=True))
    used.wait("30d")
    assert [n for _, n in series(used, "/kpi/mau/data_series", "mau", length=5)] == [2, 2, 2, 2, 0]


def test_uninstalls_by_day(used: Any) -> None:
    """kpiUninstalls."""
    used.braze.phone.uninstall("d-ben-0001", app="shop")
    assert series(used, "/kpi/uninstalls/data_series", "uninstalls") == list(zip(DAYS, [0, 0, 0, 1], strict=True))
    assert [n for _, n in series(used, "/kpi/uninstalls/data_series", "uninstalls", app_id="bank")] == [0, 0, 0, 0]


def test_people_who_are_gone_still_count(used: Any) -> None:
    used.braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert [n for _, n in series(used, "/kpi/dau/data_series", "dau")] == [0, 1, 1, 2]


def test_a_login_makes_one_person_of_two(used: Any) -> None:
    used.braze.phone.log_in("d-ben-0001", "ida-1001")
    assert [n for _, n in series(used, "/kpi/dau/data_series", "dau")] == [0, 1, 1, 1]


def test_each_workspace_counts_for_itself(two_workspaces: Any) -> None:
    braze = two_workspaces.braze
    braze.phone.start_session("d-ben-0001", app="shop")
    answers = [
        braze.get("/kpi/dau/data_series", key=braze.keys.rest_keys[each], length=1) for each in ("main", "second")
    ]
    assert [answer.body["data"][0]["dau"] for answer in answers] == [1, 0]


PATHS = ["/sessions/data_series", *(f"/kpi/{name}/data_series" for name in ("new_users", "dau", "mau", "uninstalls"))]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 200), (99, 200), (100, 200), (101, 400)])
def test_a_series_has_one_to_a_hundred_items(house: Any, path: str, length: int, status: int) -> None:
    answer = house.braze.get(path, length=length)
    assert status == answer.status
    assert status == 400 or len(answer.body["data"]) == length


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"unit": "week"}, "'unit' must be 'day' or 'hour'"),
        ({"segment_id": "nothing"}, "Invalid Segment ID"),
        ({"ending_at": "soon"}, "'ending_at' must be a valid ISO 8601 date"),
    ],
)
def test_what_makes_no_sense_is_refused(house: Any, query: dict[str, str], message: str) -> None:
    answer = house.braze.get("/sessions/data_series", **{"length": "1", **query})
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize("path", ["/sessions/data_series", "/events/data_series"])
def test_a_segment_needs_analytics_tracking(house: Any, path: str) -> None:
    segment = house.audience.create_segment("Everybody", tracked=False).segment_id
    answer = house.braze.get(path, length=1, segment_id=segment, event="app_opened")
    assert (answer.status, answer.body) == (400, {"message": "Analytics tracking is not enabled for this segment"})
