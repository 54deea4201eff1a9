"""Event streams from Amplitude to Braze, and Currents connectors from Braze to Amplitude."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from simulator.fakes.amplitude.projects import Project, UnknownProject
from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.feeds import MAIN
from simulator.rules.instants import format_instant
from simulator.serving.stage import Stage
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.streaming.channels import ChannelDesk
from simulator.sync.streaming.outbox import Channel, ParcelState
from simulator.sync.streaming.settings import Filter, StreamSettings
from simulator.sync.streaming.streamer import settings_of

WORKSPACE = "main"


def handlers(stage: Stage) -> dict[str, Callable[[Call], Reply]]:
    """By operationId."""
    made: dict[str, Handler] = {
        "listStreams": lambda call: Reply(200, {"streams": [_stream(stage, each) for each in _streams(stage)]}),
        "createStream": lambda call: _create_stream(stage, call),
        "getStream": lambda call: Reply(200, _stream(stage, _found(_streams(stage), call.path["stream"], "stream"))),
        "updateStream": lambda call: _update_stream(stage, call),
        "deleteStream": lambda call: _delete_stream(stage, call),
        "listCurrents": lambda call: Reply(200, {"connectors": [_connector(stage, each) for each in _all(stage)]}),
        "createCurrents": lambda call: _create_connector(stage, call),
        "getCurrents": lambda call: Reply(
            200, _connector(stage, _found(_all(stage), call.path["connector"], "connector"))
        ),
        "updateCurrents": lambda call: _update_connector(stage, call),
        "deleteCurrents": lambda call: _delete_connector(stage, call),
        "flushCurrents": lambda call: _flush(stage),
    }
    return made


def _found(channels: list[Channel], reference: str, kind: str) -> Channel:
    for each in channels:
        if reference in (each.id, each.settings["name"]):
            return each
    raise refuse(404, f"there is no {kind} {reference!r}")


def _check_name(channels: list[Channel], name: str, kind: str, edited: str = "") -> None:
    if any(each.settings["name"] == name and each.id != edited for each in channels):
        raise refuse(409, f"a {kind} named {name!r} exists; give this one another name")


def _rest(desk: ChannelDesk, channel: Channel, wanted: Mapping[str, Any]) -> None:
    """Pause a channel or take it up again, when that was asked for."""
    if "paused" in wanted:
        (desk.pause if wanted["paused"] else desk.resume)(channel.id)


def _project(stage: Stage, wanted: Mapping[str, Any]) -> Project:
    try:
        return stage.world.amplitude.store.projects.named(wanted.get("project", MAIN))
    except UnknownProject as error:
        raise refuse(404, str(error)) from error


# streams


def _streams(stage: Stage) -> list[Channel]:
    return stage.world.streams.streams()


def _create_stream(stage: Stage, call: Call) -> Reply:
    wanted: dict[str, Any] = call.json()
    _check_name(_streams(stage), wanted["name"], "stream")
    fresh = StreamSettings(
        name=wanted["name"],
        endpoint=stage.world.braze_endpoint,
        rest_api_key=stage.world.braze.keys.rest_keys[WORKSPACE],
    )
    made = stage.world.streams.create(_changed(fresh, wanted), _project(stage, wanted).name)
    return Reply(201, _stream(stage, made), {"Location": f"/_sim/streams/{made.id}"})


def _update_stream(stage: Stage, call: Call) -> Reply:
    """What is not named stays as it is; what was ingested before is sent under the old settings."""
    wanted: dict[str, Any] = call.json()
    channel = _found(_streams(stage), call.path["stream"], "stream")
    if wanted.keys() - {"paused"}:
        if "name" in wanted:
            _check_name(_streams(stage), wanted["name"], "stream", channel.id)
        stage.world.streams.edit(channel.id, _changed(settings_of(channel), wanted))
    _rest(stage.world.streams.desk, channel, wanted)
    return Reply(200, _stream(stage, _found(_streams(stage), channel.id, "stream")))


def _changed(settings: StreamSettings, wanted: Mapping[str, Any]) -> StreamSettings:
    """Settings with what a body says about them."""
    changes: dict[str, Any] = {name: wanted[name] for name in _AS_THEY_ARE if name in wanted}
    changes |= {name: tuple(wanted[name]) for name in ("event_properties", "user_properties") if name in wanted}
    if "identify_by" in wanted:
        named = wanted["identify_by"]
        changes |= {
            "amplitude_property": named["property"],
            "target": named["to"],
            "alias_label": named.get("label", ""),
        }
    if "events" in wanted:
        changes["events"] = {each["name"]: _filters(each) for each in wanted["events"]}
    if "forward" in wanted:
        changes |= {"send_users": bool(wanted["forward"]), "forwarded": tuple(wanted["forward"])}
    return replace(settings, **changes)


_AS_THEY_ARE = ("name", "endpoint", "rest_api_key", "app_id", "update_users_only")


def _filters(event: Mapping[str, Any]) -> tuple[Filter, ...]:
    return tuple(Filter(each["property"], each["operator"], tuple(each["values"])) for each in event.get("where", ()))


def _delete_stream(stage: Stage, call: Call) -> Reply:
    stage.world.streams.desk.delete(_found(_streams(stage), call.path["stream"], "stream").id)
    return Reply(204)


def _stream(stage: Stage, channel: Channel) -> dict[str, object]:
    settings = channel.settings
    return {
        "stream": channel.id,
        "name": settings["name"],
        "project": channel.project,
        "active": channel.active,
        "created": format_instant(channel.created_at),
        "endpoint": settings["endpoint"],
        "events": sorted(settings["events"]),
        "forward": list(settings["forwarded"]),
        "update_users_only": settings["update_users_only"],
        "metrics": stage.world.streams.metrics(channel),
    }


# Currents


def _all(stage: Stage) -> list[Channel]:
    return stage.world.currents.connectors()


def _create_connector(stage: Stage, call: Call) -> Reply:
    wanted = call.json()
    _check_name(_all(stage), wanted["name"], "connector")
    project = _project(stage, wanted)
    settings = CurrentsSettings(
        name=wanted["name"],
        endpoint=wanted.get("endpoint", project.endpoint),
        api_key=wanted.get("api_key", project.api_key),
        types=tuple(wanted.get("types", ())),
    )
    made = stage.world.currents.create(settings, project.name)
    return Reply(201, _connector(stage, made), {"Location": f"/_sim/currents/{made.id}"})


def _update_connector(stage: Stage, call: Call) -> Reply:
    """What is not named stays as it is."""
    wanted: dict[str, Any] = call.json()
    channel = _found(_all(stage), call.path["connector"], "connector")
    changes: dict[str, Any] = {name: wanted[name] for name in ("name", "endpoint", "api_key") if name in wanted}
    if "types" in wanted:
        changes["types"] = tuple(wanted["types"])
    if changes:
        if "name" in changes:
            _check_name(_all(stage), changes["name"], "connector", channel.id)
        before = CurrentsSettings(**{**channel.settings, "types": tuple(channel.settings["types"])})
        stage.world.currents.edit(channel.id, replace(before, **changes))
    _rest(stage.world.currents.desk, channel, wanted)
    return Reply(200, _connector(stage, _found(_all(stage), channel.id, "connector")))


def _delete_connector(stage: Stage, call: Call) -> Reply:
    stage.world.currents.desk.delete(_found(_all(stage), call.path["connector"], "connector").id)
    return Reply(204)


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
        "project": channel.project,
        "active": channel.active,
        "created": format_instant(channel.created_at),
        "endpoint": channel.settings["endpoint"],
        "types": list(channel.settings["types"]),
        "events": counts,
    }
