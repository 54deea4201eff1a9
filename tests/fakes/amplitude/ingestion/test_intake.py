"""The way in: identity over the wire, properties, merges at reading time, and who is told."""

from __future__ import annotations

import json

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings

CASES = {
    "case 1, anonymous": ("A-,B-,B-,C-,A-,C-", [0, 1, 1, 2, 0, 2], 3),
    "case 2, John adopts": ("G-,G-,G+John", [0, 0, 0], 1),
    "case 3, Zack twice": ("K+Zack,L+Zack", [0, 0], 1),
    "case 4, Jane then Mary": ("R+Jane,R-,R+Mary,R-,R-", [0, 0, 1, 1, 1], 2),
    "case 5, David comes back": ("Y+David,Z-,Z+David,Z-", [0, 1, 0, 0], 1),
}


def events(text: str) -> list[dict[str, str]]:
    made = []
    for number, each in enumerate(text.split(",")):
        device, _, user = each.replace("-", "+").partition("+")
        one = {"device_id": f"device-{device}", "event_type": f"event {number}"}
        made.append({**one, "user_id": f"user-{user}"} if user else one)
    return made


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_worked_cases_hold_in_one_request_and_in_many(amplitude, case, at_once) -> None:
    text, expected, unique = CASES[case]
    for batch in [events(text)] if at_once else [[each] for each in events(text)]:
        assert amplitude.upload(*batch).status_code == 200
    assert [number for number, _ in amplitude.stored()] == expected
    assert amplitude.service.store.users.count(amplitude.main) == unique


def test_stored_events_keep_the_old_id_and_are_read_as_the_merged_users(amplitude) -> None:
    amplitude.upload(*events(CASES["case 5, David comes back"][0]))
    store, first = amplitude.service.store, amplitude.main.first_id
    assert [number for number, _ in amplitude.stored()] == [0, 1, 0, 0]
    history = store.events.of_users([first])[first]
    assert [each.event_type for each in history] == ["event 0", "event 1", "event 2", "event 3"]
    assert store.users.canonical(amplitude.main, [first, first + 1]) == {first: first, first + 1: first}
    assert amplitude.service.user("main", first + 1).user_id == "user-David"


def test_whoever_becomes_somebody_is_in_the_ledger_with_the_rule(amplitude) -> None:
    amplitude.upload(*events("G-,G+John,Y+David,Z-,Z+David"))
    first = amplitude.main.first_id
    told = [
        (int(entry.person) - first, entry.outcome, entry.rules)
        for page in amplitude.ledger.pages(events=["identity"])
        for entry in page.entries
    ]
    assert told == [
        (0, "new_anonymous_user", ("ID-1",)),
        (0, "anonymous_user_named", ("ID-2",)),
        (1, "new_user", ("ID-3",)),
        (2, "new_anonymous_user", ("ID-1",)),
        (1, "anonymous_user_merged", ("ID-5",)),
        (2, "anonymous_user_merged", ("ID-5",)),
    ]


def test_user_ids_differ_by_case(amplitude, an_event) -> None:
    amplitude.upload(an_event("Ida-1001"), an_event("ida-1001"))
    assert amplitude.service.store.users.count(amplitude.main) == 2


def test_a_user_without_device_gets_the_same_made_up_one_every_time(amplitude, an_event) -> None:
    amplitude.upload(an_event())
    device_id = amplitude.service.find("main", user_id="ida-1001").device_id
    assert len(device_id) == 36
    assert amplitude.service.find("main", device_id=device_id).user_id == "ida-1001"


def test_a_made_up_device_id_does_not_displace_a_sent_one(amplitude, an_event) -> None:
    amplitude.upload(an_event(device_id="d-ida-0001"))
    amplitude.upload(an_event())
    assert amplitude.service.find("main", user_id="ida-1001").device_id == "d-ida-0001"


def test_by_switch_the_server_makes_up_no_device_id(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(server_device_id="off")
    amplitude.upload(an_event(), an_event(insert_id="a-1"), an_event(insert_id="a-1"))
    assert amplitude.service.find("main", user_id="ida-1001").device_id is None
    assert len(amplitude.stored()) == 2


def test_properties_of_events_update_the_profile_and_stamp_the_event(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "free"}))
    amplitude.upload(an_event(user_properties={"$add": {"visits": 1}}), an_event())
    stamps = [
        json.loads(row[0])
        for row in amplitude.database.rows("SELECT user_properties FROM amplitude_event ORDER BY sequence")
    ]
    assert stamps == [{"plan": "free"}, {"plan": "free", "visits": 1}, {"plan": "free", "visits": 1}]


def test_by_switch_operations_work_on_identify_only(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(property_operations="identify_only")
    amplitude.upload(an_event(user_properties={"$add": {"visits": 1}}))
    amplitude.upload(an_event(event_type="$identify", user_properties={"$add": {"visits": 1}}))
    properties = amplitude.service.find("main", user_id="ida-1001").properties
    assert properties == {"$add": {"visits": 1}, "visits": 1}


def test_a_backfill_may_leave_the_profile_alone(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "plus"}, platform="iOS"))
    old = {"user_properties": {"plan": "free"}, "platform": "Web", "$skip_user_properties_sync": True}
    amplitude.upload(an_event(time=1500000000000, **old))
    record = amplitude.service.find("main", user_id="ida-1001")
    assert (record.properties, record.built_in) == ({"plan": "plus"}, {"platform": "iOS"})
    assert record.first_event_at == 1500000000000
    stamp = amplitude.database.value("SELECT user_properties FROM amplitude_event ORDER BY sequence DESC")
    assert json.loads(stamp) == {"plan": "free"}


def test_an_identify_event_counts_as_none(amplitude, an_event) -> None:
    amplitude.upload(an_event(event_type="$identify", user_properties={"$set": {"plan": "plus"}}))
    record = amplitude.service.find("main", user_id="ida-1001")
    assert (record.event_count, record.first_event_at, record.properties) == (0, None, {"plan": "plus"})
    assert amplitude.stored() == []


@pytest.mark.parametrize(("count", "kept"), [(4, 4), (5, 5), (6, 5)])
def test_property_updates_beyond_the_hourly_limit_are_dropped_and_events_taken(
    amplitude_with, an_event, count, kept
) -> None:
    amplitude = amplitude_with(AmplitudeSettings(property_updates_per_hour=5))
    for _ in range(count):
        assert amplitude.upload(an_event(user_properties={"$add": {"visits": 1}})).status_code == 200
    assert amplitude.service.find("main", user_id="ida-1001").properties == {"visits": kept}
    assert len(amplitude.stored()) == count
    dropped = [e for page in amplitude.ledger.pages() for e in page.entries if e.outcome == "property_update_dropped"]
    assert len(dropped) == count - kept
    amplitude.later("1h")
    amplitude.upload(an_event(user_properties={"$add": {"visits": 1}}))
    assert amplitude.service.find("main", user_id="ida-1001").properties == {"visits": kept + 1}


def test_the_real_hourly_limit_is_1800() -> None:
    assert AmplitudeSettings().property_updates_per_hour == 1800


def test_listeners_hear_who_changed_inside_the_transaction(amplitude, an_event) -> None:
    heard: list[tuple[str, list[int], int]] = []
    first = amplitude.main.first_id
    amplitude.service.on_users_changed(
        lambda project, ids, at: heard.append((project.name, [each - first for each in ids], len(amplitude.stored())))
    )
    amplitude.upload(*events("Y+David,Z-"), an_event(insert_id="a-1"))
    amplitude.upload(*events("Z+David"))
    amplitude.upload(an_event(insert_id="a-1"))
    assert heard == [("main", [0, 1, 2], 3), ("main", [0, 1], 4)]


def test_a_failing_listener_undoes_the_upload(amplitude, an_event) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no")

    amplitude.service.on_users_changed(refuse)
    with pytest.raises(RuntimeError):
        amplitude.upload(an_event())
    assert amplitude.stored() == []


TWO = AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop")))


def test_by_switch_projects_know_nothing_of_each_others_devices(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(TWO, device_scope="project")
    amplitude.upload(an_event(device_id="d-ida-0001", insert_id="a-1"))
    amplitude.service.ingest("shop", [an_event(None, device_id="d-ida-0001", insert_id="a-1")])
    ida = amplitude.service.find("main", user_id="ida-1001")
    other = amplitude.service.find("shop", device_id="d-ida-0001")
    assert (amplitude.service.find("shop", user_id="ida-1001"), other.user_id) == (None, None)
    assert amplitude.service.user("shop", ida.amplitude_id) is None


def test_a_device_known_in_another_project_is_that_users_here_too(amplitude_with, an_event) -> None:
    """ID-4. In the other project it is a user of its own; the latest user of the device is meant."""
    amplitude = amplitude_with(TWO)
    amplitude.upload(an_event(device_id="d-ida-0001"))
    amplitude.later("1m")
    amplitude.upload(an_event("kim-1002", device_id="d-ida-0001"))
    amplitude.service.ingest("shop", [an_event(None, device_id="d-ida-0001"), an_event(None, device_id="d-other-01")])
    here, there = (amplitude.service.find(each, user_id="kim-1002") for each in ("main", "shop"))
    assert amplitude.service.find("shop", device_id="d-ida-0001") == there
    assert here.amplitude_id != there.amplitude_id
    assert amplitude.service.find("shop", device_id="d-other-01").user_id is None


def test_what_a_project_knows_of_a_device_itself_goes_before_what_others_know(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(TWO)
    amplitude.upload(an_event(device_id="d-ida-0001"))
    amplitude.service.ingest("shop", [an_event("noor-3003", device_id="d-ida-0001")])
    amplitude.service.ingest("shop", [an_event(None, device_id="d-ida-0001")])
    assert amplitude.service.find("shop", device_id="d-ida-0001").user_id == "noor-3003"
    assert amplitude.service.find("shop", user_id="ida-1001") is None


@pytest.mark.parametrize("user_id", ["a\0bcdef", "李雷🎈-1001", "q\"uote\\'s", "x" * 2000, "%5B-1001"])
def test_an_id_of_any_characters_is_the_same_user_the_second_time(amplitude, an_event, user_id) -> None:
    for _ in range(2):
        amplitude.upload(an_event(user_id, device_id=f"d{user_id}", insert_id=f"i{user_id}", event_type="a\0b"))
    assert (amplitude.service.store.users.count(amplitude.main), len(amplitude.stored())) == (1, 1)
