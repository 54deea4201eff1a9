"""Faults as data: which calls they meet, and what they do to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator.clock import Agenda, SimClock
from simulator.database import Database
from simulator.exchange import LATENCY_HEADER, TRANSPORT_HEADER
from simulator.fakes import faults
from simulator.fakes.binding import Call, Manners, Problem, Reply, Service
from simulator.fakes.faults import Fault, FaultBook, FaultGate, InvalidFault
from simulator.openapi import Contract
from simulator.rules.instants import HOUR_MS, MINUTE_MS, Instant

EXAMPLE = {"content": {"application/json": {"examples": {"busy": {"value": {"code": 503, "error": "busy"}}}}}}
DONE = {"content": {"application/json": {"examples": {"done": {"value": {"message": "success"}}}}}}
PAGE = {"content": {"text/html": {"examples": {"busy": {"value": "busy"}}}}}
OPERATIONS = {
    "/add/{thing}": {"post": {"operationId": "add", "responses": {"201": DONE, "5XX": EXAMPLE}}},
    "/refuse": {"post": {"operationId": "refuse", "responses": {"201": {"description": "no example"}, "500": PAGE}}},
}
CONTRACT = Contract("test", {"paths": OPERATIONS})
START = Instant(1_000 * HOUR_MS)


class Shop:
    """A service that remembers what took effect, in order."""

    def __init__(self, database: Database) -> None:
        self.clock = SimClock(START)
        self.things: list[str] = []
        self.book = FaultBook(database, seed=7)
        handlers = {"add": self.add, "refuse": self.refuse}
        manners = Manners(
            not_found=lambda call, status: Reply(status), malformed=lambda call, why: Reply(400),
            left_out=lambda call: Reply(501), broken=lambda call: Reply(500),
        )  # fmt: skip
        service = Service("shop", self.clock, 7, manners)
        service.bind(CONTRACT, handlers, [FaultGate("shop", self.book, CONTRACT)])
        self.book.serve("shop", handlers)
        self.agenda = Agenda(self.clock)
        self.agenda.register(self.book)
        self.client: FlaskClient = service.app.test_client()

    def add(self, call: Call) -> Reply:
        self.things.append(call.path["thing"])
        return Reply(201, {"message": "success"})

    def refuse(self, call: Call) -> Reply:
        raise Problem(Reply(409, {"message": "refused"}))

    def post(self, thing: str) -> Any:
        return self.client.post(f"/add/{thing}")

    def statuses(self, count: int) -> list[int]:
        return [self.post(str(n)).status_code for n in range(count)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    database = Database.memory([faults.MIGRATIONS])
    yield Shop(database)
    database.close()


def test_a_status_answers_in_place_of_the_handler_in_the_shape_of_the_contract(shop: Shop) -> None:
    shop.book.add(Fault(operation="add", answer=504, times=1))
    answer = shop.post("pen")
    assert (504, {"code": 504, "error": "busy"}) == (answer.status_code, answer.json)
    assert [201] == shop.statuses(1)
    assert ["0"] == shop.things


def test_a_fault_can_bring_its_own_body_and_headers(shop: Shop) -> None:
    shop.book.add(Fault(answer=429, body={"message": "later"}, headers={"Retry-After": "30"}))
    answer = shop.post("pen")
    assert ({"message": "later"}, "30") == (answer.json, answer.headers["Retry-After"])


def test_a_status_without_an_example_still_has_a_body(shop: Shop) -> None:
    shop.book.add(Fault(answer=418))
    assert {"message": "fault"} == shop.post("pen").json


def test_another_operation_or_service_is_left_alone(shop: Shop) -> None:
    shop.book.add(Fault(operation="refuse", answer=500))
    shop.book.add(Fault(service="braze", answer=500))
    assert [201] == shop.statuses(1)


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Fault(answer=500, nth=3), [201, 201, 500, 500, 500]),
        (Fault(answer=500, times=2), [500, 500, 201, 201, 201]),
        (Fault(answer=500, nth=2, times=1), [201, 500, 201, 201, 201]),
        (Fault(answer=500, share=0.0), [201, 201, 201, 201, 201]),
    ],
)
def test_a_fault_counts_the_calls_it_could_meet(shop: Shop, fault: Fault, statuses: list[int]) -> None:
    shop.book.add(fault)
    assert statuses == shop.statuses(5)
    assert (5, statuses.count(500)) == (shop.book.all()[0].seen, shop.book.all()[0].met)


def test_a_call_that_another_fault_meets_counts_for_the_later_ones_too(shop: Shop) -> None:
    shop.book.add(Fault(answer=500, nth=2, times=1))
    shop.book.add(Fault(answer=503, nth=3, times=1))
    assert [201, 500, 503, 201] == shop.statuses(4)


def test_a_share_of_the_calls_is_drawn_from_the_seed(shop: Shop) -> None:
    shop.book.add(Fault(answer=500, share=0.5))
    first = shop.statuses(40)
    assert 10 < first.count(500) < 30
    again = Shop(Database.memory([faults.MIGRATIONS]))
    again.book.add(Fault(answer=500, share=0.5))
    assert first == again.statuses(40)


def test_a_window_opens_and_closes_on_the_simulated_clock(shop: Shop) -> None:
    shop.book.add(Fault(answer=500, from_at=Instant(START + 1), until_at=Instant(START + 3)))
    seen = []
    for _ in range(4):
        seen += shop.statuses(1)
        shop.clock.move_to(Instant(shop.clock.now + 1))
    assert [201, 500, 500, 201] == seen


@pytest.mark.parametrize(
    ("fault", "status", "mark", "took_effect"),
    [
        (Fault(transport="reset"), 502, "reset", False),
        (Fault(transport="truncate"), 502, "truncate", False),
        (Fault(transport="malformed"), 201, "malformed", True),
        (Fault(applied=True), 201, "reset", True),
        (Fault(applied=True, answer=503), 503, None, True),
        (Fault(applied=True, transport="truncate"), 201, "truncate", True),
    ],
)
def test_an_answer_can_be_lost_with_or_without_the_call_taking_effect(
    shop: Shop, fault: Fault, status: int, mark: str | None, took_effect: bool
) -> None:
    shop.book.add(fault)
    answer = shop.post("pen")
    assert (status, mark) == (answer.status_code, answer.headers.get(TRANSPORT_HEADER))
    assert took_effect is bool(shop.things)


def test_latency_is_simulated_time_that_travels_with_the_answer(shop: Shop) -> None:
    shop.book.add(Fault(latency_ms=1500))
    assert "1500" == shop.post("pen").headers[LATENCY_HEADER]


def test_a_duplicate_takes_effect_twice_unless_it_is_refused(shop: Shop) -> None:
    shop.book.add(Fault(duplicate=True))
    assert (201, ["pen", "pen"]) == (shop.post("pen").status_code, shop.things)
    assert 409 == shop.client.post("/refuse").status_code


def test_a_reordered_call_is_overtaken_by_what_comes_after_it(shop: Shop) -> None:
    shop.book.add(Fault(reorder=True, times=1))
    assert (201, {"message": "success"}) == ((held := shop.post("first")).status_code, held.json)
    shop.post("second")
    assert shop.book.unfinished()
    shop.agenda.advance_to(Instant(START + MINUTE_MS))
    assert ["second", "first"] == shop.things
    assert not shop.book.unfinished()


def test_a_held_call_that_would_be_refused_vanishes(shop: Shop) -> None:
    shop.book.add(Fault(operation="refuse", reorder=True))
    assert 201 == shop.client.post("/refuse").status_code
    shop.agenda.advance_to(Instant(START + MINUTE_MS))
    assert not shop.book.unfinished()


@pytest.mark.parametrize(("after", "order"), [(False, ["key", "pen"]), (True, ["pen", "key"])])
def test_something_else_can_happen_in_the_middle_of_a_call(shop: Shop, after: bool, order: list[str]) -> None:
    shop.book.teach("revoke_key", lambda name: shop.things.append(name))
    shop.book.add(Fault(act="revoke_key", arguments={"name": "key"}, act_after=after, nth=1, times=1))
    shop.post("pen")
    assert order == shop.things


def test_faults_and_held_calls_survive_a_restart(tmp_path: Path) -> None:
    first = Shop(file := Database.open(tmp_path / "world.db", [faults.MIGRATIONS]))
    first.book.add(Fault(reorder=True, times=1))
    first.book.add(Fault(answer=500, times=2))
    first.post("held")
    first.post("refused")
    file.close()
    second = Shop(Database.open(tmp_path / "world.db", [faults.MIGRATIONS]))
    assert [500, 201] == second.statuses(2)
    second.agenda.advance_to(Instant(START + MINUTE_MS))
    assert ["1", "held"] == second.things


def test_an_act_that_a_world_opened_again_does_not_know_is_told_and_the_call_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Shop(file := Database.open(tmp_path / "world.db", [faults.MIGRATIONS]))
    first.book.teach("revoke_key", lambda: None)
    first.book.add(Fault(act="revoke_key"))
    file.close()
    second = Shop(Database.open(tmp_path / "world.db", [faults.MIGRATIONS]))
    assert [201] == second.statuses(1)
    assert "'revoke_key' is not known any more" in caplog.text


def test_faults_can_be_taken_back(shop: Shop) -> None:
    one = shop.book.add(Fault(answer=500))
    shop.book.add(Fault(answer=501))
    assert [True, False] == [shop.book.remove(one.id), shop.book.remove(one.id)]
    assert [501] == shop.statuses(1)
    shop.book.clear()
    assert ([201], []) == (shop.statuses(1), shop.book.all())


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(), "does nothing"),
        (Fault(transport="melted"), "is none of reset, truncate, malformed"),
        (Fault(answer=99), "not an HTTP status"),
        (Fault(answer=500, share=1.5), "between 0 and 1"),
        (Fault(answer=500, times=0), "count from 1"),
        (Fault(answer=500, from_at=Instant(2), until_at=Instant(2)), "ends before it begins"),
        (Fault(act="explode"), "nothing is called 'explode'"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(shop: Shop, fault: Fault, sentence: str) -> None:
    with pytest.raises(InvalidFault, match=sentence):
        shop.book.add(fault)


def test_a_fault_keeps_the_content_type_of_the_contract(shop: Shop) -> None:
    shop.book.add(Fault(service="shop", answer=500))
    answer = shop.client.post("/refuse")
    assert (500, "text/html", b"busy") == (answer.status_code, answer.mimetype, answer.data)
