"""Ports are bound on loopback only, and a refusal says which port, why, and what to do."""

import os
import re
import socket
import subprocess
import sys

import pytest

from simulator.serving.addresses import PortUnavailable, bind, check_loopback


def test_port_zero_takes_a_free_port() -> None:
    with bind("127.0.0.1", 0) as bound:
        assert bound.getsockname()[1] > 0


def test_a_taken_port_is_named_with_its_holder() -> None:
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(PortUnavailable) as error:
            bind("127.0.0.1", port)

    message = str(error.value)
    assert message.startswith(f"port {port} on 127.0.0.1 is taken")
    assert message.endswith("; choose another, or 0 for any free one")
    assert "\n" not in message
    if os.path.exists("/proc/net/tcp"):
        assert "is taken by this command itself; choose" in message


def test_a_port_that_another_program_has_is_named_with_it() -> None:
    listens = (
        "import socket, sys; door = socket.create_server(('127.0.0.1', 0));"
        "print(door.getsockname()[1], flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", listens], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        with pytest.raises(PortUnavailable) as error:
            bind("127.0.0.1", port)
    if os.path.exists("/proc/net/tcp"):
        assert re.search(rf"by process {other.pid} \(.+\);", str(error.value))


def test_a_port_that_was_bound_by_a_plain_socket_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortUnavailable, match="is taken"):
            bind("127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "10.0.0.1", ""])
def test_a_host_that_others_could_reach_is_refused_with_the_reason(host: str) -> None:
    with pytest.raises(PortUnavailable, match=r"is not a loopback address; .* this machine only"):
        bind(host, 0)


@pytest.mark.parametrize(("host", "numeric"), [("localhost", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "::1")])
def test_loopback_has_several_names(host: str, numeric: str) -> None:
    assert check_loopback(host) == numeric


def test_a_port_number_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PortUnavailable, match=r"port 70000 on 127\.0\.0\.1 cannot be opened"):
        bind("127.0.0.1", 70_000)
