"""Answers on their way when a process dies: the same sending is answered once, another one anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from simulator import answers
from simulator.answers import Answers
from simulator.database import Database
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.faults import Fault
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import MINUTE_MS, SECOND_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.serving.transports import WsgiTransport
from simulator.sync.ports import Request
from simulator.sync.streaming.settings import StreamSettings
from simulator.world import AMPLITUDE_ENDPOINT, DoorKind, World, WorldSettings


@pytest.fixture
def kept() -> Iterator[Answers]:
    database = Database.memory([answers.MIGRATIONS])
    yield Answers(database)
    database.close()


def counting() -> tuple[list[int], Callable[[], bytes]]:
    made: list[int] = []

    def answer() -> bytes:
        made.append(1)
        return b"answer %d" % len(made)

    return made, answer


def test_a_request_under_way_is_answered_once_and_anew_when_the_sender_has_written_that_down(kept: Answers) -> None:
    made, answer = counting()
    kept.expect("request-1")
    assert [b"answer 1", b"answer 1"] == [kept.once("request-1", answer), kept.once("request-1", answer)]
    kept.settled("request-1")
    kept.expect("request-1")
    assert (b"answer 2", 2) == (kept.once("request-1", answer), len(made))


def test_an_engine_that_comes_back_is_given_the_answer_that_it_never_heard(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite"
    first = Database.open(path, [answers.MIGRATIONS])
    killed = Answers(first)
    killed.expect("request-1")
    killed.once("request-1", lambda: b"done")
    first.close()
    second = Database.open(path, [answers.MIGRATIONS])
    back = Answers(second)
    back.expect("request-1")
    made, answer = counting()
    assert (b"done", []) == (back.once("request-1", answer), made)
    second.close()


def test_what_nobody_awaits_is_nobodys_business(kept: Answers) -> None:
    kept.expect("request-1")
    assert (True, False) == (kept.awaited("request-1"), kept.awaited("request-2"))


def test_an_answer_that_fell_over_is_not_kept(kept: Answers) -> None:
    def fall() -> bytes:
        raise RuntimeError("the handler fell over")

    kept.expect("request-1")
    with pytest.raises(RuntimeError):
        kept.once("request-1", fall)
    assert b"answer 1" == kept.once("request-1", counting()[1])


class KilledHereError(BaseException):
    """Stands for a kill: nothing that the engine would still have done is done."""


def die_before_the_engine_notes_it(world: World) -> None:
    """The next answer reaches nobody: the process is gone between Braze's commit and the engine's."""

    def gone(_exchange: object) -> None:
        raise KilledHereError

    world.braze.service.observers.append(gone)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "world.sqlite"


def opened(state: Path) -> World:
    return World(WorldSettings(seed=4, state=state))


def with_a_stream(world: World) -> None:
    """Ida buys something, and the stream is about to say so."""
    world.braze.seed_profiles([ProfileSeed(external_id="ida-1001")])
    world.streams.create(
        StreamSettings(
            name="purchases", endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys["main"],
            events={"bought": ()},
        )
    )  # fmt: skip
    bought = {"user_id": "ida-1001", "event_type": "bought"}
    body = {"api_key": world.amplitude.store.projects.named("main").api_key, "events": [bought]}
    WsgiTransport(world.amplitude.app, AMPLITUDE_ENDPOINT).send(
        Request("POST", "/2/httpapi", {"content-type": "application/json"}, orjson.dumps(body))
    )


def killed_in_the_next_minute(world: World) -> None:
    die_before_the_engine_notes_it(world)
    with pytest.raises(KilledHereError):
        world.agenda.advance_to(Instant(world.clock.now + MINUTE_MS))
    world.database.close()


def events_and_points(world: World) -> tuple[int, int]:
    return world.database.value("SELECT count(*) FROM braze_event"), world.braze.store.points.total("main")


def test_an_event_that_braze_has_is_not_sent_again_after_a_kill(state: Path) -> None:
    world = opened(state)
    with_a_stream(world)
    killed_in_the_next_minute(world)
    with opened(state) as again:
        assert (1, 1) == events_and_points(again)
        again.agenda.advance_to(Instant(again.clock.now + MINUTE_MS))
        assert (1, 1) == events_and_points(again)
        assert 1 == again.streams.metrics(again.streams.outbox.channel("stream-1"))["delivered"]


def test_a_lost_answer_stays_lost_after_a_kill(state: Path) -> None:
    """The fault, not the kill, makes the event come twice: streaming is at least once."""
    world = opened(state)
    with_a_stream(world)
    world.faults.add(Fault(operation="trackUsers", times=1, applied=True))
    killed_in_the_next_minute(world)
    with opened(state) as again:
        again.agenda.advance_to(Instant(again.clock.now + MINUTE_MS))
        assert (2, 2) == events_and_points(again)
        assert [1] == [each.met for each in again.faults.all()]


@pytest.mark.parametrize("door", list(DoorKind))
def test_a_retried_request_does_take_effect_again(state: Path, door: DoorKind) -> None:
    """One X-Request-Id, two sendings: only an answer that nobody has written down is given again."""
    with World(WorldSettings(seed=4, state=state), door) as world:
        world.braze.seed_profiles([ProfileSeed(external_id="ida-1001")])
        (ida,) = world.amplitude.seed_users("main", [UserSeed("ida-1001")])
        cohort = world.amplitude.cohorts.create_static("vips", [ida]).cohort_id
        world.engine.create_connection(
            "braze", rest_endpoint=world.braze_endpoint, partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"], mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )  # fmt: skip
        world.faults.add(Fault(operation="changeCohortUsers", times=1, applied=True))
        world.engine.create_sync(cohort, "connection-1", Cadence.ONE_TIME)
        world.agenda.advance_to(Instant(world.clock.now + SECOND_MS))
        assert 2 == world.braze.store.points.total("main")
        assert 0 == world.database.value("SELECT count(*) FROM answer_given")
