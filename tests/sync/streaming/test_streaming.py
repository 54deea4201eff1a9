"""Event streaming (STREAM-1): what is sent for an event, and for how long it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import orjson
import pytest

from simulator.clock import Agenda
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from simulator.rules.switches import RuleSet
from simulator.sync.connections import SetupRefused
from simulator.sync.ports import IngestedEvent, Response, TransportError
from simulator.sync.streaming.outbox import ParcelState
from simulator.sync.streaming.settings import Filter, StreamSettings
from simulator.sync.streaming.streamer import Streamer

SETTINGS = StreamSettings(
    name="events", endpoint="https://rest.iad-01.braze.com", rest_api_key="rest-key", app_id="app-1",
    events={"order placed": ()}, event_properties=("total",), user_properties=("plan",),
)  # fmt: skip
IDA = AmplitudeUser(102, "ida-1001", "d-ida", {"plan": "gold", "city": "Köln"})


class Ingestion:
    """Amplitude's events in order."""

    def __init__(self) -> None:
        self.taken: list[IngestedEvent] = []

    def take(self, at: Instant, event_type: str, user: AmplitudeUser = IDA, **more: Any) -> None:
        self.taken.append(IngestedEvent(len(self.taken) + 1, at, event_type, at, user, **more))

    def last_sequence(self) -> int:
        return len(self.taken)

    def events(self, after: int, limit: int) -> list[IngestedEvent]:
        return self.taken[after : after + limit]


class Stage:
    def __init__(self, bench: Any, **switches: str) -> None:
        self.bench, self.ingestion = bench, Ingestion()
        self.streamer = Streamer(
            database=bench.database, ledger=bench.ledger, clock=bench.clock, sources=lambda project: self.ingestion,
            transports=bench.braze, rules=RuleSet().with_switches(switches), seed=7,
        )  # fmt: skip
        self.agenda = Agenda(bench.clock)
        self.agenda.register(self.streamer)

    def take(self, event_type: str, user: AmplitudeUser = IDA, **more: Any) -> None:
        self.ingestion.take(self.bench.clock.now, event_type, user, **more)

    def advance(self, duration_ms: int) -> None:
        self.agenda.advance_to(Instant(self.bench.clock.now + duration_ms))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(request.body) for request in self.bench.braze.requests]


@pytest.fixture
def stage(build: Callable[..., Any]) -> Callable[..., Stage]:
    return lambda **switches: Stage(build(), **switches)


def test_a_chosen_event_becomes_a_braze_event_with_the_chosen_properties(stage: Any) -> None:
    """STREAM-1."""
    here = stage()
    here.streamer.create(SETTINGS)
    here.take("order placed", event_properties={"total": 12.5, "secret": True})
    here.take("app opened")
    here.advance(MINUTE_MS)
    (request,) = here.bench.braze.requests
    assert ("/users/track", "Bearer rest-key") == (request.path, request.headers["authorization"])
    assert [
        {
            "events": [
                {
                    "external_id": "ida-1001",
                    "name": "order placed",
                    "time": "2026-03-02T10:00:00Z",
                    "_update_existing_only": False,
                    "app_id": "app-1",
                    "properties": {"total": 12.5, "plan": "gold"},
                }
            ]
        }
    ] == here.bodies
    assert [("102", "external_id ida-1001", "sent_events")] == here.bench.stories("streamed")


def test_nothing_that_was_taken_in_before_is_sent(stage: Any) -> None:
    here = stage()
    here.take("order placed")
    here.streamer.create(SETTINGS)
    here.advance(MINUTE_MS)
    assert [] == here.bodies
    assert not here.streamer.unfinished()


def test_nothing_selected_means_no_properties(stage: Any) -> None:
    here = stage()
    here.streamer.create(replace(SETTINGS, event_properties=(), user_properties=(), app_id=""))
    here.take("order placed", event_properties={"total": 1})
    here.advance(MINUTE_MS)
    assert {"external_id", "name", "time", "_update_existing_only"} == here.bodies[0]["events"][0].keys()


def test_an_event_of_somebody_without_the_mapped_identifier_is_discarded(stage: Any) -> None:
    here = stage()
    here.streamer.create(SETTINGS)
    here.take("order placed", AmplitudeUser(101, None, "d-ben"))
    here.advance(MINUTE_MS)
    assert [] == here.bodies
    assert [("101", "", "discarded")] == here.bench.stories("stream_discarded")


@pytest.mark.parametrize(
    ("switch", "event_type", "changed", "sent"),
    [
        ("selected_changed", "$identify", {"plan"}, True),
        ("selected_changed", "$identify", {"city"}, False),
        ("selected_changed", "order placed", {"plan"}, True),
        ("selected_changed", "$identify", set(), False),
        ("any_identify", "$identify", set(), True),
        ("any_identify", "order placed", {"city"}, True),
        ("any_identify", "order placed", set(), False),
    ],
)
def test_users_are_forwarded_when_the_switch_says_so(
    stage: Any, switch: str, event_type: str, changed: set[str], sent: bool
) -> None:
    here = stage(user_forwarding=switch)
    here.streamer.create(
        replace(SETTINGS, events={}, send_users=True, forwarded=("plan", "shoe size"), update_users_only=True)
    )
    here.take(event_type, changed_user_properties=frozenset(changed))
    here.advance(MINUTE_MS)
    expected = {"attributes": [{"plan": "gold", "external_id": "ida-1001", "_update_existing_only": True}]}
    assert ([expected] if sent else []) == here.bodies


@pytest.mark.parametrize(
    ("target", "label", "keys"),
    [
        ("braze_id", "", {"braze_id": "ida-1001"}),
        ("email", "", {"email": "ida-1001"}),
        ("alias", "amp", {"user_alias": {"alias_name": "ida-1001", "alias_label": "amp"}}),
    ],
)
def test_a_stream_names_people_in_four_ways(stage: Any, target: str, label: str, keys: dict[str, Any]) -> None:
    here = stage()
    here.streamer.create(replace(SETTINGS, target=target, alias_label=label))
    here.take("order placed")
    here.advance(MINUTE_MS)
    assert keys.items() <= here.bodies[0]["events"][0].items()


@pytest.mark.parametrize(
    ("operator", "values", "sent"),
    [
        ("is", ("web", "app"), True),
        ("is", ("shop",), False),
        ("is not", ("shop",), True),
        ("is not", ("web",), False),
        ("is", ("Web",), False),
        ("contains", ("EB",), True),
        ("does not contain", ("eb",), False),
    ],
)
def test_events_pass_through_filters(stage: Any, operator: str, values: tuple[str, ...], sent: bool) -> None:
    here = stage()
    here.streamer.create(replace(SETTINGS, events={"order placed": (Filter("channel", operator, values),)}))
    here.take("order placed", event_properties={"channel": "web"})
    here.advance(MINUTE_MS)
    assert sent is bool(here.bodies)


@pytest.mark.parametrize(("value", "actual"), [("true", True), ("7", 7.0), ("7.5", 7.5), ("b", ["a", "b"]), ("", None)])
def test_a_filter_compares_as_text_whatever_it_is(stage: Any, value: str, actual: object) -> None:
    here = stage()
    here.streamer.create(replace(SETTINGS, events={"order placed": (Filter("paid", "is", (value,)),)}))
    here.take("order placed", event_properties={"paid": actual})
    here.advance(MINUTE_MS)
    assert 1 == len(here.bodies)


@pytest.mark.parametrize(
    ("limit", "count", "sizes"),
    [
        ("total", 37, [(37, 37)]),
        ("total", 38, [(38, 37), (0, 1)]),
        ("total_50", 25, [(25, 25)]),
        ("total_50", 26, [(25, 25), (1, 1)]),
        ("per_array", 75, [(75, 75)]),
        ("per_array", 76, [(75, 75), (1, 1)]),
    ],
)
def test_a_request_keeps_within_braze_limits(stage: Any, limit: str, count: int, sizes: list[tuple[int, int]]) -> None:
    here = stage(track_limit=limit)
    here.streamer.create(replace(SETTINGS, send_users=True, forwarded=("plan",)))
    for _ in range(count):
        here.take("order placed", changed_user_properties=frozenset({"plan"}))
    here.advance(MINUTE_MS)
    assert sizes == [(len(body.get("attributes", [])), len(body.get("events", []))) for body in here.bodies]


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_request_is_tried_ten_times_in_four_hours_and_then_expires(stage: Any, status: int) -> None:
    """STREAM-1."""
    here = stage()
    here.bench.braze.always = lambda request: status
    stream = here.streamer.create(SETTINGS)
    here.take("order placed")
    here.advance(HOUR_MS * 5)
    instants = here.bench.braze.instants
    assert (10, 4 * HOUR_MS) == (len(instants), instants[-1] - instants[0])
    assert [("102", "external_id ida-1001", "expired")] == here.bench.stories("stream_expired")
    assert 1 == here.streamer.metrics(stream)["expired"]
    assert not here.streamer.unfinished()


@pytest.mark.parametrize("answer", [429, 503, TransportError("reset")])
def test_inside_an_attempt_a_busy_braze_is_tried_three_times_within_a_second(stage: Any, answer: Any) -> None:
    here = stage()
    here.bench.braze.answers = [answer, answer]
    stream = here.streamer.create(SETTINGS)
    here.take("order placed")
    here.advance(10 * SECOND_MS)
    pauses = [later - earlier for earlier, later in pairwise(here.bench.braze.instants)]
    assert 2 == len(pauses)
    assert 50 <= pauses[0] <= 150
    assert 100 <= pauses[1] <= 300
    metrics = here.streamer.metrics(stream)
    assert (1, 0, 1) == (metrics["delivered"], metrics["first_attempt"], metrics["after_retry"])


def test_objects_that_braze_blames_are_discarded_and_the_rest_is_sent(stage: Any) -> None:
    here = stage()
    blame = {"message": "success", "errors": [{"type": "bad name", "input_array": "events", "index": 1}]}
    here.bench.braze.answers = [Response(201, {}, orjson.dumps(blame))]
    stream = here.streamer.create(replace(SETTINGS, send_users=True, forwarded=("plan",)))
    here.take("order placed", changed_user_properties=frozenset({"plan"}))
    here.take("order placed")
    here.advance(MINUTE_MS)
    assert ["sent_attributes", "sent_events", "discarded"] == [row[2] for row in here.bench.stories("streamed")]
    counted = {"delivered": 2, "first_attempt": 2, "after_retry": 0, "expired": 0, "waiting": 0, "discarded": 1}
    assert counted == here.streamer.metrics(stream)


def test_a_new_key_serves_what_is_still_tried(stage: Any) -> None:
    here = stage()
    here.bench.braze.always = lambda request: 401 if "rest-key" == request.headers["authorization"][7:] else None
    stream = here.streamer.create(SETTINGS)
    here.take("order placed")
    here.advance(10 * SECOND_MS)
    here.streamer.edit(stream.id, replace(SETTINGS, rest_api_key="newer-key"))
    here.advance(MINUTE_MS)
    assert [ParcelState.DELIVERED] == [posted.state for posted in here.streamer.outbox.all(stream.id)]


def test_a_deleted_stream_sends_what_was_taken_in_before(stage: Any) -> None:
    here = stage()
    stream = here.streamer.create(SETTINGS)
    here.take("order placed")
    here.advance(5 * SECOND_MS)
    here.streamer.desk.delete(stream.id)
    here.take("order placed")
    here.advance(MINUTE_MS)
    assert 1 == len(here.bodies)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"endpoint": ""}, "endpoint and a REST API key"),
        ({"rest_api_key": "schlüssel"}, "printable ASCII"),
        ({"rest_api_key": "two\nlines"}, "printable ASCII"),
        ({"target": "phone"}, "none of external_id"),
        ({"target": "alias"}, "user alias label"),
        ({"events": {}}, "choose at least one event"),
        ({"events": {"_all": ()}}, "cannot be streamed"),
        ({"user_properties": ("Version",)}, "Version does not stream"),
        ({"send_users": True}, "at least one user property"),
        ({"events": {"x": (Filter("a", "like", ()),)}}, "like is none of"),
    ],
)
def test_a_stream_that_amplitude_would_not_save_is_refused(stage: Any, changes: dict[str, Any], sentence: str) -> None:
    here = stage()
    with pytest.raises(SetupRefused, match=sentence):
        here.streamer.create(replace(SETTINGS, **changes))
    stream = here.streamer.create(SETTINGS)
    with pytest.raises(SetupRefused, match=sentence):
        here.streamer.edit(stream.id, replace(SETTINGS, **changes))
