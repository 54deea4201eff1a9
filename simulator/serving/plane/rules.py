"""Switches and limits as the control plane offers them."""

from __future__ import annotations

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.rules.switches import SWITCHES, UnknownSwitch
from simulator.serving.stage import Stage


def handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `rules`."""
    return {
        "getSwitches": lambda call: _switches(stage),
        "setSwitches": lambda call: _set_switches(stage, call),
        "getLimits": lambda call: _limits(stage),
        "setLimits": lambda call: _set_limits(stage, call),
    }


def _switches(stage: Stage) -> Reply:
    values = stage.world.rules.as_mapping()
    table = [
        {
            "name": name,
            "value": values[name],
            "default": switch.values[0],
            "alternatives": list(switch.values[1:]),
            "rule": switch.rule,
            "doc": switch.doc,
            "source": switch.source,
            "confidence": switch.confidence,
        }
        for name, switch in SWITCHES.items()
    ]
    return Reply(200, {"switches": table})


def _set_switches(stage: Stage, call: Call) -> Reply:
    try:
        with stage.turn:
            stage.world.use_rules(stage.world.rules.with_switches(call.json()))
    except UnknownSwitch as error:
        raise refuse(404, str(error)) from error
    return _switches(stage)


def _limits(stage: Stage) -> Reply:
    return Reply(200, {"enabled": stage.limits_on, "limits": stage.limits()})


def _set_limits(stage: Stage, call: Call) -> Reply:
    with stage.turn:
        stage.use_limits(bool(call.json()["enabled"]))
    return _limits(stage)
