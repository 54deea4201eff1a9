"""The User Profile API: what is asked for is there, everything else is null."""

from __future__ import annotations

import pytest


def profile(amplitude, **query):
    headers = {"Authorization": f"Api-Key {amplitude.main.secret_key}"}
    return amplitude.client.get("/v1/userprofile", query_string=query, headers=headers)


def place(amplitude, what, **body):
    answer = amplitude.client.put(f"/_sim/amplitude/{what}", json={"user_id": "ida-1001", **body})
    assert answer.status_code == 204


@pytest.fixture
def ida(amplitude, an_event):
    amplitude.upload(
        an_event(
            device_id="d-ida-0001", time=1772272800000, country="AT", user_properties={"plan": "plus", "visits": 3}
        )
    )
    return amplitude


NOTHING = {
    "recommendations": None,
    "user_id": "ida-1001",
    "device_id": "d-ida-0001",
    "amp_props": None,
    "cohort_ids": None,
}


@pytest.mark.parametrize("who", [{"user_id": "ida-1001"}, {"device_id": "d-ida-0001"}])
def test_nothing_asked_for_is_null(ida, who) -> None:
    answer = profile(ida, **who)
    assert (answer.status_code, answer.json) == (200, {"userData": NOTHING})


def test_properties_are_custom_and_built_in(ida) -> None:
    """PROF-1."""
    assert profile(ida, user_id="ida-1001", get_amp_props="true").json["userData"]["amp_props"] == {
        "library": "http/2.0",
        "country": "AT",
        "first_used": "2026-02-28",
        "last_used": "2026-02-28",
        "plan": "plus",
        "visits": 3,
    }


def test_what_was_done_before_the_login_counts_and_the_library_is_the_latest(amplitude, an_event) -> None:
    amplitude.upload(an_event(device_id="d-ida-0001"))
    amplitude.upload(an_event(None, device_id="d-ida-0002", time=1769594400000, library="http/2.0"))
    amplitude.upload(an_event(device_id="d-ida-0002", library="amplitude-python/1.3.0"))
    seen = profile(amplitude, user_id="ida-1001", get_amp_props="true").json["userData"]["amp_props"]
    assert seen == {"library": "amplitude-python/1.3.0", "first_used": "2026-01-28", "last_used": "2026-03-02"}


def test_by_switch_custom_properties_carry_a_prefix(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(profile_prefix="gp")
    amplitude.upload(an_event(user_properties={"plan": "plus"}))
    assert (
        profile(amplitude, user_id="ida-1001", get_amp_props="true").json["userData"]["amp_props"]["gp:plan"] == "plus"
    )


def test_computations_are_texts_and_an_unknown_one_is_null(ida) -> None:
    """PROF-1."""
    place(ida, "computations", comp_id="t14bqib", property="computed-prop-1", value=3)
    place(ida, "computations", comp_id="x2", property="computed-prop-2", value=5000000.0)
    every = profile(ida, user_id="ida-1001", get_computations="true").json["userData"]["amp_props"]
    assert every == {"computed-prop-1": "3", "computed-prop-2": "5000000.0"}
    some = profile(ida, user_id="ida-1001", get_computations="true", comp_id="x2,gone").json["userData"]["amp_props"]
    assert some == {"computed-prop-2": "5000000.0", "gone": None}


def test_cohorts_are_listed_once_they_are_synced_to_the_profile_api(ida) -> None:
    member = ida.service.user("main", ida.main.first_id).amplitude_id
    cohort = ida.service.cohorts.create_static("people", [member])
    assert profile(ida, user_id="ida-1001", get_cohort_ids="true").json["userData"]["cohort_ids"] == []
    assert ida.client.put("/_sim/amplitude/profile-cohorts", json={"cohort_id": cohort.cohort_id}).status_code == 204
    answer = profile(ida, user_id="ida-1001", get_cohort_ids="true").json
    assert answer["userData"]["cohort_ids"] == [cohort.cohort_id]


def test_a_cohort_that_nobody_computed_yet_is_computed_when_a_profile_is_asked_for(ida) -> None:
    cohort = ida.service.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    gone = ida.service.cohorts.create("gone", {"performed": "app_opened"})
    for each in (cohort, gone):
        ida.client.put("/_sim/amplitude/profile-cohorts", json={"cohort_id": each.cohort_id})
    ida.service.cohorts.delete("gone")
    answer = profile(ida, user_id="ida-1001", get_cohort_ids="true").json
    assert answer["userData"]["cohort_ids"] == [cohort.cohort_id]


def test_recommendations_come_in_the_order_asked_and_leave_an_event(ida) -> None:
    """PROF-1."""
    place(ida, "recommendations", rec_id="r1", items=["cookie", "cracker"])
    place(ida, "recommendations", rec_id="r2", items=["kimchi"], is_control=True, recommendation_source="model2")
    ida.later("1h")
    answer = profile(ida, user_id="ida-1001", get_recs="true", rec_id="r2,gone,r1").json["userData"]["recommendations"]
    shared = {"last_updated": 1772445600}
    assert answer == [
        {"rec_id": "r2", "child_rec_id": "r2", "items": ["kimchi"], "is_control": True,
         "recommendation_source": "model2", **shared},
        {"rec_id": "r1", "child_rec_id": "r1", "items": ["cookie", "cracker"], "is_control": False,
         "recommendation_source": "model", **shared},
    ]  # fmt: skip
    assert ida.stored()[-1] == (0, "[Recs] Recommendation Event")
    assert profile(ida, user_id="ida-1001", get_recs="true", rec_id="gone").json["userData"]["recommendations"] is None


def test_random_recommendations_are_shuffled_by_the_seed(ida) -> None:
    items = [f"item {n}" for n in range(20)]
    place(ida, "recommendations", rec_id="r1", items=items)
    asked = {"user_id": "ida-1001", "get_recs": "true", "rec_id": "r1", "rec_type": "random"}
    first = profile(ida, **asked).json["userData"]["recommendations"][0]
    assert (first["recommendation_source"], first["is_control"]) == ("random", True)
    assert (sorted(first["items"]), first["items"] != items) == (sorted(items), True)
    assert profile(ida, **asked).json["userData"]["recommendations"][0] == first


def test_propensity_of_one_and_of_several_predictions(ida) -> None:
    place(ida, "propensities", prediction_id="0x10x", score=0.500001, pct=83)
    place(ida, "propensities", prediction_id="0x11x", score=0.6, pct=85)
    asked = {"user_id": "ida-1001", "get_propensity": "true"}
    one = profile(ida, **asked, prediction_id="0x10x", propensity_type="score").json["userData"]
    assert (one["propensity"], one["propensities"]) == (
        0.500001,
        [{"prop": 0.500001, "pred_id": "0x10x", "prop_type": "score"}],
    )
    two = profile(ida, **asked, prediction_id="0x10x,0x11x,gone", propensity_type="pct").json["userData"]
    assert (two["propensity"], [each["prop"] for each in two["propensities"]]) == (None, [83, 85])


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"user_id": "noor-3003"}, "User id and device id not seen before"),
        ({"device_id": "d-noor-0001"}, "User id and device id not seen before"),
        ({}, "Either user_id or device_id is required"),
        ({"user_id": "ida-1001", "get_recs": "true"}, "rec_id is required when get_recs is true"),
        (
            {"user_id": "ida-1001", "get_propensity": "true"},
            "prediction_id and propensity_type (score or pct) are required",
        ),
    ],
)
def test_what_cannot_be_answered_is_said(ida, query, error) -> None:
    answer = profile(ida, **query)
    assert (answer.status_code, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "Missing Api-Key in Authorization header"),
        ("Basic abc", "Missing Api-Key in Authorization header"),
        ("Api-Key ", "Missing Api-Key in Authorization header"),
        ("Api-Key wrong", "Invalid Api-Key"),
    ],
)
def test_the_secret_key_is_the_key(ida, header, text) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = ida.client.get("/v1/userprofile?user_id=ida-1001", headers=headers)
    assert (answer.status_code, answer.text) == (401, text)


def test_the_api_key_is_not_the_secret_key(ida) -> None:
    headers = {"Authorization": f"Api-Key {ida.main.api_key}"}
    assert ida.client.get("/v1/userprofile?user_id=ida-1001", headers=headers).status_code == 401


def test_six_hundred_calls_a_minute(ida) -> None:
    statuses = [profile(ida, user_id="ida-1001").status_code for _ in range(601)]
    assert (statuses[598:], profile(ida, user_id="ida-1001").json) == (
        [200, 200, 429],
        {"error": "Number of requests per minute exceeds system limit. Contact Support if you need this limit raised"},
    )
    ida.later("1m")
    assert profile(ida, user_id="ida-1001").status_code == 200


def test_a_wrong_path_is_an_empty_404(ida) -> None:
    answer = ida.client.get("/v1/profile")
    assert (answer.status_code, answer.data) == (404, b"")


@pytest.mark.parametrize(
    ("later", "status", "recommended"),
    [
        ("4m 59s", 400, None),
        ("5m", 200, False),
        ("1h 59m 59s", 200, False),
        ("2h", 200, True),
        ("90d", 200, True),
        ("90d 1s", 200, False),
    ],
)
def test_on_the_earliest_page_people_are_known_and_recommended_to_by_age(
    amplitude_with, an_event, later, status, recommended
) -> None:
    """PROF-1."""
    amplitude = amplitude_with(profile_age="earliest_page")
    amplitude.upload(an_event())
    place(amplitude, "recommendations", rec_id="r1", items=["cookie"])
    amplitude.later(later)
    answer = profile(amplitude, user_id="ida-1001", get_recs="true", rec_id="r1")
    assert answer.status_code == status
    if status == 200:
        assert (answer.json["userData"]["recommendations"] is not None) is recommended
