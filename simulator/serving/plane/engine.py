"""The settings pages of Amplitude for destinations and syncs, as the control plane offers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.feeds import MAIN, UnknownCohort
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import format_instant
from simulator.rules.mapping import Mapping
from simulator.serving.plane.desk import bill, destinations, feeds, records
from simulator.serving.stage import Stage
from simulator.sync.connections import SetupRefused, UnknownSetup, masked
from simulator.sync.runs import run_id
from simulator.sync.store.records import Connection, Run, Sync, SyncState


def handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `engine`. Each holds the clock: a run must not meet the pacer."""
    offered: dict[str, Callable[[Stage, Call], Reply]] = {
        "listConnections": _list_connections,
        "createConnection": _create_connection,
        "getConnection": _get_connection,
        "updateConnection": _update_connection,
        "deleteConnection": _delete_connection,
        "listSyncs": _list_syncs,
        "createSync": _create_sync,
        "getSync": _get_sync,
        "updateSync": _update_sync,
        "deleteSync": _delete_sync,
        "runSync": _run_sync,
        "listRuns": _list_runs,
        "createTraitConnection": _create_trait_connection,
        "createTraitSync": _create_trait_sync,
        "createWebhook": _create_webhook,
    }
    bound: dict[str, Handler] = {name: partial(handler, stage) for name, handler in offered.items()}
    bound |= {**records.handlers(stage), **feeds.handlers(stage), **bill.handlers(stage)}
    return {operation: _guarded(stage, handler) for operation, handler in bound.items()}


def _guarded(stage: Stage, handler: Handler) -> Handler:
    def guarded(call: Call) -> Reply:
        try:
            with stage.turn:
                return handler(call)
        except (UnknownSetup, UnknownCohort) as error:
            raise refuse(404, _said(error)) from error
        except SetupRefused as error:
            raise refuse(409 if "exists" in str(error) or "still use" in str(error) else 400, str(error)) from error

    return guarded


def _said(error: LookupError) -> str:
    text = str(error.args[0]) if error.args else ""
    return text if " " in text else f"there is no cohort {text!r}"


# connections


def _connection(stage: Stage, reference: str) -> Connection:
    """By id or by name; a cohort sync's author thinks in names."""
    return stage.world.acts.connection(reference)


def _list_connections(stage: Stage, call: Call) -> Reply:
    del call
    found = [_shown(each) for each in stage.world.engine.store.connections() if not each.deleted]
    return Reply(200, {"connections": found})


def _create_connection(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    keys = stage.keys
    connection = stage.world.engine.create_connection(
        wanted["name"],
        rest_endpoint=wanted.get("endpoint", stage.world.braze_endpoint),
        partner_api_key=keys.braze_partner_api_key,
        data_import_key=wanted.get("data_import_key", keys.braze_data_import_key),
        mappings=_mappings(wanted["identify_by"]),
        project=wanted.get("project", MAIN),
    )
    return _created(connection)


def _create_trait_connection(stage: Stage, call: Call) -> Reply:
    return _created(destinations.create_trait_connection(stage, call))


def _create_webhook(stage: Stage, call: Call) -> Reply:
    return _created(destinations.create_webhook(stage, call))


def _created(connection: Connection) -> Reply:
    return Reply(201, _shown(connection), {"Location": f"/_sim/connections/{connection.id}"})


def _get_connection(stage: Stage, call: Call) -> Reply:
    return Reply(200, _shown(_connection(stage, call.path["connection"])))


def _update_connection(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    connection = _connection(stage, call.path["connection"])
    engine = stage.world.engine
    if "identify_by" in wanted:
        engine.change_mapping(connection.id, _mappings(wanted["identify_by"]))
    if "data_import_key" in wanted:
        engine.new_key(connection.id, wanted["data_import_key"])
    if webhook := {name: wanted[name] for name in _OF_WEBHOOKS if name in wanted}:
        engine.change_webhook(connection.id, **webhook)
    if "endpoint" in wanted:
        engine.setup.change_endpoint(connection.id, wanted["endpoint"])
    return Reply(200, _shown(_connection(stage, connection.id)))


_OF_WEBHOOKS = ("url", "headers", "properties", "template")


def _delete_connection(stage: Stage, call: Call) -> Reply:
    stage.world.engine.delete_connection(_connection(stage, call.path["connection"]).id)
    return Reply(204)


def _mappings(identify_by: Sequence[dict[str, str]]) -> list[Mapping]:
    return [Mapping(each["property"], Kind(each["to"]), each.get("label", "")) for each in identify_by]


def _shown(connection: Connection) -> dict[str, object]:
    return {
        "connection": connection.id,
        "name": connection.name,
        "project": connection.project,
        "kind": connection.kind,
        "identify_by": [_mapping(each) for each in connection.mappings],
        "endpoint": connection.endpoint,
        "data_import_key": str(masked(connection).settings.get("data_import_key", "")),
    }


def _mapping(mapping: Mapping) -> dict[str, str]:
    told = {"property": mapping.amplitude_property, "to": str(mapping.target)}
    return told | ({"label": mapping.alias_label} if mapping.alias_label else {})


# syncs


def _list_syncs(stage: Stage, call: Call) -> Reply:
    del call
    live = [each for each in stage.world.engine.syncs() if each.state is not SyncState.DELETED]
    return Reply(200, {"syncs": [_sync(each) for each in live]})


def _create_sync(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    connection = _connection(stage, wanted["connection"])
    cadence = Cadence(wanted.get("cadence", "one_time"))
    sync = stage.world.engine.create_sync(stage.cohort_id(wanted["cohort"], connection.project), connection.id, cadence)
    return Reply(201, _sync(sync), {"Location": f"/_sim/syncs/{sync.id}"})


def _create_trait_sync(stage: Stage, call: Call) -> Reply:
    sync = destinations.sync_traits(stage, call, _connection(stage, call.json()["connection"]))
    return Reply(201, _sync(sync), {"Location": f"/_sim/syncs/{sync.id}"})


def _get_sync(stage: Stage, call: Call) -> Reply:
    return Reply(200, _sync(stage.world.engine.sync(call.path["sync"])))


def _update_sync(stage: Stage, call: Call) -> Reply:
    wanted, engine = call.json(), stage.world.engine
    sync = engine.sync(call.path["sync"])
    if "cadence" in wanted:
        engine.change_cadence(sync.id, Cadence(wanted["cadence"]))
    if "paused" in wanted:
        (engine.pause if wanted["paused"] else engine.resume)(sync.id)
    return Reply(200, _sync(engine.sync(sync.id)))


def _delete_sync(stage: Stage, call: Call) -> Reply:
    stage.world.engine.delete_sync(stage.world.engine.sync(call.path["sync"]).id)
    return Reply(204)


def _run_sync(stage: Stage, call: Call) -> Reply:
    engine = stage.world.engine
    sync = engine.sync(call.path["sync"])
    if sync.state is SyncState.PAUSED:
        raise refuse(409, f"{sync.id} is paused; resume it first")
    return Reply(200, _run(sync, engine.sync_now(sync.id)))


def _list_runs(stage: Stage, call: Call) -> Reply:
    engine = stage.world.engine
    sync = engine.sync(call.path["sync"])
    return Reply(200, {"runs": [_run(sync, each) for each in engine.runs(sync.id)]})


def _sync(sync: Sync) -> dict[str, object]:
    return {
        "sync": sync.id,
        "kind": str(sync.kind),
        "cohort": sync.cohort,
        "connection": sync.connection,
        "cadence": str(sync.cadence),
        "paused": sync.state is SyncState.PAUSED,
        "next_run": None if sync.next_run_at is None else format_instant(sync.next_run_at),
    }


def _run(sync: Sync, run: Run) -> dict[str, object]:
    told: dict[str, object] = {
        "run": run_id(sync, run.number),
        "sync": sync.id,
        "started": format_instant(run.started_at),
        "finished": None if run.finished_at is None else format_instant(run.finished_at),
        "status": str(run.status),
        "added": run.added,
        "removed": run.removed,
        "skipped": run.skipped,
        "undelivered": run.undelivered,
        "requests": run.requests,
    }
    return told | ({"note": run.reason} if run.reason else {})
