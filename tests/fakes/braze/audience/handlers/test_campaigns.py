"""/campaigns/*, /canvas/* and /sends/* that read, and send ids."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import Status

UNKNOWN = "3bbc4555-8fa0-4c9b-a5c0-4505edf3e064"


def test_campaigns_are_listed_with_api_campaigns_marked(house: Any) -> None:
    first = house.campaign("First", tags=["a"])
    house.campaign("Second", api=True)
    house.canvas("Not a campaign")
    answer = house.braze.get("/campaigns/list")
    assert answer.body["campaigns"][0] == {
        "id": first.campaign_id,
        "last_edited": "2026-03-02T10:00:00Z",
        "name": "First",
        "is_api_campaign": False,
        "tags": ["a"],
    }
    assert [(each["name"], each["is_api_campaign"]) for each in answer.body["campaigns"]] == [
        ("First", False),
        ("Second", True),
    ]


def test_canvases_are_listed_apart(house: Any) -> None:
    house.campaign("A campaign")
    canvas = house.canvas("Onboarding")
    answer = house.braze.get("/canvas/list")
    assert answer.body["canvases"] == [
        {"id": canvas.campaign_id, "last_edited": "2026-03-02T10:00:00Z", "name": "Onboarding", "tags": []}
    ]


@pytest.mark.parametrize(("path", "key"), [("/campaigns/list", "campaigns"), ("/canvas/list", "canvases")])
class TestLists:
    def make(self, house: Any, key: str, name: str) -> Any:
        return house.campaign(name) if key == "campaigns" else house.canvas(name)

    @pytest.mark.parametrize(("count", "sizes"), [(99, [99, 0]), (100, [100, 0]), (101, [100, 1])])
    def test_a_page_holds_a_hundred(self, house: Any, path: str, key: str, count: int, sizes: list[int]) -> None:
        for number in range(count):
            self.make(house, key, f"Number {number:03d}")
        assert [len(house.braze.get(path, page=page).body[key]) for page in range(2)] == sizes

    def test_archived_ones_are_listed_on_request(self, house: Any, path: str, key: str) -> None:
        made = self.make(house, key, "First")
        house.audience.set_status(made.campaign_id, Status.ARCHIVED)
        found = [house.braze.get(path, include_archived=flag).body[key] for flag in ("false", "true")]
        assert [len(each) for each in found] == [0, 1]

    def test_stopped_ones_are_listed(self, house: Any, path: str, key: str) -> None:
        made = self.make(house, key, "First")
        house.audience.set_status(made.campaign_id, Status.STOPPED)
        assert len(house.braze.get(path).body[key]) == 1

    def test_the_newest_come_first_on_request(self, house: Any, path: str, key: str) -> None:
        self.make(house, key, "First")
        self.make(house, key, "Second")
        answer = house.braze.get(path, sort_direction="desc")
        assert [each["name"] for each in answer.body[key]] == ["Second", "First"]

    def test_only_what_was_edited_after_a_time(self, house: Any, path: str, key: str) -> None:
        self.make(house, key, "First")
        house.wait("1h")
        self.make(house, key, "Second")
        answer = house.braze.get(path, **{"last_edit.time[gt]": "2026-03-02T10:00:00"})
        assert [each["name"] for each in answer.body[key]] == ["Second"]

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ({"page": "-1"}, "'page' must be a non-negative integer"),
            ({"sort_direction": "up"}, "'sort_direction' must be 'asc' or 'desc'"),
            ({"last_edit.time[gt]": "soon"}, "'last_edit.time[gt]' must be a valid ISO 8601 date"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, house: Any, path: str, key: str, query: dict[str, str], message: str
    ) -> None:
        answer = house.braze.get(path, **query)
        assert (answer.status, answer.body) == (400, {"message": message})


# -- details


def test_campaign_details_show_the_messages(house: Any) -> None:
    made = house.campaign(
        "Welcome back",
        channel="email",
        message={"subject": "Hello"},
        conversions=[{"event": "bought", "within": "1d"}],
        description="For people who left",
    )
    answer = house.braze.get("/campaigns/details", campaign_id=made.campaign_id)
    ((variation_id, message),) = answer.body["messages"].items()
    assert message == {"subject": "Hello", "channel": "email", "name": "Variant 1"}
    assert variation_id == made.plan.steps[0].messages[0].variation_id
    assert {key: answer.body[key] for key in ("schedule_type", "channels", "enabled", "archived", "draft")} == {
        "schedule_type": "api_triggered",
        "channels": ["email"],
        "enabled": True,
        "archived": False,
        "draft": False,
    }
    assert answer.body["conversion_behaviors"] == [
        {"type": "Performs Custom Event", "window": 86_400, "custom_event_name": "bought"}
    ]


def test_first_and_last_send_are_known_once_something_was_sent(house: Any) -> None:
    made = house.campaign()
    before = house.braze.get("/campaigns/details", campaign_id=made.campaign_id).body
    house.audience.send_now(made.campaign_id)
    house.wait("1h")
    house.audience.send_now(made.campaign_id)
    after = house.braze.get("/campaigns/details", campaign_id=made.campaign_id).body
    assert [(each["first_sent"], each["last_sent"]) for each in (before, after)] == [
        (None, None),
        ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
    ]


def test_canvas_details_show_variants_and_steps(house: Any) -> None:
    made = house.canvas(steps=[{"name": "Hello", "channel": "email"}, {"name": "Again", "channel": "webhook"}])
    body = house.braze.get("/canvas/details", canvas_id=made.campaign_id).body
    first, second = body["steps"]
    assert (first["name"], first["next_step_ids"], second["next_step_ids"]) == ("Hello", [second["id"]], [])
    assert first["next_paths"] == [{"name": None, "next_step_id": second["id"]}]
    assert body["variants"][0]["first_step_ids"] == [first["id"]]
    assert (body["channels"], body["first_entry"]) == (["email", "webhook"], None)


def test_a_control_group_of_a_canvas_has_no_steps(house: Any) -> None:
    made = house.canvas(control=50)
    body = house.braze.get("/canvas/details", canvas_id=made.campaign_id).body
    assert [(each["name"], len(each["first_step_ids"])) for each in body["variants"]] == [
        ("Variant 1", 1),
        ("Control Group", 0),
    ]


@pytest.mark.parametrize(
    ("path", "key", "noun"),
    [
        ("/campaigns/details", "campaign_id", "Campaign"),
        ("/campaigns/data_series", "campaign_id", "Campaign"),
        ("/canvas/details", "canvas_id", "Canvas"),
        ("/canvas/data_series", "canvas_id", "Canvas"),
        ("/canvas/data_summary", "canvas_id", "Canvas"),
    ],
)
def test_an_unknown_one_is_refused(house: Any, path: str, key: str, noun: str) -> None:
    rest = {"length": 7, "ending_at": "2026-03-02T10:00:00Z"}
    answers = [house.braze.get(path, **rest), house.braze.get(path, **rest, **{key: UNKNOWN})]
    assert [(each.status, each.body["message"]) for each in answers] == [
        (400, f"'{key}' is required"),
        (400, f"Invalid {noun} ID"),
    ]


def test_a_canvas_is_no_campaign(house: Any) -> None:
    made = house.canvas()
    assert house.braze.get("/campaigns/details", campaign_id=made.campaign_id).status == 400


# -- figures


def test_a_campaign_series_counts_by_channel(house: Any) -> None:
    made = house.campaign("Mail", channel="email")
    house.audience.send_now(made.campaign_id)
    ida = house.people.ida.braze_id
    house.audience.reactions.react("main", ida, made.campaign_id, "open")
    house.audience.reactions.react("main", ida, made.campaign_id, "open")
    answer = house.braze.get("/campaigns/data_series", campaign_id=made.campaign_id, length=2)
    yesterday, today = answer.body["data"]
    (figures,) = today["messages"]["email"]
    assert {key: figures[key] for key in ("variation_name", "sent", "delivered", "opens", "unique_opens")} == {
        "variation_name": "Variant 1",
        "sent": 1,
        "delivered": 1,
        "opens": 2,
        "unique_opens": 1,
    }
    assert (yesterday["time"], yesterday["unique_recipients"], today["unique_recipients"]) == ("2026-03-01", 0, 1)


@pytest.mark.parametrize(("length", "status"), [("0", 400), ("1", 200), ("100", 200), ("101", 400)])
def test_a_campaign_series_is_1_to_100_days_long(house: Any, length: str, status: int) -> None:
    made = house.campaign()
    answer = house.braze.get("/campaigns/data_series", campaign_id=made.campaign_id, length=length)
    assert answer.status == status


def test_a_canvas_series_counts_entries_by_variant_and_step(house: Any) -> None:
    made = house.canvas()
    house.audience.send_now(made.campaign_id)
    ask = {"canvas_id": made.campaign_id, "ending_at": "2026-03-02T10:00:00Z", "length": 1}
    flags = {"include_variant_breakdown": "true", "include_step_breakdown": "true"}
    (plain,) = house.braze.get("/canvas/data_series", **ask).body["data"]["stats"]
    (full,) = house.braze.get("/canvas/data_series", **ask, **flags).body["data"]["stats"]
    (variant,) = full["variant_stats"].values()
    (step,) = full["step_stats"].values()
    assert (sorted(plain), plain["total_stats"]["entries"]) == (["time", "total_stats"], 4)
    assert (variant["entries"], step["unique_recipients"], step["messages"]["webhook"][0]["sent"]) == (4, 4, 4)


def test_a_canvas_summary_rolls_the_days_up(house: Any) -> None:
    made = house.canvas(reentry="always")
    house.audience.send_now(made.campaign_id)
    house.wait("1d")
    house.audience.send_now(made.campaign_id)
    ask = {"canvas_id": made.campaign_id, "ending_at": "2026-03-03T10:00:00Z"}
    both = house.braze.get("/canvas/data_summary", **ask, length=14).body["data"]
    second = house.braze.get("/canvas/data_summary", **ask, starting_at="2026-03-03T00:00:00Z").body["data"]
    assert (both["name"], both["total_stats"]["entries"], second["total_stats"]["entries"]) == ("Onboarding", 8, 4)


@pytest.mark.parametrize("path", ["/canvas/data_series", "/canvas/data_summary"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "Either 'length' or 'starting_at' is required"),
        ({"length": "0"}, "'length' must be between 1 and 14"),
        ({"length": "15"}, "'length' must be between 1 and 14"),
        ({"length": "1", "starting_at": "soon"}, "'starting_at' must be a valid ISO 8601 date"),
    ],
)
def test_a_canvas_series_refuses(house: Any, path: str, query: dict[str, str], message: str) -> None:
    made = house.canvas()
    answer = house.braze.get(path, canvas_id=made.campaign_id, ending_at="2026-03-02T10:00:00Z", **query)
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize("path", ["/canvas/data_series", "/canvas/data_summary"])
def test_a_canvas_series_has_an_end(house: Any, path: str) -> None:
    answer = house.braze.get(path, canvas_id=house.canvas().campaign_id, length="7")
    assert (400, {"message": "'ending_at' must be a valid ISO 8601 date"}) == (answer.status, answer.body)


@pytest.mark.parametrize("length", ["1", "13", "14"])
def test_a_canvas_series_is_1_to_14_days_long(house: Any, length: str) -> None:
    made = house.canvas()
    ask = {"canvas_id": made.campaign_id, "ending_at": "2026-03-02T10:00:00Z", "length": length}
    assert len(house.braze.get("/canvas/data_series", **ask).body["data"]["stats"]) == int(length)


# -- send ids


def test_a_send_id_is_made_up_or_taken_as_given(house: Any) -> None:
    made = house.campaign(api=True)
    one = house.braze.post("/sends/id/create", {"campaign_id": made.campaign_id})
    other = house.braze.post("/sends/id/create", {"campaign_id": made.campaign_id, "send_id": "spring-1"})
    assert (one.status, len(one.body["send_id"]), other.body["send_id"]) == (201, 24, "spring-1")


def test_a_send_id_in_use_is_refused(house: Any) -> None:
    body = {"campaign_id": house.campaign(api=True).campaign_id, "send_id": "spring-1"}
    answers = [house.braze.post("/sends/id/create", body) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 400]
    assert answers[1].body["message"] == "The send_id is already in use"


@pytest.mark.parametrize(
    ("body", "message"), [({}, "'campaign_id' is required"), ({"campaign_id": UNKNOWN}, "Invalid Campaign ID")]
)
def test_a_send_id_needs_a_campaign(house: Any, body: dict[str, str], message: str) -> None:
    answer = house.braze.post("/sends/id/create", body)
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.fixture
def sent(house: Any) -> dict[str, str]:
    """A tracked send of an API campaign to a segment."""
    made = house.campaign(api=True)
    segment = house.audience.create_segment("Everybody")
    variation = made.plan.steps[0].messages[0].variation_id
    body = {
        "segment_id": segment.segment_id,
        "broadcast": True,
        "campaign_id": made.campaign_id,
        "messages": {"webhook": {"url": "http://127.0.0.1/", "message_variation_id": variation}},
    }
    answer = house.braze.post("/messages/send", body)
    assert answer.status == 201
    return {"campaign_id": made.campaign_id, "send_id": answer.body["send_id"]}


def test_a_send_is_counted_by_its_id(house: Any, sent: dict[str, str]) -> None:
    (today,) = house.braze.get("/sends/data_series", **sent, length=1).body["data"]
    assert (today["messages"]["webhook"][0]["sent"], today["unique_recipients"]) == (4, 4)


@pytest.mark.parametrize(("waited", "count"), [("13d 23h", 4), ("14d", 0), ("15d", 0)])
def test_figures_of_a_send_are_kept_for_14_days(house: Any, sent: dict[str, str], waited: str, count: int) -> None:
    house.wait(waited)
    days = house.braze.get("/sends/data_series", **sent, length=20).body["data"]
    assert sum(day["unique_recipients"] for day in days) == count


def test_an_unknown_send_is_refused(house: Any, sent: dict[str, str]) -> None:
    campaign_id = sent["campaign_id"]
    answers = [
        house.braze.get("/sends/data_series", campaign_id=campaign_id, length=1),
        house.braze.get("/sends/data_series", campaign_id=campaign_id, send_id="other", length=1),
    ]
    assert [answer.body["message"] for answer in answers] == ["'send_id' is required", "Invalid Send ID"]


def test_a_send_id_is_a_string(house: Any) -> None:
    body = {"campaign_id": house.campaign(api=True).campaign_id, "send_id": {"strange": True}}
    answer = house.braze.post("/sends/id/create", body)
    assert (answer.status, answer.body["message"]) == (400, "'send_id' must be a string")
