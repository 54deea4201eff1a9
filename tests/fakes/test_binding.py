"""Binding a contract to handlers: routing, gates, refusals, and what observers see."""

from __future__ import annotations

import gzip

import pytest

from simulator.clock import SimClock
from simulator.exchange import Exchange
from simulator.fakes.binding import Call, ContractMismatch, Handler, Manners, Problem, Reply, Service
from simulator.openapi import Contract, Operation

OPERATIONS = {
    "/echo/{name}": {"post": {"operationId": "echo", "tags": ["a"]}},
    "/form": {"post": {"operationId": "form", "tags": ["a"]}},
    "/refuse": {"get": {"operationId": "refuse", "tags": ["a"]}},
    "/break": {"get": {"operationId": "break", "tags": ["a"]}},
    "/later": {"get": {"operationId": "later", "tags": ["a"], "x-absim-emulated": False}},
    "/_sim/thing": {"get": {"operationId": "thing", "tags": ["b"]}},
}
CONTRACT = Contract("test", {"paths": OPERATIONS})


def echo(call: Call) -> Reply:
    return Reply(201, {"name": call.path["name"], "loud": call.argument("loud"), "json": call.json()}, {"X-Echo": "1"})


def refuse(call: Call) -> Reply:
    raise Problem(Reply(409, {"message": "refused"}))


def fall_over(call: Call) -> Reply:
    raise ZeroDivisionError


HANDLERS: dict[str, Handler] = {
    "echo": echo,
    "form": lambda call: Reply(200, call.form()),
    "refuse": refuse,
    "break": fall_over,
}
MANNERS = Manners(
    not_found=lambda call, status: Reply(status, {"message": "no such thing"}),
    malformed=lambda call, why: Reply(400, {"message": why}),
    left_out=lambda call: Reply(501, {"message": f"{call.operation} is not emulated"}),
    broken=lambda call: Reply(500, {"message": "broken"}),
)


class Stamp:
    """A gate that turns one operation away and marks every answer."""

    def before(self, call: Call, operation: Operation) -> Reply | None:
        return Reply(429, {"message": "slow down"}) if "x-too-fast" in call.headers else None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        return Reply(reply.status, reply.body, {**reply.headers, "X-Stamp": operation.operation_id}, reply.content_type)


@pytest.fixture
def seen() -> list[Exchange]:
    return []


@pytest.fixture
def service(clock: SimClock, seen: list[Exchange]) -> Service:
    service = Service("test", clock, seed=7, manners=MANNERS)
    service.bind(CONTRACT, HANDLERS, [Stamp()], tag="a")
    service.bind(
        CONTRACT, {"thing": lambda call: Reply(200, "text", content_type="text/plain")}, tag="b", observed=False
    )
    service.observers.append(seen.append)
    return service


def test_a_call_reaches_its_handler_and_passes_the_gates(service: Service) -> None:
    answer = service.app.test_client().post("/echo/李雷?loud=yes", json=[1, 2])
    assert (201, "1", "echo") == (answer.status_code, answer.headers["X-Echo"], answer.headers["X-Stamp"])
    assert answer.get_json() == {"name": "李雷", "loud": "yes", "json": [1, 2]}


def test_a_gate_can_answer_instead_of_the_handler(service: Service) -> None:
    answer = service.app.test_client().get("/break", headers={"X-Too-Fast": "1"})
    assert (429, "break") == (answer.status_code, answer.headers["X-Stamp"])


def test_a_raised_problem_is_the_answer(service: Service) -> None:
    assert service.app.test_client().get("/refuse").status_code == 409


def test_a_body_that_is_not_json_is_refused_in_the_vendors_words(service: Service) -> None:
    answer = service.app.test_client().post("/echo/ida", data=b"{'a': 1}")
    assert answer.status_code == 400
    assert "line 1 column 2" in answer.get_json()["message"]


def test_a_gzip_body_is_unpacked_and_a_damaged_one_refused(service: Service) -> None:
    client = service.app.test_client()
    packed = {"Content-Encoding": "gzip"}
    assert client.post("/echo/ida", data=gzip.compress(b'{"a": 1}'), headers=packed).get_json()["json"] == {"a": 1}
    answer = client.post("/echo/ida", data=b"not gzip", headers=packed)
    assert answer.status_code == 400
    assert "decompressed" in answer.get_json()["message"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_both_kinds_of_forms_are_read(service: Service, content_type: str) -> None:
    answer = service.app.test_client().post("/form", data={"api_key": "k", "empty": ""}, content_type=content_type)
    assert answer.get_json() == {"api_key": ["k"], "empty": [""]}


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/echo/ida/", 404), ("/echo/ida", 405)])
def test_what_no_operation_serves_is_answered_in_the_vendors_words(service: Service, path: str, status: int) -> None:
    answer = service.app.test_client().get(path)
    assert (status, {"message": "no such thing"}) == (answer.status_code, answer.get_json())


def test_an_operation_that_is_left_out_says_so(service: Service) -> None:
    answer = service.app.test_client().get("/later")
    assert (501, {"message": "later is not emulated"}) == (answer.status_code, answer.get_json())


def test_a_fault_of_the_simulator_is_loud_in_process_and_a_500_behind_a_listener(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        service.app.test_client().get("/break")
    service.app.config["PROPAGATE_EXCEPTIONS"] = False
    assert service.app.test_client().get("/break").status_code == 500
    assert "this is a fault of the simulator" in caplog.text


def test_observers_see_every_exchange_but_those_of_the_control_plane(service: Service, seen: list[Exchange]) -> None:
    client = service.app.test_client()
    client.post("/echo/ida", json={}, headers={"X-Request-Id": "q1"})
    client.get("/nowhere")
    assert client.get("/_sim/thing").get_data() == b"text"
    client.get("/_sim/nowhere")
    told = [(each.operation, each.path, each.status) for each in seen]
    assert [("echo", "/echo/ida", 201), ("", "/nowhere", 404)] == told
    assert seen[0].request_id == "q1"
    assert seen[1].request_id != ""


@pytest.mark.parametrize(
    ("handlers", "why"),
    [
        ({**HANDLERS, "extra": refuse}, "handlers without operation: extra"),
        ({"echo": echo}, "operations without handler: break, form, refuse"),
    ],
)
def test_a_service_refuses_to_start_when_contract_and_handlers_disagree(
    clock: SimClock, handlers: dict[str, Handler], why: str
) -> None:
    with pytest.raises(ContractMismatch, match=why):
        Service("test", clock, 7, MANNERS).bind(CONTRACT, handlers, tag="a")
