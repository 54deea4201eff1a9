"""Event streams from Amplitude to Braze, and Currents connectors from Braze to Amplitude."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.rules.instants import format_instant
from simulator.serving.stage import Stage
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.streaming.outbox import Channel, ParcelState
from simulator.sync.streaming.settings import Filter, StreamSettings
from simulator.world import AMPLITUDE_ENDPOINT

WORKSPACE = PROJECT = "main"


def handlers(stage: Stage) -> dict[str, Callable[[Call], Reply]]:
    """By operationId."""
    made: dict[str, Handler] = {
        "listStreams": lambda call: Reply(200, {"streams": [_stream(stage, each) for each in _streams(stage)]}),
        "createStream": lambda call: _create_stream(stage, call),
        "getStream": lambda call: Reply(200, _stream(stage, _found(_streams(stage), call.path["stream"], "stream"))),
        "stopStream": lambda call: _stop_stream(stage, call),
        "listCurrents": lambda call: Reply(200, {"connectors": [_connector(stage, each) for each in _all(stage)]}),
        "createCurrents": lambda call: _create_connector(stage, call),
        "getCurrents": lambda call: Reply(
            200, _connector(stage, _found(_all(stage), call.path["connector"], "connector"))
        ),
        "flushCurrents": lambda call: _flush(stage),
    }
    return made


def _found(channels: list[Channel], reference: str, kind: str) -> Channel:
    for each in channels:
        if reference in (each.id, each.settings["name"]):
            return each
    raise refuse(404, f"there is no {kind} {reference!r}")


def _check_name(channels: list[Channel], name: str, kind: str) -> None:
    if any(each.active and each.settings["name"] == name for each in channels):
        raise refuse(409, f"a {kind} named {name!r} exists; give this one another name")


# streams


def _streams(stage: Stage) -> list[Channel]:
    return stage.world.streams.streams()


def _create_stream(stage: Stage, call: Call) -> Reply:
    wanted: dict[str, Any] = call.json()
    _check_name(_streams(stage), wanted["name"], "stream")
    identify_by: Mapping[str, str] = wanted.get("identify_by", {})
    forward = tuple(wanted.get("forward", ()))
    settings = StreamSettings(
        name=wanted["name"],
        endpoint=wanted.get("endpoint", stage.world.braze_endpoint),
        rest_api_key=wanted.get("rest_api_key", stage.world.braze.keys.rest_keys[WORKSPACE]),
        app_id=wanted.get("app_id", ""),
        amplitude_property=identify_by.get("property", "user_id"),
        target=identify_by.get("to", "external_id"),
        alias_label=identify_by.get("label", ""),
        update_users_only=wanted.get("update_users_only", False),
        events={each["name"]: _filters(each) for each in wanted.get("events", ())},
        event_properties=tuple(wanted.get("event_properties", ())),
        user_properties=tuple(wanted.get("user_properties", ())),
        send_users=bool(forward),
        forwarded=forward,
    )
    made = stage.world.streams.create(settings)
    return Reply(201, _stream(stage, made), {"Location": f"/_sim/streams/{made.id}"})


def _filters(event: Mapping[str, Any]) -> tuple[Filter, ...]:
    return tuple(Filter(each["property"], each["operator"], tuple(each["values"])) for each in event.get("where", ()))


def _stop_stream(stage: Stage, call: Call) -> Reply:
    stage.world.streams.stop(_found(_streams(stage), call.path["stream"], "stream").id)
    return Reply(204)


def _stream(stage: Stage, channel: Channel) -> dict[str, object]:
    settings = channel.settings
    return {
        "stream": channel.id,
        "name": settings["name"],
        "active": channel.active,
        "created": format_instant(channel.created_at),
        "endpoint": settings["endpoint"],
        "events": sorted(settings["events"]),
        "forward": list(settings["forwarded"]),
        "update_users_only": settings["update_users_only"],
        "metrics": stage.world.streams.metrics(channel.id),
    }


# Currents


def _all(stage: Stage) -> list[Channel]:
    return stage.world.currents.connectors()


def _create_connector(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    _check_name(_all(stage), wanted["name"], "connector")
    settings = CurrentsSettings(
        name=wanted["name"],
        endpoint=wanted.get("endpoint", AMPLITUDE_ENDPOINT),
        api_key=wanted.get("api_key", stage.world.amplitude.store.projects.named(PROJECT).api_key),
        types=tuple(wanted.get("types", ())),
    )
    made = stage.world.currents.create(settings)
    return Reply(201, _connector(stage, made), {"Location": f"/_sim/currents/{made.id}"})


def _flush(stage: Stage) -> Reply:
    stage.world.currents.flush()
    return Reply(204)


def _connector(stage: Stage, channel: Channel) -> dict[str, object]:
    counts = {str(state): 0 for state in ParcelState}
    for posted in stage.world.currents.outbox.all(channel.id):
        counts[posted.state] += len(posted.items)
    return {
        "connector": channel.id,
        "name": channel.settings["name"],
        "active": channel.active,
        "created": format_instant(channel.created_at),
        "endpoint": channel.settings["endpoint"],
        "types": list(channel.settings["types"]),
        "events": counts,
    }
