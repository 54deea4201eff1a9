"""The control application of one world: every operation of the control contract that no service has for itself."""

from __future__ import annotations

from collections.abc import Callable

from simulator.fakes.binding import Handler, Service
from simulator.fakes.control import ControlGate
from simulator.serving.plane import clock, engine, faults, records, rules, worlds
from simulator.serving.plane.manners import MANNERS
from simulator.serving.stage import Hub, Stage
from simulator.serving.transports import Wsgi


def control_app(stage: Stage, hub: Hub) -> Wsgi:
    """The application behind /_sim/. Raises ContractMismatch when contract and handlers disagree."""
    contract = stage.contracts["control"]
    by_tag: dict[str, Callable[[Stage], dict[str, Handler]]] = {
        "world": lambda each: worlds.handlers(each, hub),
        "clock": clock.handlers,
        "journal": records.journal_handlers,
        "ledger": records.ledger_handlers,
        "engine": engine.handlers,
        "faults": faults.handlers,
        "rules": rules.handlers,
    }
    service = Service("control", stage.world.clock, stage.settings.seed, MANNERS)
    service.app.config["PROPAGATE_EXCEPTIONS"] = False
    gates = (ControlGate(contract),)
    for tag, handlers in by_tag.items():
        service.bind(contract, handlers(stage), gates, tag=tag, observed=False)
    application: Wsgi = service.app
    return application
