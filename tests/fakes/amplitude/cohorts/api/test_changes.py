"""Uploads and membership: what is applied, what is skipped, what is refused."""

import threading

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.rules.instants import MINUTE_MS, Instant

OPENERS = {"performed": "app_opened"}


@pytest.fixture
def vips(desk):
    """An uploaded cohort that holds Ida."""
    return desk.upload().json["cohortId"]


# --- upload ----------------------------------------------------------------------------------------


def test_an_upload_makes_a_cohort_of_known_users(desk):
    answer = desk.upload(ids=["ida-1001", "nobody-1", "ben-1001", "nobody-1"])
    assert answer.json["metadata"] == {"matched": 2, "totals": 4, "invalid_ids_sample": ["nobody-1"]}
    assert desk.who(answer.json["cohortId"]) == ["ida-1001", "ben-1001"]
    (shown,) = desk.get("/api/3/cohorts").json["cohorts"]
    assert (shown["name"], shown["owners"], shown["size"]) == ("vips", ["demo@example.com"], 2)
    assert shown["description"] is None


@pytest.mark.parametrize("app_id", [153957, "153957"])
def test_the_app_id_comes_as_number_and_as_text(desk, app_id):
    assert desk.upload(app_id=app_id).status_code == 200


@pytest.mark.parametrize("form", [str, int])
def test_amplitude_ids_come_as_texts_and_as_numbers(desk, form):
    (ida,) = desk.did("ida-1001")
    answer = desk.upload(id_type="BY_AMP_ID", ids=[form(ida), form(7)])
    assert answer.json["metadata"] == {"matched": 1, "totals": 2, "invalid_ids_sample": ["7"]}


def test_the_sample_of_invalid_ids_is_short(desk):
    answer = desk.upload(ids=["ida-1001", *(f"nobody-{number:02}" for number in range(20))])
    assert len(answer.json["metadata"]["invalid_ids_sample"]) == 10


def test_an_upload_of_an_unpublished_cohort_is_not_listed(desk):
    assert desk.upload(published=False).status_code == 200
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}


def test_an_existing_cohort_is_replaced(desk, vips):
    answer = desk.upload(existing_cohort_id=vips, ids=["ben-1001"])
    assert (answer.json["cohortId"], desk.who(vips)) == (vips, ["ben-1001"])


def test_skip_save_only_checks(desk, vips):
    assert desk.upload(skip_save=True).json["cohortId"] == ""
    assert desk.upload(skip_save=True, existing_cohort_id=vips, ids=["ben-1001"]).json["cohortId"] == vips
    assert desk.who(vips) == ["ida-1001"]
    assert len(desk.get("/api/3/cohorts").json["cohorts"]) == 1


def test_one_invalid_id_aborts_when_asked_to(desk):
    answer = desk.upload(ids=["ida-1001", "nobody-1"], skip_invalid_ids=False)
    assert (answer.status_code, answer.json["error"]["metadata"]) == (400, {"invalid_ids_sample": ["nobody-1"]})
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}


@pytest.mark.parametrize("missing", ["name", "app_id", "id_type", "ids", "owner", "published"])
def test_every_required_field_is_required(desk, missing):
    answer = desk.upload(**{missing: ...})
    assert (answer.status_code, answer.json["error"]["metadata"]) == (400, {"missing_field": missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": 7},
        {"owner": ""},
        {"published": "yes"},
        {"id_type": "BY_NAME"},
        {"app_id": "main"},
        {"app_id": True},
        {"app_id": 1.5},
        {"ids": "ida-1001"},
        {"ids": []},
        {"ids": [None]},
        {"ids": [True]},
        {"ids": ["nobody-1"]},
        {"skip_save": "no"},
        {"skip_invalid_ids": 1},
    ],
    ids=str,
)
def test_a_wrong_value_is_a_400_that_saves_nothing(desk, wrong):
    answer = desk.upload(**wrong)
    assert (answer.status_code, answer.json["error"]["http_code"]) == (400, 400)
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}


@pytest.mark.parametrize(("count", "status"), [(99_999, 200), (100_000, 200), (100_001, 400)])
def test_a_hundred_thousand_ids_fit_into_an_upload(desk, count, status):
    assert desk.upload(ids=["ida-1001"] * count).status_code == status


def test_an_app_id_of_another_project_is_refused(desk_with):
    desk = desk_with(AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("second"))))
    desk.did("ida-1001")
    other = desk.amplitude.service.store.projects.named("second").app_id
    assert desk.upload(app_id=other).status_code == 400
    assert desk.upload(app_id=desk.amplitude.main.app_id).status_code == 200


@pytest.mark.parametrize("path", ["/api/3/cohorts/upload", "/api/3/cohorts/membership"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"vips"'])
def test_a_body_that_is_no_json_object_is_a_400(desk, path, body):
    answer = desk.amplitude.call("POST", path, data=body, content_type="application/json")
    assert answer.status_code == 400


def test_uploading_into_an_unknown_or_a_computed_cohort_is_refused(desk):
    computed = desk.cohorts.create("openers", OPENERS)
    assert desk.upload(existing_cohort_id="26umsb5").status_code == 404
    assert desk.upload(existing_cohort_id=computed.cohort_id).status_code == 400


def test_cohorts_of_groups_are_not_emulated_and_say_so(desk):
    answer = desk.upload(cg="company")
    assert (answer.status_code, answer.json["code"]) == (501, 501)


# --- membership ------------------------------------------------------------------------------------


def test_people_are_added_and_removed_in_one_call(desk, vips):
    (ben,) = desk.did("ben-1001")
    answer = desk.membership(vips, ("ADD", "BY_ID", [str(ben)]), ("REMOVE", "BY_NAME", ["ida-1001"]))
    assert answer.json == {
        "cohort_id": vips,
        "memberships_result": [
            {"skipped_ids": [], "id_type": "BY_ID", "operation": "ADD"},
            {"skipped_ids": [], "id_type": "BY_NAME", "operation": "REMOVE"},
        ],
    }
    assert desk.who(vips) == ["ben-1001"]


def test_by_amp_id_is_taken_though_it_is_not_documented(desk, vips):
    (ben,) = desk.did("ben-1001")
    assert desk.membership(vips, ("ADD", "BY_AMP_ID", [ben])).status_code == 200
    assert desk.who(vips) == ["ida-1001", "ben-1001"]


def test_unknown_ids_are_skipped_and_named(desk, vips):
    answer = desk.membership(vips, ("ADD", "BY_NAME", ["nobody-1", "ben-1001"]), ("REMOVE", "BY_ID", ["x", "9" * 30]))
    assert [each["skipped_ids"] for each in answer.json["memberships_result"]] == [["nobody-1"], ["x", "9" * 30]]
    assert desk.who(vips) == ["ida-1001", "ben-1001"]


def test_one_unknown_id_stops_all_of_it_when_asked_to(desk, vips):
    answer = desk.membership(
        vips, ("ADD", "BY_NAME", ["ben-1001"]), ("REMOVE", "BY_NAME", ["nobody-1"]), skip_invalid_ids=False
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (400, 400)
    assert answer.json["error"]["metadata"] == {
        "cohort_id": vips,
        "memberships_result": [
            {"skipped_ids": [], "id_type": "BY_NAME", "operation": "ADD"},
            {"skipped_ids": ["nobody-1"], "id_type": "BY_NAME", "operation": "REMOVE"},
        ],
    }
    assert desk.who(vips) == ["ida-1001"]


def test_the_last_person_may_be_removed(desk, vips):
    assert desk.membership(vips, ("REMOVE", "BY_NAME", ["ida-1001"])).status_code == 200
    assert desk.who(vips) == []


@pytest.mark.parametrize(
    "item",
    [
        {"ids": ["ida-1001"], "id_type": "BY_USER_ID", "operation": "ADD"},
        {"ids": ["ida-1001"], "operation": "ADD"},
        {"ids": ["ida-1001"], "id_type": "BY_NAME", "operation": "REPLACE"},
        {"ids": [], "id_type": "BY_NAME", "operation": "ADD"},
        {"id_type": "BY_NAME", "operation": "ADD"},
        {"ids": [{}], "id_type": "BY_NAME", "operation": "ADD"},
        "ida-1001",
    ],
    ids=str,
)
def test_a_wrong_item_is_a_400(desk, vips, item):
    answer = desk.post("/api/3/cohorts/membership", {"cohort_id": vips, "memberships": [item]})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, 400)


@pytest.mark.parametrize(
    "body",
    [
        {"memberships": []},
        {"cohort_id": "", "memberships": []},
        {"cohort_id": "26umsb5"},
        {"cohort_id": "26umsb5", "memberships": []},
        {"cohort_id": "26umsb5", "memberships": {}},
        {"cohort_id": "26umsb5", "count_group": "company", "memberships": []},
    ],
    ids=str,
)
def test_a_wrong_body_is_a_400(desk, body):
    assert desk.post("/api/3/cohorts/membership", body).status_code == 400


@pytest.mark.parametrize(("count", "status"), [(99_999, 200), (100_000, 200), (100_001, 400)])
def test_a_hundred_thousand_ids_fit_into_a_membership_call(desk, vips, count, status):
    half = count // 2
    answer = desk.membership(
        vips, ("ADD", "BY_NAME", ["ben-1001"] * half), ("ADD", "BY_NAME", ["ida-1001"] * (count - half))
    )
    assert answer.status_code == status


def test_an_unknown_cohort_is_a_404_and_a_computed_one_a_400(desk):
    computed = desk.cohorts.create("openers", OPENERS)
    change = ("ADD", "BY_NAME", ["ida-1001"])
    assert desk.membership("26umsb5", change).status_code == 404
    assert desk.membership(computed.cohort_id, change).status_code == 400


def test_while_somebody_else_writes_a_cohort_every_writer_is_a_429(desk, vips):
    cohort = desk.cohorts.describe(vips)
    desk.api.limits.hold(cohort, Instant(desk.amplitude.now + MINUTE_MS))
    change = ("ADD", "BY_NAME", ["ben-1001"])
    assert desk.membership(vips, change).status_code == 429
    assert desk.upload(existing_cohort_id=vips).status_code == 429
    assert desk.upload().status_code == 200
    desk.amplitude.later("59s 999ms")
    assert desk.membership(vips, change).status_code == 429
    desk.amplitude.later("1ms")
    assert desk.membership(vips, change).status_code == 200


def test_two_calls_at_the_same_time_on_one_cohort_are_one_too_many(desk, vips):
    cohort = desk.cohorts.describe(vips)
    limits, now = desk.api.limits, desk.amplitude.now
    taken, release, answers = threading.Event(), threading.Event(), []

    def first():
        with limits.writing(cohort, now) as free:
            answers.append(free)
            taken.set()
            release.wait(timeout=10)

    thread = threading.Thread(target=first)
    thread.start()
    assert taken.wait(timeout=10)
    with limits.writing(cohort, now) as free:
        answers.append(free)
    release.set()
    thread.join()
    with limits.writing(cohort, now) as free:
        answers.append(free)
    assert answers == [True, False, True]
