"""/campaigns/duplicate, /canvas/duplicate and /messages/scheduled_broadcasts."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import Status


class Copier:
    """The endpoint of one kind, with a plan to copy."""

    def __init__(self, house: Any, kind: str) -> None:
        self.house = house
        self.kind = kind
        self.canvas = kind == "canvas"
        make = house.canvas if self.canvas else house.campaign
        self.made = make("First", schedule={"at": "2026-03-03T09:00:00Z"}, tags=["spring"], description="The first")
        self.path = f"/{'canvas' if self.canvas else 'campaigns'}/duplicate"

    def copy(self, **more: Any) -> Any:
        return self.house.braze.post(
            self.path, {f"{self.kind}_id": self.made.campaign_id, "name": "Second", **more}
        )  # fmt: skip

    def named(self, name: str) -> Any:
        return self.house.audience.campaigns.by_name("main", name, canvas=self.canvas)


@pytest.fixture(params=["campaign", "canvas"])
def copier(house: Any, request: pytest.FixtureRequest) -> Copier:
    return Copier(house, request.param)


def test_a_copy_is_a_draft_with_ids_of_its_own(copier: Copier) -> None:
    """duplicateCampaign, duplicateCanvas."""
    answer = copier.copy()
    copy = copier.named("Second")
    ids = [{step.step_id for step in plan.plan.steps} for plan in (copier.made, copy)]
    assert (answer.status, answer.body, copy.status) == (202, {"message": "success"}, Status.DRAFT)
    assert (copy.plan.description, copy.plan.tags, copy.plan.channels) == ("The first", ("spring",), ["webhook"])
    assert (copy.campaign_id == copier.made.campaign_id, ids[0] & ids[1]) == (False, set())


def test_a_draft_sends_nothing_until_it_is_launched(copier: Copier) -> None:
    copier.copy()
    copier.house.audience.set_status(copier.made.campaign_id, Status.STOPPED)
    copier.house.wait("2d")
    assert copier.house.got("users.messages.webhook.Send") == []


def test_the_description_can_be_another(copier: Copier) -> None:
    copier.copy(description="The second")
    assert copier.named("Second").plan.description == "The second"


@pytest.mark.parametrize(("tags", "found"), [("autumn", ("autumn",)), (["a", "b"], ("a", "b")), (None, ("spring",))])
def test_tags_of_a_canvas_are_overwritten(house: Any, tags: object, found: tuple[str, ...]) -> None:
    copier = Copier(house, "canvas")
    copier.copy(tag_names=tags)
    assert copier.named("Second").plan.tags == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "'name' is required"),
        ({"name": "First"}, "'name' must be one that no other"),
        ({"name": " "}, "'name' must be one that no other"),
        ({"description": 7}, "'description' must be a string"),
    ],
)
def test_a_copy_that_makes_no_sense_is_refused(copier: Copier, change: dict[str, Any], message: str) -> None:
    answer = copier.copy(**change)
    assert (answer.status, answer.body["message"].startswith(message)) == (400, True)


def test_tags_are_texts(house: Any) -> None:
    answer = Copier(house, "canvas").copy(tag_names=[7])
    assert (answer.status, answer.body) == (400, {"message": "'tag_names' must be a string or an array of strings"})


def test_what_is_not_there_cannot_be_copied(copier: Copier) -> None:
    answers = [copier.copy(**{f"{copier.kind}_id": each}) for each in ("nothing", "")]
    assert [answer.body["message"] for answer in answers] == [
        f"Invalid {copier.kind.capitalize()} ID",
        f"'{copier.kind}_id' is required",
    ]


def test_two_copies_of_one_name_that_are_still_on_their_way_become_one(copier: Copier) -> None:
    copier.house.braze.rules(write_visibility="export_lag")
    answers = [copier.copy() for _ in range(2)]
    before = copier.named("Second")
    copier.house.wait("4s")
    kept = copier.house.audience.campaigns.all("main", canvas=copier.canvas)
    assert ([answer.status for answer in answers], before) == ([202, 202], None)
    assert [plan.name for plan in kept] == ["First", "Second"]


# -- what is still to come


def upcoming(house: Any, end_time: str = "2026-03-09T00:00:00Z") -> list[dict[str, Any]]:
    """listScheduledBroadcasts."""
    answer = house.braze.get("/messages/scheduled_broadcasts", end_time=end_time)
    assert answer.status == 200
    return list(answer.body["scheduled_broadcasts"])


def test_scheduled_plans_are_listed_with_their_next_send_the_earliest_first(house: Any) -> None:
    daily = house.campaign("Daily", schedule={"at": "2026-03-04T09:00:00Z", "every": "1d"}, tags=["news"])
    house.canvas("Onboarding", schedule={"at": "2026-03-03T09:00:00Z"})
    found = upcoming(house)
    assert [(each["name"], each["type"], each["next_send_time"]) for each in found] == [
        ("Onboarding", "Canvas", "2026-03-03T09:00:00Z"),
        ("Daily", "Campaign", "2026-03-04T09:00:00Z"),
    ]
    assert found[1] == {
        "name": "Daily", "id": daily.campaign_id, "type": "Campaign", "tags": ["news"],
        "next_send_time": "2026-03-04T09:00:00Z", "schedule_type": "UTC",
    }  # fmt: skip


def test_a_repeating_plan_moves_on(house: Any) -> None:
    house.campaign("Daily", schedule={"at": "2026-03-03T09:00:00Z", "every": "1d"})
    house.wait("1d")
    assert [each["next_send_time"] for each in upcoming(house)] == ["2026-03-04T09:00:00Z"]


@pytest.mark.parametrize(
    ("end_time", "names"),
    [
        ("2026-03-04T00:00:00Z", ["At midnight"]),
        ("2026-03-04T23:59:59Z", ["At midnight"]),
        ("2026-03-03T23:59:59Z", []),
        ("2026-03-05", ["At midnight"]),
    ],
)
def test_the_end_is_midnight_of_its_day(house: Any, end_time: str, names: list[str]) -> None:
    house.campaign("At midnight", schedule={"at": "2026-03-04T00:00:00Z"})
    assert names == [each["name"] for each in upcoming(house, end_time)]


def test_what_is_stopped_triggered_or_scheduled_by_api_is_not_listed(house: Any) -> None:
    stopped = house.campaign("Stopped", schedule={"at": "2026-03-03T09:00:00Z"})
    house.audience.set_status(stopped.campaign_id, Status.STOPPED)
    triggered = house.campaign("By API", api_triggered=True)
    later = {"campaign_id": triggered.campaign_id, "recipients": [{"external_user_id": "ida-1001"}]}
    house.braze.post("/campaigns/trigger/schedule/create", {**later, "schedule": {"time": "2026-03-03T09:00:00Z"}})
    assert upcoming(house) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [({}, "'end_time' is required"), ({"end_time": "soon"}, "'end_time' must be a valid ISO 8601 date")],
)
def test_an_end_is_needed(house: Any, query: dict[str, str], message: str) -> None:
    answer = house.braze.get("/messages/scheduled_broadcasts", **query)
    assert (answer.status, answer.body) == (400, {"message": message})
