"""User search and user activity, in the shapes that the live service was seen to answer."""

from __future__ import annotations

import json

import pytest


def test_a_user_is_found_by_amplitude_id_device_id_and_user_id(amplitude, an_event) -> None:
    """READ-1."""
    amplitude.upload(an_event(device_id="d-ida-0001"))
    ida = amplitude.main.first_id
    match = {"user_id": "ida-1001", "amplitude_id": ida, "last_seen": None, "last_device_id": "d-ida-0001"}
    for wanted in (str(ida), "d-ida-0001", "ida-1001"):
        assert amplitude.get("/api/2/usersearch", user=wanted).json == {
            "matches": [match],
            "type": "match_user_or_device_id",
        }


def test_a_prefix_finds_users_in_the_order_of_their_ids(amplitude, an_event) -> None:
    amplitude.upload(an_event("test-user-2"), an_event("test-user"), an_event("other-user"), an_event("7-test"))
    answer = amplitude.get("/api/2/usersearch", user="test-").json
    assert (answer["type"], [each["user_id"] for each in answer["matches"]]) == (
        "match_user_prefix",
        ["test-user", "test-user-2"],
    )
    assert [each["user_id"] for each in amplitude.get("/api/2/usersearch", user="7").json["matches"]] == ["7-test"]


def test_nobody_is_a_200_with_an_empty_list(amplitude) -> None:
    for wanted in ("nobody", "9" * 30, "²"):
        answer = amplitude.get("/api/2/usersearch", user=wanted)
        assert (answer.status_code, answer.json) == (200, {"matches": [], "type": "nomatch"})


def test_an_anonymous_user_has_a_null_user_id_and_a_merged_one_reads_as_the_other(amplitude, an_event) -> None:
    amplitude.upload(an_event(None, device_id="d-ben-0001"), an_event(device_id="d-ida-0001"))
    assert amplitude.get("/api/2/usersearch", user="d-ben-0001").json["matches"][0]["user_id"] is None
    amplitude.upload(an_event(device_id="d-ben-0001"))
    first = amplitude.main.first_id
    assert amplitude.get("/api/2/usersearch", user=str(first)).json["matches"][0]["amplitude_id"] == first + 1


def test_search_needs_something_to_look_for(amplitude) -> None:
    answer = amplitude.get("/api/2/usersearch")
    assert (answer.status_code, answer.json["error"]["message"]) == (400, "Missing required parameter: user")


def test_activity_tells_who_somebody_is_and_what_they_did(amplitude, an_event) -> None:
    """READ-1."""
    hour = 3_600_000
    amplitude.upload(
        an_event(device_id="d-ida-0001", time=amplitude.now - 2 * hour, session_id=5, language="de", city="Wien"),
        an_event(event_type="bought", device_id="d-ida-0002", time=amplitude.now - hour, session_id=5, price=2.5,
                 quantity=2,
                 groups={"org": "acme"}, location_lat=48.2, location_lng=16.4, user_properties={"plan": "plus"}),
    )  # fmt: skip
    ida = amplitude.service.find("main", user_id="ida-1001").amplitude_id
    answer = amplitude.get("/api/2/useractivity", user=str(ida)).json
    data = answer["userData"]
    assert {name: data[name] for name in ("user_id", "canonical_amplitude_id", "num_events", "num_sessions")} == {
        "user_id": "ida-1001",
        "canonical_amplitude_id": ida,
        "num_events": 2,
        "num_sessions": 1,
    }
    assert (data["first_used"], data["last_used"], data["usage_time"]) == ("2026-03-02", "2026-03-02", hour)
    assert (data["purchases"], data["revenue"]) == ("1", "5.0")
    assert (data["device_ids"], data["last_device_id"]) == (["d-ida-0001", "d-ida-0002"], "d-ida-0002")
    assert (data["properties"], data["groups"], data["language"], data["city"]) == (
        {"plan": "plus"},
        {"org": "acme"},
        "German",
        "Wien",
    )
    assert data["last_location"] == {"lat": "48.2", "lng": "16.4"}
    assert [each["event_type"] for each in answer["events"]] == ["bought", "app_opened"]
    assert answer["events"][0]["event_properties"] == {"$price": 2.5, "$quantity": 2, "$revenue": 5.0}
    assert (answer["events"][0]["$schema"], answer["events"][0]["raw_event_type"]) == (13, "bought")


def test_activity_of_somebody_who_did_nothing(amplitude) -> None:
    amplitude.service.identify(
        "main", [{"user_id": "ida-1001", "platform": "iOS", "os_name": "ios", "os_version": "8.2"}]
    )
    data = amplitude.get("/api/2/useractivity", user=str(amplitude.main.first_id)).json["userData"]
    assert (data["num_events"], data["first_used"], data["last_location"]["lat"]) == (0, "", "1.7976931348623157E308")
    assert (data["platform"], data["os"], len(data["device_ids"])) == ("iOS", "ios 8.2", 1)


def test_the_stream_of_a_merged_user_holds_both(amplitude, an_event) -> None:
    amplitude.upload(an_event(device_id="d-ida-0001"), an_event(None, "browsed", device_id="d-ida-0002"))
    amplitude.later("1h")
    amplitude.upload(an_event(device_id="d-ida-0002"))
    first = amplitude.main.first_id
    for number in (first, first + 1):
        answer = amplitude.get("/api/2/useractivity", user=str(number)).json
        assert answer["userData"]["canonical_amplitude_id"] == first
        assert answer["userData"]["merged_amplitude_ids"] == [first + 1]
        assert answer["userData"]["merge_times"] == {str(first + 1): "2026-03-02T11:00:00Z"}
        assert [each["amplitude_id"] - first for each in answer["events"]] == [0, 1, 0]


def test_the_stream_of_a_global_user_holds_the_mapped_ones_and_not_the_other_way_round(amplitude, an_event) -> None:
    amplitude.upload(an_event(), an_event("ida@example.com"), an_event("old-ida"))
    pairs = [
        {"user_id": "ida-1001", "global_user_id": "ida@example.com"},
        {"user_id": "old-ida", "global_user_id": "ida-1001"},
    ]
    amplitude.form("/usermap", mapping=json.dumps(pairs))
    first = amplitude.main.first_id
    events = [amplitude.get("/api/2/useractivity", user=str(first + n)).json["events"] for n in range(3)]
    assert [len(each) for each in events] == [2, 3, 1]
    data = amplitude.get("/api/2/useractivity", user=str(first)).json["userData"]
    assert (data["aliased_user_id"], data["aliased_amplitude_id"], data["aliasing_user_ids"]) == (
        "ida@example.com",
        first + 1,
        ["old-ida"],
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["e2", "e1", "e0"]),
        ({"direction": "earliest"}, ["e0", "e1", "e2"]),
        ({"offset": "1"}, ["e1", "e0"]),
        ({"limit": "1"}, ["e2"]),
        ({"limit": "0"}, []),
        ({"limit": "5000"}, ["e2", "e1", "e0"]),
    ],
)
def test_activity_is_paged_from_either_end(amplitude, an_event, query, expected) -> None:
    amplitude.upload(*(an_event(event_type=f"e{n}") for n in range(3)))
    answer = amplitude.get("/api/2/useractivity", user=str(amplitude.main.first_id), **query).json
    assert [each["event_type"] for each in answer["events"]] == expected


@pytest.mark.parametrize(("count", "shown"), [(999, 999), (1000, 1000), (1001, 1000)])
def test_activity_gives_a_thousand_events_at_most(amplitude, an_event, count, shown) -> None:
    amplitude.service.ingest("main", [an_event() for _ in range(count)])
    answer = amplitude.get("/api/2/useractivity", user=str(amplitude.main.first_id)).json
    assert (len(answer["events"]), answer["userData"]["num_events"]) == (shown, count)


def test_by_switch_a_limit_of_one_gives_two(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(activity_limit="zero_indexed")
    amplitude.upload(an_event(), an_event(), an_event())
    answer = amplitude.get("/api/2/useractivity", user=str(amplitude.main.first_id), limit="1").json
    assert len(answer["events"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 400), ({"user": "1"}, 404), ({"user": "ida"}, 404), ({"user": "1", "limit": "x"}, 404)],
)
def test_activity_of_nobody(amplitude, query, status) -> None:
    assert amplitude.get("/api/2/useractivity", **query).status_code == status


@pytest.mark.parametrize("query", [{"limit": "x"}, {"offset": "-1"}, {"direction": "sideways"}])
def test_activity_with_a_wrong_parameter(amplitude, an_event, query) -> None:
    amplitude.upload(an_event())
    assert amplitude.get("/api/2/useractivity", user=str(amplitude.main.first_id), **query).status_code == 400
