"""A stage is one world with ports: it starts, goes back to its baseline behind the same doors, and leaves nothing."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulator.rules.instants import format_instant
from simulator.rules.switches import UnknownSwitch
from simulator.serving.addresses import PortUnavailable, bind
from simulator.serving.pacer import UnknownPace, machine_now
from simulator.serving.server import Server
from simulator.serving.stage import Keys, Ports, world_settings
from simulator.world import WorldSettings

OWN_KEYS = Keys(
    amplitude_api_key="my-amplitude-api-key",
    amplitude_secret_key="my-amplitude-secret-key",
    braze_api_key="my-braze-api-key",
    braze_data_import_key="my-data-import-key",
    braze_partner_api_key="my-partner-api-key",
)


@pytest.fixture
def threads() -> Iterator[None]:
    """Nothing that ran here runs on."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


def test_keys_come_from_the_settings() -> None:
    with Server(world_settings(WorldSettings(seed=7), OWN_KEYS)) as server:
        assert server.main.keys == OWN_KEYS


def test_keys_that_are_not_given_come_from_the_seed() -> None:
    told = []
    for seed in (7, 7, 8):
        with Server(WorldSettings(seed=seed)) as server:
            told.append(server.main.keys)

    assert told[0] == told[1]
    assert all(told[0].__getattribute__(name) for name in Keys.__dataclass_fields__)
    assert told[0].braze_api_key != told[2].braze_api_key


def test_the_environment_for_a_command_names_addresses_and_keys(client: Any) -> None:
    environment = client.stage.environment()

    assert environment["AMPLITUDE_URL"] == client.stage.urls["amplitude"]
    assert environment["ABSIM_URL"] == client.stage.urls["control"]
    assert environment["BRAZE_PARTNER_API_KEY"] == client.stage.keys.braze_partner_api_key
    assert len(environment) == 8


def test_a_switch_that_does_not_exist_is_refused_before_anything_is_bound() -> None:
    with pytest.raises(UnknownSwitch, match="unknown switch 'fallbak'"):
        world_settings(WorldSettings(), Keys(), switches={"fallbak": "off"})


def test_when_one_port_is_taken_the_others_are_given_back(threads: None) -> None:
    with bind("127.0.0.1", 0) as free:
        amplitude = free.getsockname()[1]
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortUnavailable, match="is taken"):
            Server(WorldSettings(), ports=Ports(amplitude=amplitude, braze=other.getsockname()[1]))

    bind("127.0.0.1", amplitude).close()


def test_an_unknown_pace_leaves_nothing_behind(threads: None) -> None:
    with pytest.raises(UnknownPace):
        Server(WorldSettings(), pace="fast")


def test_a_stopped_stage_leaves_neither_threads_nor_ports(threads: None) -> None:
    with Server(WorldSettings(), pace="60x") as server:
        ports = server.main.ports

    for port in ports.values():
        bind("127.0.0.1", port).close()


def test_a_reset_happens_between_calls_and_never_in_one(client: Any) -> None:
    """Clients go on calling while the world behind the doors changes; each is answered by one world or the other."""
    statuses: list[int] = []
    body = f'{{"api_key":"{client.stage.keys.amplitude_api_key}","events":[{{"user_id":"ida-1001","event_type":"a"}}]}}'

    def keep_calling() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", client.stage.ports["amplitude"], timeout=30)) as kept:
            for _ in range(60):
                kept.request("POST", "/2/httpapi", body, {"Content-Type": "application/json"})
                with kept.getresponse() as answer:
                    answer.read()
                    statuses.append(answer.status)

    caller = threading.Thread(target=keep_calling)
    caller.start()
    resets = [client.sim("POST", "/reset").status for _ in range(5)]
    caller.join()

    assert resets == [200] * 5
    assert statuses == [200] * 60


def test_a_reset_of_a_world_in_a_file_begins_the_file_anew(tmp_path: Path) -> None:
    state = tmp_path / "world.sqlite"
    with Server(WorldSettings(seed=7, state=state)) as server:
        stage = server.main
        stage.world.amplitude.ingest("main", [{"user_id": "ida-1001", "event_type": "app_opened"}])
        before = stage.world.ledger.last_page()
        stage.reset()

        assert before > 0
        assert stage.world.ledger.last_page() == 0
        assert state.stat().st_mode & 0o777 == 0o600


def test_a_world_at_machine_time_is_where_the_machine_is_also_after_a_reset() -> None:
    with Server(WorldSettings(seed=7), pace="1x", at_machine_time=True) as server:
        server.main.reset()
        server.main.keep_time(True)
        behind_ms = machine_now() - server.main.world.clock.now

    # The machine's date and the pacer's stopwatch are two clocks, each cut to the millisecond.
    assert -50 <= behind_ms < 1_000, format_instant(server.main.world.clock.now)


def test_limits_are_told_in_short_and_not_while_they_are_off(client: Any) -> None:
    on = client.stage.limits_in_short()
    client.stage.use_limits(False)

    assert "braze trackUsers 3000 per 3s" in on
    assert client.stage.limits_in_short() == []
