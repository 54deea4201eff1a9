"""`absim serve` as a process: it says when it is ready, answers, and ends in good order."""

from __future__ import annotations

import email.message
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from simulator.cli.main import run

ANY_PORTS = ("--amplitude-port", "0", "--braze-port", "0", "--control-port", "0")


class Served:
    """A running `absim serve`, known by what its ready file says."""

    def __init__(self, process: subprocess.Popen[str], ready: dict[str, Any], banner: str) -> None:
        self.process = process
        self.ready = ready
        self.banner = banner

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.ready['control_url']}{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: object) -> Any:
        request = urllib.request.Request(
            f"{self.ready['control_url']}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts `absim serve`; the end of its banner is the sign that the ready file is there."""
    with ExitStack() as stack:

        def started(*options: str, env: dict[str, str] | None = None) -> Served:
            ready = tmp_path / "ready.json"
            command = [sys.executable, "-m", "simulator.cli.main", "serve", *ANY_PORTS, "--ready-file", str(ready)]
            process = stack.enter_context(
                subprocess.Popen(
                    [*command, *options],
                    stderr=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **(env or {})},
                )
            )
            stack.callback(process.kill)
            assert process.stderr is not None
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.startswith("stop with"):
                    break
            assert ready.exists(), "".join(lines)
            return Served(process, json.loads(ready.read_text()), "".join(lines))

        yield started


def test_it_announces_answers_and_ends_with_130_on_ctrl_c(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve("--seed", "7", "--clock", "2026-03-02T10:00:00Z", "--pace", "frozen")
    mode = stat.S_IMODE((tmp_path / "ready.json").stat().st_mode)
    clock = served.get("/_sim/clock")
    code = served.end(signal.SIGINT)

    assert clock["now"] == "2026-03-02T10:00:00Z"
    assert mode == 0o600
    assert [served.ready[f"{each}_url"] in served.banner for each in ("amplitude", "braze", "control")] == [True] * 3
    assert [name for name, key in served.ready["keys"].items() if key not in served.banner] == []
    assert served.ready["pid"] == served.process.pid
    assert code == 130
    assert list(tmp_path.iterdir()) == []


class Inbox(Message):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.Event()
        self.messages: list[email.message.Message] = []

    def handle_message(self, message: email.message.Message) -> None:
        self.messages.append(message)
        self.heard.set()


def test_mails_about_runs_go_to_the_smtp_server_that_was_named(serve: Callable[..., Served]) -> None:
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        served = serve("--smtp", f"127.0.0.1:{port}", "--mail-to", "team@example.test", "--pace", "frozen")
        identify_by = [{"property": "user_id", "to": "external_id"}]
        served.post("/_sim/amplitude/users", {"users": [{"user_id": "ida-1001"}]})
        served.post("/_sim/amplitude/cohorts", {"name": "vips", "definition": {"user_ids": ["ida-1001"]}})
        served.post("/_sim/connections", {"name": "braze", "identify_by": identify_by})
        served.post("/_sim/syncs", {"cohort": "vips", "connection": "braze"})
        assert inbox.heard.wait(20)
        served.end(signal.SIGTERM)
    finally:
        controller.stop()

    (message,) = inbox.messages
    assert (message["To"], message["Subject"]) == ("team@example.test", "Your sync of vips succeeded")


@pytest.mark.parametrize("options", [["--smtp", "nowhere"], ["--smtp", "host:0"], ["--mail-to", "team@example.test"]])
def test_a_mail_server_is_a_host_and_a_port(options: list[str]) -> None:
    assert run(["serve", *ANY_PORTS, *options]) == 2


def test_sigterm_is_an_order_and_no_failure(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve()

    assert served.end(signal.SIGTERM) == 0
    assert not (tmp_path / "ready.json").exists()


def test_keys_come_from_options_and_environment_and_otherwise_from_the_seed(serve: Callable[..., Served]) -> None:
    environment = {"ABSIM_BRAZE_PARTNER_API_KEY": "partner-from-environment", "ABSIM_AMPLITUDE_API_KEY": "overruled"}

    served = serve("--seed", "7", "--amplitude-api-key", "from-an-option", env=environment)
    keys = served.ready["keys"]
    served.end(signal.SIGTERM)
    again = serve("--seed", "7").ready["keys"]

    assert keys["amplitude_api_key"] == "from-an-option"
    assert keys["braze_partner_api_key"] == "partner-from-environment"
    assert keys["braze_data_import_key"] == again["braze_data_import_key"]
    assert served.ready["environment"]["BRAZE_PARTNER_API_KEY"] == "partner-from-environment"


def test_a_world_in_a_file_goes_on_where_it_stopped(serve: Callable[..., Served], tmp_path: Path) -> None:
    state = tmp_path / "world.sqlite"
    options = ("--state", str(state), "--clock", "2026-03-02T10:00:00Z", "--pace", "frozen")
    first = serve(*options)
    body = {
        "api_key": first.ready["keys"]["amplitude_api_key"],
        "events": [{"user_id": "ida-1001", "event_type": "app_opened"}],
    }
    call = urllib.request.Request(
        f"{first.ready['amplitude_url']}/2/httpapi",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call, timeout=30) as answer:
        assert answer.status == 200
    pages = first.get("/_sim/ledger")["written"]
    first.end(signal.SIGINT)

    second = serve(*options)

    assert pages > 0
    assert second.get("/_sim/ledger")["written"] == pages
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_a_taken_port_is_one_line_and_exit_code_3(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code = run(["serve", *ANY_PORTS, "--braze-port", str(port)])

    said = capfd.readouterr().err
    assert code == 3
    assert said.count("\n") == 1
    assert f"port {port} on 127.0.0.1 is taken" in said


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--host", "0.0.0.0"], 3, "0.0.0.0 is not a loopback address"),
        (["--pace", "fast"], 2, "'fast' is not a pace; write frozen, 1x, 60x"),
        (["--rules", "wishful"], 2, "unknown rule set 'wishful'; there are default"),
        (["--clock", "noon"], 2, "'noon' is not an instant"),
        (["--braze-port", "70000"], 2, "70000 is not in the range"),
        (["--ready-file", "/nonexistent/ready.json"], 3, "the ready file /nonexistent/ready.json cannot be written"),
        (["--state", "/nonexistent/world.sqlite"], 3, "/nonexistent/world.sqlite"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    capfd: pytest.CaptureFixture[str], options: list[str], code: int, said: str
) -> None:
    ended = run(["serve", *ANY_PORTS, *options])

    error = capfd.readouterr().err
    assert (ended, said in error) == (code, True), error
    assert "Traceback" not in error
