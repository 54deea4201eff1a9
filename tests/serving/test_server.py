"""All worlds of a process begin and end together; behind each port stand its service and both rooms of control."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from simulator.serving.server import Server
from simulator.serving.stage import Taken
from simulator.world import WorldSettings


def test_worlds_made_beside_the_main_one_end_with_it() -> None:
    before = set(threading.enumerate())
    with Server(WorldSettings(seed=7)) as server:
        for name in ("second", "third"):
            server.create(name, WorldSettings(seed=8))
        ports = [port for stage in server.stages.values() for port in stage.ports.values()]

    assert len(set(ports)) == 9
    assert set(threading.enumerate()) == before


def test_a_name_is_given_once(server: Server) -> None:
    with pytest.raises(Taken, match="there is already a world 'main'"):
        server.create("main", WorldSettings())


def test_a_dropped_world_is_gone_and_its_name_is_free(server: Server) -> None:
    server.create("second", WorldSettings())
    server.drop("second")
    server.create("second", WorldSettings())
    server.drop("second")

    assert list(server.stages) == ["main"]


def test_a_new_world_keeps_the_pace_of_the_main_one(server: Server) -> None:
    server.main.pacer.set_pace("60x")
    pace = server.create("second", WorldSettings()).pacer.pace
    server.drop("second")
    server.main.pacer.set_pace("frozen")

    assert pace == "60x"


@pytest.mark.parametrize("door", ["amplitude", "braze", "control"])
@pytest.mark.parametrize("room", ["amplitude", "braze"])
def test_the_rooms_of_both_services_are_behind_every_port(client: Any, door: str, room: str) -> None:
    told = client.get(f"{client.stage.urls[door]}/_sim/{room}/nothing-of-that-name")

    assert told.status == 404
    assert client.sim("GET", "/journal").body["written"] == 0
