"""Campaigns as the dashboard keeps them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import PlanRefused, Status
from simulator.fakes.braze.audience.segments import SegmentRefused
from simulator.rules.instants import parse_instant


def test_a_campaign_and_its_parts_have_uuids(house: Any) -> None:
    made = house.campaign()
    (variant,) = made.plan.variants
    ids = [made.campaign_id, variant.variant_id, variant.steps[0].step_id, variant.steps[0].messages[0].variation_id]
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each) for each in ids)
    assert len(set(ids)) == 4


def test_the_same_seed_gives_the_same_ids(make_braze: Any) -> None:
    made = [make_braze().service.audience.create_campaign("A", {}).campaign_id for _ in range(2)]
    assert made[0] == made[1]


def test_a_segment_may_be_named(house: Any) -> None:
    segment = house.audience.create_segment("Everybody")
    assert house.campaign(segment="Everybody").plan.segment_id == segment.segment_id


def test_an_unknown_segment_is_refused(house: Any) -> None:
    with pytest.raises(SegmentRefused, match="there is no segment 'Nobody'"):
        house.campaign(segment="Nobody")
    with pytest.raises(PlanRefused, match="there is no segment 'nothing'"):
        house.campaign(segment_id="nothing")


def test_a_name_is_taken_once_by_a_campaign_and_once_by_a_canvas(house: Any) -> None:
    house.campaign("Same")
    house.canvas("Same")
    with pytest.raises(PlanRefused, match="there is a campaign called 'Same' already"):
        house.campaign("Same")
    with pytest.raises(PlanRefused, match="there is a Canvas called 'Same' already"):
        house.canvas("Same")


def test_a_campaign_needs_a_name_and_has_one_step(house: Any) -> None:
    with pytest.raises(PlanRefused, match="a campaign needs a name"):
        house.campaign(" ")
    with pytest.raises(PlanRefused, match="several steps are a Canvas"):
        house.audience.create_campaign("Two steps", {"steps": [{}, {}]})


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        ({"at": "2026-03-02T12:00:00Z"}, "2026-03-02T12:00:00Z"),
        ({"at": "2026-03-02T08:00:00Z"}, "2026-03-02T10:00:00Z"),
        ({"every": "1d"}, "2026-03-02T10:00:00Z"),
        ({"at": "2026-03-01T09:30:00Z", "every": "1h"}, "2026-03-02T10:30:00Z"),
        ({"at": "2026-03-01T10:00:00Z", "every": "1h"}, "2026-03-02T10:00:00Z"),
        ({"at": "2026-03-01T10:00:00Z", "every": "1d", "until": "2026-03-02T09:00:00Z"}, None),
    ],
)
def test_when_a_schedule_runs_first(house: Any, schedule: dict[str, str], first: str | None) -> None:
    made = house.campaign(schedule=schedule)
    assert made.next_run == (None if first is None else parse_instant(first))


def test_only_an_active_plan_runs(house: Any) -> None:
    made = house.campaign(schedule={"at": "2026-03-02T12:00:00Z"})
    stopped = house.audience.set_status(made.campaign_id, Status.STOPPED).next_run
    again = house.audience.set_status(made.campaign_id, Status.ACTIVE).next_run
    assert (stopped, again) == (None, made.next_run)


def test_what_is_not_there_is_a_key_error(house: Any) -> None:
    with pytest.raises(KeyError):
        house.audience.set_status("nothing", Status.STOPPED)


def test_workspaces_are_apart(house: Any) -> None:
    made = house.audience.create_campaign("Elsewhere", {}, workspace="second")
    assert (
        house.audience.campaigns.find("main", made.campaign_id, canvas=False),
        house.audience.campaigns.all("main", canvas=False),
    ) == (None, [])
