"""Faults as the control plane offers them: put one in force, look at them, take them back."""

from __future__ import annotations

from typing import Any

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.fakes.faults import ANY_OPERATION, HELD_MS, Fault, InvalidFault, Standing
from simulator.rules.instants import Instant, format_duration, format_instant, parse_duration, parse_instant
from simulator.serving.stage import Stage

_AS_THEY_ARE = (
    "service",
    "operation",
    "nth",
    "times",
    "share",
    "answer",
    "body",
    "headers",
    "transport",
    "applied",
    "duplicate",
    "reorder",
    "act",
    "arguments",
    "act_after",
)
_DURATIONS = {"latency": "latency_ms", "held": "held_ms"}
_INSTANTS = {"from": "from_at", "until": "until_at"}
_LEFT_OUT = Fault()


def handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `faults`."""
    return {
        "listFaults": lambda call: Reply(200, {"faults": [_shown(each) for each in stage.world.faults.all()]}),
        "createFault": lambda call: _create(stage, call),
        "clearFaults": lambda call: _clear(stage),
        "deleteFault": lambda call: _delete(stage, call),
    }


def _create(stage: Stage, call: Call) -> Reply:
    wanted: dict[str, Any] = call.json()
    _check_operation(stage, wanted.get("service"), wanted["operation"])
    values = {name: wanted[name] for name in _AS_THEY_ARE if name in wanted}
    values |= {field: parse_duration(wanted[name]) for name, field in _DURATIONS.items() if name in wanted}
    values |= {field: _instant(name, wanted[name]) for name, field in _INSTANTS.items() if name in wanted}
    try:
        with stage.turn:
            standing = stage.world.faults.add(Fault(**values))
    except InvalidFault as error:
        raise refuse(400, str(error)) from error
    return Reply(201, _shown(standing), {"Location": f"/_sim/faults/fault-{standing.id}"})


def _check_operation(stage: Stage, service: str | None, operation: str) -> None:
    """A fault on an operation that does not exist would never be met, and its author would wonder why."""
    if operation == ANY_OPERATION:
        return
    known = {name: contract.operations for name, contract in stage.contracts.items() if service in (None, name)}
    if not any(operation in operations for operations in known.values()):
        raise refuse(404, f"operation: {service or 'no service'} has no operation {operation!r}; see contracts/")


def _instant(name: str, text: str) -> Instant:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise refuse(400, f"{name}: {error}") from error


def _clear(stage: Stage) -> Reply:
    with stage.turn:
        stage.world.faults.clear()
    return Reply(204)


def _delete(stage: Stage, call: Call) -> Reply:
    name = call.path["fault"]
    number = name.removeprefix("fault-")
    with stage.turn:
        if not (number.isdecimal() and len(number) < 18 and stage.world.faults.remove(int(number))):
            raise refuse(404, f"there is no fault {name!r}")
    return Reply(204)


def _shown(standing: Standing) -> dict[str, object]:
    fault = standing.fault
    told: dict[str, object] = {"fault": f"fault-{standing.id}", "operation": fault.operation}
    for name in _AS_THEY_ARE:
        value = getattr(fault, name)
        if value != getattr(_LEFT_OUT, name):
            told[name] = dict(value) if name in ("headers", "arguments") else value
    if fault.latency_ms:
        told["latency"] = format_duration(fault.latency_ms)
    if fault.reorder or fault.held_ms != HELD_MS:
        told["held"] = format_duration(fault.held_ms)
    for name, field in _INSTANTS.items():
        if (at := getattr(fault, field)) is not None:
            told[name] = format_instant(at)
    told |= {"seen": standing.seen, "met": standing.met}
    return told | ({"refusals": standing.refusals, "refused": standing.refused} if standing.refusals else {})
