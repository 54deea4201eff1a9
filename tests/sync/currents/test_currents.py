"""Currents (CUR-1): names, payloads, batches, and how long Amplitude is asked again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import orjson
import pytest

from simulator.clock import Agenda
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from simulator.sync.connections import SetupRefused
from simulator.sync.currents.connector import Connector, CurrentsSettings
from simulator.sync.currents.names import amplitude_name
from simulator.sync.currents.payload import NOBODY, TOO_LARGE, batch_event
from simulator.sync.ports import CurrentsEvent, Response, TransportError
from simulator.sync.streaming.outbox import ParcelState

SETTINGS = CurrentsSettings(name="amplitude", endpoint="https://api2.amplitude.com", api_key="export-key")
PUSH = CurrentsEvent(
    1, "event-1", "users.messages.pushnotification.Send", Instant(1_000), "ida-1001", "d-ida",
    {"campaign_id": "c-1", "campaign_name": "Welcome", "send_id": None},
)  # fmt: skip


class Messages:
    """Braze's events in order."""

    def __init__(self) -> None:
        self.sent: list[CurrentsEvent] = []

    def send(self, at: Instant, count: int = 1, **more: Any) -> None:
        for _ in range(count):
            number = len(self.sent) + 1
            self.sent.append(replace(PUSH, sequence=number, event_id=f"event-{number}", at=at, **more))

    def last_sequence(self) -> int:
        return len(self.sent)

    def events(self, after: int, limit: int) -> list[CurrentsEvent]:
        return self.sent[after : after + limit]


class Stage:
    def __init__(self, bench: Any) -> None:
        self.bench, self.messages = bench, Messages()
        self.connector = Connector(
            database=bench.database, ledger=bench.ledger, clock=bench.clock, source=self.messages,
            transports=bench.braze, seed=7,
        )  # fmt: skip
        self.agenda = Agenda(bench.clock)
        self.agenda.register(self.connector)

    def send(self, count: int = 1, **more: Any) -> None:
        self.messages.send(self.bench.clock.now, count, **more)

    def advance(self, duration_ms: int) -> None:
        self.agenda.advance_to(Instant(self.bench.clock.now + duration_ms))

    @property
    def sizes(self) -> list[int]:
        return [len(orjson.loads(request.body)["events"]) for request in self.bench.braze.requests]


@pytest.fixture
def stage(bench: Any) -> Stage:
    return Stage(bench)


@pytest.mark.parametrize(
    ("type_id", "name"),
    [
        ("users.messages.pushnotification.Send", "[Appboy] Push Notification Send"),
        ("users.messages.pushnotification.IosForeground", "[Appboy] Push Notification iOS Foreground Open"),
        ("users.messages.email.MarkAsSpam", "[Appboy] Email Mark As Spam"),
        ("users.messages.email.Open", "[Appboy] Email Open"),
        ("users.messages.inappmessage.Click", "[Appboy] In-App Message Click"),
        ("users.messages.sms.CarrierSend", "[Appboy] SMS Send To Carrier"),
        ("users.messages.rcs.Send", "[Appboy] rcs Send"),
        ("users.behaviors.app.SessionStart", "[Appboy] Session Start"),
        ("users.behaviors.Purchase", "[Appboy] Purchase"),
        ("users.campaigns.Conversion", "[Appboy] Campaign Conversion Event"),
        ("users.behaviors.CustomEvent", "[Appboy] [Custom Event] rated"),
    ],
)
def test_events_are_called_as_amplitude_shows_them(type_id: str, name: str) -> None:
    """CUR-1."""
    assert name == amplitude_name(type_id, "rated")


def test_a_message_becomes_an_amplitude_event() -> None:
    """CUR-1."""
    assert {
        "event_type": "[Appboy] Push Notification Send",
        "time": 1_000,
        "insert_id": "event-1",
        "library": "Braze",
        "event_properties": {"campaign_id": "c-1", "campaign_name": "Welcome"},
        "user_id": "ida-1001",
        "device_id": "d-ida",
    } == batch_event(PUSH)


def test_the_own_properties_of_custom_events_and_purchases_carry_a_prefix() -> None:
    custom = replace(
        PUSH, type_id="users.behaviors.CustomEvent", properties={"name": "rated", "properties": {"stars": 5, "x": None}}
    )
    made = batch_event(custom)
    assert isinstance(made, dict)
    assert {"name": "rated", "[Custom event property] stars": 5} == made["event_properties"]
    bought = {"product_id": "p-1", "price": 9.5, "currency": "EUR", "properties": {"size": "L"}, "adid": "ad-1"}
    made = batch_event(replace(PUSH, type_id="users.behaviors.Purchase", properties=bought))
    assert isinstance(made, dict)
    assert ("p-1", 9.5, "EUR", "ad-1") == (made["productId"], made["price"], made["currency"], made["adid"])
    assert "L" == made["event_properties"]["[Purchase property] size"]
    assert "adid" not in made["event_properties"]


def test_people_without_external_id_and_device_are_dropped_and_so_are_huge_events() -> None:
    assert NOBODY == batch_event(replace(PUSH, external_id=None, device_id=None))
    assert isinstance(batch_event(replace(PUSH, external_id=None)), dict)
    assert isinstance(batch_event(replace(PUSH, device_id="")), dict)
    assert TOO_LARGE == batch_event(replace(PUSH, properties={"text": "x" * 1_000_000}))


@pytest.mark.parametrize(("count", "at_once"), [(99, []), (100, [100]), (101, [100])])
def test_a_batch_goes_when_it_is_full_or_a_quarter_of_an_hour_old(stage: Stage, count: int, at_once: list[int]) -> None:
    stage.connector.create(SETTINGS)
    stage.send(count)
    stage.advance(15 * MINUTE_MS - 1)
    assert at_once == stage.sizes
    stage.advance(1)
    assert count == sum(stage.sizes)
    assert not stage.connector.unfinished()


def test_only_what_happens_after_the_start_and_of_the_chosen_types_is_sent(stage: Stage) -> None:
    stage.send()
    stage.connector.create(replace(SETTINGS, types=("users.messages.email.Open",)))
    stage.send()
    stage.send(type_id="users.messages.email.Open", external_id=None, device_id=None)
    stage.send(type_id="users.messages.email.Open")
    stage.connector.flush()
    (request,) = stage.bench.braze.requests
    body = orjson.loads(request.body)
    assert ("/batch", "export-key", ["event-4"]) == (
        request.path, body["api_key"], [event["insert_id"] for event in body["events"]],
    )  # fmt: skip
    assert [("", "", "dropped")] == stage.bench.stories("currents_dropped")
    assert [("", "external_id ida-1001", "sent_event")] == stage.bench.stories("currents_sent")


def test_a_refused_batch_is_split_into_single_events_and_the_bad_one_is_dropped(stage: Stage) -> None:
    stage.connector.create(SETTINGS)
    stage.send(3)
    stage.bench.braze.always = lambda request: 400 if b"event-2" in request.body else None
    stage.connector.flush()
    assert [3, 1, 1, 1] == stage.sizes
    assert ["sent_event", "sent_event"] == [row[2] for row in stage.bench.stories("currents_sent")]
    assert ["dropped"] == [row[2] for row in stage.bench.stories("currents_dropped")]


def test_a_batch_that_is_too_large_is_halved(stage: Stage) -> None:
    stage.connector.create(SETTINGS)
    stage.send(5)
    stage.bench.braze.answers = [413]
    stage.connector.flush()
    assert [5, 3, 2] == stage.sizes


@pytest.mark.parametrize(("answer", "last"), [(503, DAY_MS), (429, DAY_MS), (TransportError("reset"), DAY_MS)])
def test_a_busy_amplitude_is_asked_for_a_day(stage: Stage, answer: Any, last: int) -> None:
    connector = stage.connector.create(SETTINGS)
    stage.send()
    stage.bench.braze.always = lambda request: answer
    stage.advance(3 * DAY_MS)
    instants = stage.bench.braze.instants
    assert last - HOUR_MS < instants[-1] - instants[0] <= last
    assert [ParcelState.EXPIRED] == [posted.state for posted in stage.connector.outbox.all(connector.id)]


@pytest.mark.parametrize("answer", [401, 403, 404, Response(400, {}, b'{"error": "Invalid API key: x"}')])
def test_bad_credentials_are_tried_every_few_minutes_for_two_days(stage: Stage, answer: Any) -> None:
    stage.connector.create(SETTINGS)
    stage.send()
    stage.bench.braze.always = lambda request: answer
    stage.advance(4 * DAY_MS)
    instants = stage.bench.braze.instants
    pauses = {later - earlier for earlier, later in pairwise(instants)}
    assert 2 * MINUTE_MS <= min(pauses) <= max(pauses) <= 5 * MINUTE_MS
    assert 2 * DAY_MS - HOUR_MS < instants[-1] - instants[0] <= 2 * DAY_MS


def test_a_new_key_brings_the_waiting_batch_through(stage: Stage) -> None:
    connector = stage.connector.create(SETTINGS)
    stage.send()
    stage.bench.braze.always = lambda request: 401 if b"export-key" in request.body else None
    stage.connector.flush()
    stage.connector.edit(connector.id, replace(SETTINGS, api_key="newer-key"))
    stage.advance(5 * MINUTE_MS)
    assert [ParcelState.DELIVERED] == [posted.state for posted in stage.connector.outbox.all(connector.id)]
    first, second = stage.bench.braze.requests
    assert orjson.loads(first.body)["events"] == orjson.loads(second.body)["events"]


def test_other_types_hold_for_what_happens_from_then_on(stage: Stage) -> None:
    connector = stage.connector.create(SETTINGS)
    stage.send()
    stage.advance(MINUTE_MS)
    stage.connector.edit(connector.id, replace(SETTINGS, types=("users.messages.email.Open",)))
    stage.send()
    stage.advance(HOUR_MS)
    assert [["event-1"]] == [
        [event["insert_id"] for event in orjson.loads(request.body)["events"]] for request in stage.bench.braze.requests
    ]


def test_a_connector_needs_an_endpoint_and_a_key(stage: Stage) -> None:
    with pytest.raises(SetupRefused, match="API key"):
        stage.connector.create(replace(SETTINGS, api_key=""))
