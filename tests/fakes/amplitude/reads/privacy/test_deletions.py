"""Deleting people: a job is staged, may be changed, is locked three days before its day, and then erases."""

from __future__ import annotations

import json

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings


def ask(amplitude, **body):
    amplitude.later("1s")
    return amplitude.call("POST", "/api/2/deletions/users", json=body)


def jobs(amplitude, start="2026-03-01", end="2026-04-30"):
    answer = amplitude.get("/api/2/deletions/users", start_day=start, end_day=end)
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=UTF-8")
    return json.loads(answer.text)


@pytest.fixture
def ida(amplitude, an_event):
    amplitude.upload(an_event(device_id="d-ida-0001"), an_event("ben-2002"))
    return amplitude


def test_a_request_is_staged_for_twelve_days_later(ida) -> None:
    number = ida.main.first_id
    answer = ask(ida, user_ids=["ida-1001"], ignore_invalid_id="True")
    assert (answer.status_code, answer.json) == (
        200,
        [
            {
                "active_scrub_done_date": None,
                "amplitude_ids": [
                    {"amplitude_id": number, "requested_on_day": "2026-03-02", "requester": "rest"},
                ],
                "app": str(ida.main.app_id),
                "day": "2026-03-14",
                "status": "staging",
            }
        ],
    )


def test_the_first_request_of_a_batch_sets_the_day_of_those_that_join(ida) -> None:
    number = ida.main.first_id
    ask(ida, amplitude_ids=[number], requester="dpo@example.com")
    ida.later("5d")
    assert ask(ida, amplitude_ids=[str(number + 1)], include_mapped_user_ids=True).json[0]["day"] == "2026-03-14"
    assert [(job["day"], len(job["amplitude_ids"])) for job in jobs(ida)] == [("2026-03-14", 2)]


def test_a_locked_batch_is_left_and_a_new_one_begun(ida) -> None:
    ask(ida, user_ids=["ida-1001"])
    ida.later("10d")
    assert ask(ida, user_ids=["ben-2002"]).json[0]["day"] == "2026-03-24"
    assert [(job["day"], job["status"]) for job in jobs(ida)] == [
        ("2026-03-14", "submitted"),
        ("2026-03-24", "staging"),
    ]


@pytest.mark.parametrize(
    ("later", "status"),
    [("8d 13h 59m", "staging"), ("8d 14h", "submitted"), ("11d 13h 59m", "submitted"), ("11d 14h", "done")],
)
def test_the_status_follows_the_clock(ida, later, status) -> None:
    ida.call("POST", "/api/2/deletions/users", json={"user_ids": ["ida-1001"]})
    ida.later(later)
    job = jobs(ida)[0]
    assert (job["status"], job["active_scrub_done_date"]) == (status, "2026-03-14" if status == "done" else None)


def test_when_the_day_comes_everything_is_erased_and_listeners_hear(ida, an_event) -> None:
    heard: list[list[int]] = []
    ida.upload(an_event(None, device_id="d-old-0001"))
    ida.upload(an_event(device_id="d-old-0001"))
    ask(ida, user_ids=["ida-1001"])
    ida.later("10d")
    ida.upload(an_event(event_type="before the run"))
    ida.service.on_users_changed(lambda project, ids, at: heard.append([each - project.first_id for each in ids]))
    ida.later("2d")
    assert heard == [[0, 2]]
    assert [name for _, name in ida.stored()] == ["app_opened"]
    assert ida.service.find("main", user_id="ida-1001") is None
    assert [page.event for page in ida.ledger.pages(events=["deletion"])] == ["deletion"]


def test_new_events_make_a_new_user(ida, an_event) -> None:
    ask(ida, user_ids=["ida-1001"])
    ida.later("12d")
    ida.upload(an_event(None, device_id="d-ida-0001"))
    assert ida.service.find("main", device_id="d-ida-0001").amplitude_id == ida.main.first_id + 2
    ida.upload(an_event(device_id="d-ida-0001"))
    assert ida.service.find("main", user_id="ida-1001").first_event_at == ida.now


def test_the_project_stands_in_the_answer_and_other_projects_keep_their_people(amplitude_with, an_event) -> None:
    settings = AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop"), ProjectSettings("empty")))
    amplitude = amplitude_with(settings)
    for name in ("main", "shop"):
        amplitude.service.ingest(name, [an_event()])
    ask(amplitude, user_ids=["ida-1001"])
    amplitude.later("12d")
    assert amplitude.service.find("main", user_id="ida-1001") is None
    assert amplitude.service.find("shop", user_id="ida-1001") is not None
    apps = [job["app"] for job in ask(amplitude, user_ids=["ida-1001", "noor-3003"], delete_from_org="true").json]
    assert apps == [str(amplitude.service.store.projects.named("shop").app_id)]


def test_unknown_people_are_a_400_that_stages_nobody(ida) -> None:
    answer = ask(ida, user_ids=["ida-1001", "noor-3003"], amplitude_ids=[5, "x"])
    assert (answer.status_code, answer.json["error"]["message"]) == (
        400,
        "Users not found in the project: noor-3003, 5, x",
    )
    assert jobs(ida) == []


@pytest.mark.parametrize("spelling", ["ignore_invalid_id", "ignore_invalid_ids"])
def test_unknown_people_may_be_ignored_and_are_listed(ida, spelling) -> None:
    answer = ask(ida, user_ids=["ida-1001", 2999], **{spelling: True})
    assert (answer.json[0]["invalid_ids"], len(answer.json[0]["amplitude_ids"])) == (["2999"], 1)


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (99, 200), (100, 200), (101, 400)])
def test_a_call_names_1_to_100_people(ida, count, status) -> None:
    user_ids = ["ida-1001", *(f"u-{n:06d}" for n in range(count))][:count]
    assert ask(ida, user_ids=user_ids, ignore_invalid_id=True).status_code == status


@pytest.mark.parametrize("body", [{"user_ids": "ida-1001"}, {"user_ids": [True]}, {"amplitude_ids": [1.5]}, []])
def test_lists_that_are_none_are_refused(ida, body) -> None:
    assert ida.call("POST", "/api/2/deletions/users", json=body).status_code == 400


def test_one_call_a_second(ida) -> None:
    ask(ida, user_ids=["ida-1001"])
    again = ida.call("POST", "/api/2/deletions/users", json={"user_ids": ["ben-2002"]})
    assert (again.status_code, again.json["message"]) == (429, "HTTP 429: Too Many Requests (1 request per second)")
    assert ask(ida, user_ids=["ben-2002"]).status_code == 200


def test_somebody_is_taken_out_while_the_job_is_in_staging(ida) -> None:
    number = ida.main.first_id
    ask(ida, user_ids=["ida-1001"], requester="test")
    answer = ida.call("DELETE", f"/api/2/deletions/users/{number}/2026-03-14")
    assert (answer.status_code, json.loads(answer.text)) == (
        200,
        {"amplitude_id": number, "requested_on_day": "2026-03-02", "requester": "test"},
    )
    assert jobs(ida) == []
    ida.later("12d")
    assert ida.service.find("main", user_id="ida-1001") is not None


@pytest.mark.parametrize(
    ("who", "run_day", "later", "status"),
    [
        ("ida", "2026-03-14", "9d", 400),
        ("ida", "2026-03-15", "1d", 404),
        ("1", "2026-03-14", "1d", 404),
        ("x", "2026-03-14", "1d", 400),
        ("ida", "someday", "1d", 400),
    ],
)
def test_nobody_is_taken_out_of_a_locked_or_unknown_job(ida, who, run_day, later, status) -> None:
    ask(ida, user_ids=["ida-1001"])
    ida.later(later)
    number = ida.main.first_id if who == "ida" else who
    assert ida.call("DELETE", f"/api/2/deletions/users/{number}/{run_day}").status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"start_day": "2026-03-02", "end_day": "2026-09-01"}, 200),
        ({"start_day": "2026-03-02", "end_day": "2026-09-02"}, 200),
        ({"start_day": "2026-03-02", "end_day": "2026-09-03"}, 400),
        ({"start_day": "2026-03-02", "end_day": "2026-03-01"}, 400),
        ({"start_day": "2026-03-02"}, 400),
        ({"start_day": "now", "end_day": "2026-03-02"}, 400),
    ],
)
def test_jobs_are_listed_for_six_months_at_most(ida, query, status) -> None:
    assert ida.get("/api/2/deletions/users", **query).status_code == status


def test_a_requester_is_a_text(ida) -> None:
    answer = ask(ida, user_ids=["ida-1001"], requester={"name": "dpo"})
    assert (answer.status_code, "requester must be a text" in answer.text) == (400, True)
