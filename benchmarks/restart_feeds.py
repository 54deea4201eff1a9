"""The second story of a restart: events and users streamed to Braze, traits, Currents back to Amplitude, and mails.

Every hour twelve people buy something and change their plan, in Amplitude, and six open the app in Braze. One request
of each feed goes wrong. In the end each event must have been counted once, billed once and told once, on either side.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson

from benchmarks.restart_cohorts import Told
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.faults import Fault
from simulator.rules.cadence import Cadence
from simulator.rules.instants import HOUR_MS, Instant
from simulator.serving.transports import WsgiTransport
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.ports import Request
from simulator.sync.streaming.settings import StreamSettings
from simulator.world import AMPLITUDE_ENDPOINT, World, WorldSettings

PEOPLE = 120
HOURS = 3
BUYERS, OPENERS = 12, 6


def settings(state: Path) -> WorldSettings:
    """The world of the story."""
    return WorldSettings(seed=5, state=state)


def prepare(state: Path) -> None:
    """People on both sides, a stream, a connector and a connection for traits; nothing sent yet."""
    with World(settings(state)) as world:
        rest_key = world.braze.keys.rest_keys["main"]
        known = [f"user-{number:05}" for number in range(PEOPLE)]
        world.braze.seed_profiles([ProfileSeed(external_id=each, device_ids=(f"d-{each}",)) for each in known])
        world.amplitude.seed_users("main", [UserSeed(each, properties={"plan": "free"}) for each in known])
        world.streams.create(
            StreamSettings(
                name="purchases", endpoint=world.braze_endpoint, rest_api_key=rest_key, events={"bought": ()},
                event_properties=("hour",), send_users=True, forwarded=("plan",),
            )
        )  # fmt: skip
        key = world.amplitude.store.projects.named("main").api_key
        world.currents.create(CurrentsSettings(name="back", endpoint=AMPLITUDE_ENDPOINT, api_key=key))
        world.engine.create_trait_connection("traits", rest_endpoint=world.braze_endpoint, rest_api_key=rest_key)
        world.faults.add(Fault(operation="trackUsers", nth=2, times=1, answer=503))
        world.faults.add(Fault(operation="batchUploadEvents", nth=1, times=1, applied=True))


def play(world: World) -> None:
    """Tell the story from where the world stands."""
    start = world.settings.start
    if not world.engine.syncs():
        world.engine.sync_traits("connection-1", Cadence.HOURLY, properties=["plan"])
    world.engine.run_due(world.clock.now)
    for hour in range(1, HOURS + 1):
        due = Instant(start + hour * HOUR_MS)
        if world.clock.now < due:
            buy(world, hour)
            open_app(world, hour)
            world.agenda.advance_to(due)
    world.agenda.advance_to(Instant(start + (HOURS + 2) * HOUR_MS))


def buy(world: World, hour: int) -> None:
    """Somebody buys something on a new plan; Amplitude knows an event again by its insert id."""
    events = [
        {
            "user_id": f"user-{number:05}", "event_type": "bought", "insert_id": f"{hour}-{number}",
            "time": world.settings.start + (hour - 1) * HOUR_MS, "event_properties": {"hour": hour},
            "user_properties": {"plan": f"plan-{hour}"},
        }
        for number in range(hour * BUYERS, (hour + 1) * BUYERS)
    ]  # fmt: skip
    body = {"api_key": world.amplitude.store.projects.named("main").api_key, "events": events}
    answer = WsgiTransport(world.amplitude.app, AMPLITUDE_ENDPOINT).send(
        Request("POST", "/2/httpapi", {"content-type": "application/json"}, orjson.dumps(body))
    )
    assert answer.status == 200, answer.body


def open_app(world: World, hour: int) -> None:
    """Braze's SDK logs an event on some phones, unless it did so before the kill."""
    seen = {each.properties.get("name") for each in world.braze.audience.currents().events(0, 100_000)}
    for number in range(hour * OPENERS, (hour + 1) * OPENERS):
        if f"opened {hour} {number}" not in seen:
            world.braze.phone.log_event(f"d-user-{number:05}", f"opened {hour} {number}")


def told(state: Path) -> Told:
    """What the file says in the end, by subject."""
    with World(settings(state)) as world:
        found: Told = {}
        for subject, query in (
            ("Braze's events", "SELECT p.external_id, e.name FROM braze_event e JOIN braze_profile p USING (profile)"),
            ("Braze's profiles", "SELECT external_id, custom FROM braze_profile"),
            ("data points", "SELECT cause, profiles, each FROM braze_data_point"),
            ("Amplitude's events", "SELECT event_type, user_id FROM amplitude_event"),
            ("mails", "SELECT subject, sync, run FROM engine_mail"),
            ("runs", "SELECT number, status, added, requests FROM engine_run"),
        ):
            found[subject] = Counter(world.database.rows(query))
        sent: Counter[tuple[object, ...]] = Counter()
        for page in world.ledger.pages(events=["streamed", "currents_sent", "delivered"]):
            for entry in page.entries:
                sent[page.event, page.request, str(entry.identifier), entry.outcome] += 1
        found["what was sent"] = sent
        return found
