"""Whether a world is up, which one it is, starting it again, and further worlds beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.ids import derive_int
from simulator.rules.instants import format_instant, parse_instant
from simulator.rules.rule_sets import rule_set
from simulator.rules.switches import UnknownSwitch
from simulator.serving.stage import Hub, Keys, Stage, Taken, world_settings
from simulator.world import WorldSettings

MAIN = "main"


def handlers(stage: Stage, hub: Hub) -> dict[str, Handler]:
    """The operations tagged `world`."""
    return {
        "getHealth": lambda call: Reply(200, {"status": "ok"}),
        "getReady": lambda call: _ready(stage),
        "getVersion": lambda call: _version(stage),
        "resetWorld": lambda call: _reset(stage),
        "listWorlds": lambda call: Reply(200, {"worlds": [each.described() for each in list(hub.stages.values())]}),
        "createWorld": lambda call: _create(stage, hub, call),
        "getWorld": lambda call: Reply(200, _found(hub, call.path["world"]).described()),
        "deleteWorld": lambda call: _delete(stage, hub, call.path["world"]),
    }


def _ready(stage: Stage) -> Reply:
    return Reply(200, {"ready": True, "world": stage.name, "now": format_instant(stage.world.clock.now)})


def _version(stage: Stage) -> Reply:
    contracts = {name: str(contract.document["info"]["version"]) for name, contract in stage.contracts.items()}
    return Reply(200, {"name": "absim", "version": version("absim"), "contracts": contracts})


def _reset(stage: Stage) -> Reply:
    stage.reset()
    return Reply(200, stage.described())


def _create(stage: Stage, hub: Hub, call: Call) -> Reply:
    wanted = call.json()
    name = wanted.get("world") or f"world-{len(hub.stages) + 1}"
    try:
        at_machine_time = stage.at_machine_time and "clock" not in wanted
        made = hub.create(name, _settings(stage.settings, name, wanted), at_machine_time)
    except UnknownSwitch as error:
        raise refuse(404, str(error)) from error
    except ValueError as error:
        raise refuse(409 if isinstance(error, Taken) else 400, str(error)) from error
    return Reply(201, made.described(), {"Location": f"/_sim/worlds/{name}"})


def _settings(base: WorldSettings, name: str, wanted: dict[str, object]) -> WorldSettings:
    """Like this world, but in memory, with keys of its own, and with what the caller wants otherwise."""
    seed = wanted.get("seed")
    own = replace(
        base,
        state=None,
        seed=seed if isinstance(seed, int) else derive_int(base.seed, "world", name, bits=32),
        rules=rule_set(str(wanted["rules"])) if "rules" in wanted else base.rules,
        start=parse_instant(str(wanted["clock"])) if "clock" in wanted else base.start,
    )
    limits = bool(wanted.get("limits", base.amplitude.limits))
    switches = wanted.get("switches")
    return world_settings(own, Keys(), limits=limits, switches=switches if isinstance(switches, dict) else None)


def _found(hub: Hub, name: str) -> Stage:
    if name not in hub.stages:
        raise refuse(404, f"there is no world {name!r}; there are {', '.join(hub.stages)}")
    return hub.stages[name]


def _delete(stage: Stage, hub: Hub, name: str) -> Reply:
    if name == MAIN:
        raise refuse(409, "the main world ends with the process; reset it instead")
    if _found(hub, name) is stage:
        raise refuse(409, f"{name} cannot close the port that is asking; ask the main world at {_main_url(hub)}")
    hub.drop(name)
    return Reply(204)


def _main_url(hub: Hub) -> str:
    return hub.stages[MAIN].urls["control"]
