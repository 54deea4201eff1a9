"""Segments of the dashboard: made, refused, asked who is in them now and before, counted."""

from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.fakes.braze.audience.segments import SegmentRefused
from simulator.rules.instants import MINUTE_MS, Instant
from simulator.rules.segments.tree import anonymous, has_alias, identified, in_cohort


def test_a_segment_has_a_uuid(house: Any) -> None:
    made = house.audience.create_segment("Everybody")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.segment_id)


def test_without_filters_it_is_everybody(house: Any) -> None:
    house.audience.create_segment("Everybody")
    assert house.in_segment("Everybody") == ["ann", "ben", "ida", "kim"]


def test_includes_takes_the_members_of_a_cohort(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"], "device_ids": ["d-ben-0001"]})
    house.audience.create_segment("Openers", includes=["openers"])
    assert house.in_segment("Openers") == ["ben", "ida"]


def test_excludes_takes_everybody_else(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"]})
    house.audience.create_segment("Rest", excludes=["openers"])
    assert house.in_segment("Rest") == ["ann", "ben", "kim"]


def test_cohorts_and_filters_join_with_and(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001", "ann-1001"]})
    germans = {"country": {"comparison": "is", "value": "DE"}}
    house.audience.create_segment("German openers", germans, includes=["openers"])
    assert house.in_segment("German openers") == ["ida"]


def test_each_partner_has_a_filter_of_its_own(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"]}, partner="segment")
    house.audience.create_segment("Of Segment", includes=["openers"], partner="segment")
    house.audience.create_segment("Of Amplitude", includes=["openers"])
    assert (house.in_segment("Of Segment"), house.in_segment("Of Amplitude")) == (["ida"], [])


@pytest.mark.parametrize("partner", ["hightouch", "Hightouch", "HIGHTOUCH"])
def test_a_partner_is_known_by_its_name_however_it_is_spelt(house: Any, partner: str) -> None:
    house.braze.change({"user_ids": ["ida-1001"]}, partner=partner)
    form = {"Hightouch_cohorts": {"comparison": "includes_value", "value": "openers"}}
    house.audience.create_segment("By form", form)
    house.audience.create_segment("By cohort", includes=["openers"], partner="Hightouch")
    assert (house.in_segment("By form"), house.in_segment("By cohort")) == (["ida"], ["ida"])
    assert house.audience.cohort_titles("Hightouch") == ["[Hightouch] openers: openers"]


def test_a_cohort_may_be_named_by_its_title_in_the_filter(house: Any) -> None:
    body = {"cohort_id": "abcd1234", "name": "TEST_COHORT", "created_at": "2026-03-02T10:00:00Z"}
    house.braze.post("/partners/amplitude/cohorts", house.braze.cohort_body(**body), key="")
    house.braze.change({"user_ids": ["ida-1001"]}, cohort_id="abcd1234")
    (title,) = house.audience.cohort_titles()
    house.audience.create_segment("By title", includes=[title])
    assert (title, house.in_segment("By title")) == ("[Amplitude] TEST_COHORT: abcd1234", ["ida"])


def test_a_partner_that_is_switched_off_has_no_filter_and_its_members_stay_in_segments(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"]})
    house.audience.create_segment("Openers", includes=["openers"])
    house.braze.keys.switch_partner("main", "amplitude", enabled=False)
    assert (house.audience.cohort_titles(), house.in_segment("Openers")) == ([], ["ida"])
    house.braze.keys.switch_partner("main", "amplitude", enabled=True)
    assert house.audience.cohort_titles() == ["[Amplitude] openers: openers"]


@pytest.mark.parametrize(
    ("tree", "people"),
    [(identified(), ["ann", "ida"]), (anonymous(), ["ben", "kim"]), (has_alias("crm"), ["kim"])],
)
def test_trees_are_taken_as_they_are(house: Any, tree: Any, people: list[str]) -> None:
    house.audience.create_segment("Some", tree)
    assert house.in_segment("Some") == people


def test_events_in_a_window_let_people_leave_by_time_alone(house: Any) -> None:
    house.event("ida-1001", "app_opened")
    form = {"custom_event_name": "app_opened", "comparison": "exists", "within_days": 7}
    house.audience.create_segment("Active", {"custom_event": form})
    inside = house.in_segment("Active")
    house.wait("7d")
    assert (inside, house.in_segment("Active")) == (["ida"], [])


def test_membership_at_a_past_instant_follows_the_cohort(house: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.change({"user_ids": ["ida-1001"]})
    house.wait("1h")
    house.braze.change({"user_ids": ["ida-1001"], "should_remove": True})
    house.audience.create_segment("Openers", in_cohort("amplitude", "openers"))
    asked = [Instant(start + hours * 60 * MINUTE_MS) for hours in (0, 1, 2)]
    assert [house.in_segment("Openers", at=at) for at in asked] == [[], ["ida"], []]


def test_attributes_are_those_of_the_past_instant(house: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.identified("ida-1001", plan="free")
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    house.audience.create_segment("Gold", gold)
    assert (house.in_segment("Gold", at=start), house.in_segment("Gold")) == (["ida"], [])


def test_somebody_who_did_not_exist_yet_was_not_in_it(house: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.identified("noor-1")
    house.audience.create_segment("Everybody")
    assert (len(house.in_segment("Everybody", at=start)), len(house.in_segment("Everybody"))) == (4, 5)


def test_a_deleted_profile_was_in_it_before(house: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    house.wait("1m")
    house.audience.create_segment("Everybody")
    assert (house.in_segment("Everybody", at=start), house.in_segment("Everybody")) == (
        ["ann", "ben", "ida", "kim"],
        ["ann", "ben", "kim"],
    )


def test_a_segment_may_look_at_another(house: Any) -> None:
    inner = house.audience.create_segment("Known", identified())
    form = {"segment_membership": {"comparison": "does_not_include_value", "value": inner.segment_id}}
    house.audience.create_segment("Unknown", form)
    assert house.in_segment("Unknown") == ["ben", "kim"]


def test_a_segment_that_looks_at_another_cannot_be_nested(house: Any) -> None:
    inner = house.audience.create_segment("Known", identified())
    form = {"segment_membership": {"comparison": "includes_value", "value": inner.segment_id}}
    middle = house.audience.create_segment("Middle", form)
    outer = {"segment_membership": {"comparison": "includes_value", "value": middle.segment_id}}
    with pytest.raises(SegmentRefused, match="cannot be nested"):
        house.audience.create_segment("Outer", outer)


def test_a_segment_that_is_looked_at_cannot_look_at_one(house: Any) -> None:
    known = house.audience.create_segment("Known", identified())
    other = house.audience.create_segment("Other", identified())
    form = {"segment_membership": {"comparison": "includes_value", "value": known.segment_id}}
    house.audience.create_segment("Middle", form)
    looking = {"segment_membership": {"comparison": "includes_value", "value": other.segment_id}}
    with pytest.raises(SegmentRefused, match="another segment looks at this one"):
        house.audience.segments.change(known.segment_id, filters=looking)


@pytest.mark.parametrize(
    ("name", "filters", "why"),
    [
        ("Openers", {}, "there is a segment called 'Openers' already"),
        (" ", {}, "a segment needs a name"),
        ("X", {"cuntry": {}}, "cuntry: is not a filter"),
        (
            "X",
            {"segment_membership": {"comparison": "includes_value", "value": "nothing"}},
            "segment_membership names 'nothing'",
        ),
    ],
)
def test_an_unusable_segment_is_refused_in_words(house: Any, name: str, filters: Any, why: str) -> None:
    house.audience.create_segment("Openers")
    with pytest.raises(SegmentRefused, match=re.escape(why)):
        house.audience.create_segment(name, filters)


def test_an_edit_keeps_what_is_not_named(house: Any) -> None:
    made = house.audience.create_segment("Openers", identified(), tags=["a"])
    house.wait("1h")
    changed = house.audience.segments.change(made.segment_id, name="Known", archived=True)
    assert (changed.name, changed.tree, changed.tags, changed.archived, changed.updated_at > made.updated_at) == (
        "Known",
        identified(),
        ("a",),
        True,
        True,
    )


def test_an_edit_cannot_take_a_name_that_is_in_use(house: Any) -> None:
    house.audience.create_segment("Openers")
    other = house.audience.create_segment("Others")
    with pytest.raises(SegmentRefused, match="already"):
        house.audience.segments.change(other.segment_id, name="Openers")


def test_a_segment_that_is_not_there_is_refused(house: Any) -> None:
    with pytest.raises(SegmentRefused, match="there is no segment 'Nobody'"):
        house.audience.segment("Nobody")


def test_the_estimate_is_kept_for_a_quarter_of_an_hour_and_the_exact_size_is_not(house: Any) -> None:
    house.audience.create_segment("Everybody")
    house.wait("1m")
    house.braze.identified("noor-1")
    sizes = (house.audience.estimated_size("Everybody").size, house.audience.exact_size("Everybody"))
    house.wait("15m")
    assert (sizes, house.audience.estimated_size("Everybody").size) == ((4, 5), 5)
