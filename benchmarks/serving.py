"""Serving: time until ready, a world made and thrown away, `absim run` cold, requests a second beside bare Flask.

Run it as `python -m benchmarks.serving [--rounds N] [--calls N] [--only PART]`. The rates compare one stateful call of
each fake (key, validation, limits, journal, contract check, one write) with a bare Flask view on the same listener in
the same run; only the ratio is worth comparing between machines.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import flask

from simulator.serving.listener import Aside, Door
from simulator.serving.server import Server
from simulator.serving.stage import Keys, world_settings
from simulator.world import World, WorldSettings

ABSIM = (sys.executable, "-m", "simulator.cli.main")
BARE_SERVER = """
import flask, sys, waitress
app = flask.Flask("bare")
server = waitress.create_server(app, host="127.0.0.1", port=0, threads=1)
print(server.effective_port, flush=True)
"""
CONNECTIONS = (1, 16)


def ready(rounds: int) -> None:
    """From the start of the process until its world accepts calls, beside bare Flask on waitress."""
    ours, bare = [], []
    for _ in range(rounds):
        started = perf_counter()
        options = ("--amplitude-port", "0", "--braze-port", "0", "--control-port", "0")
        with subprocess.Popen([*ABSIM, "serve", *options], stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            # The banner ends when the world accepts calls.
            for line in process.stderr:
                if line.startswith("stop with"):
                    break
            ours.append(perf_counter() - started)
            process.terminate()
        started = perf_counter()
        with subprocess.Popen([sys.executable, "-c", BARE_SERVER], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            bare.append(perf_counter() - started)
    said("absim serve, ready", median(ours), "s", "goal 1.5")
    said("bare Flask on waitress", median(bare), "s", f"ratio {median(ours) / median(bare):.1f}")


def worlds(rounds: int) -> None:
    """A world made and thrown away, in process; the first of a process, which reads the contracts, apart."""
    taken = []
    for _ in range(rounds * 10 + 1):
        started = perf_counter()
        World().close()
        taken.append((perf_counter() - started) * 1_000)
    said("first world of a process", taken[0], "ms")
    said("world made and thrown away", median(taken[1:]), "ms", "goal 20")


def cold(rounds: int) -> None:
    """`absim run` on all shipped scenarios, as a user types it."""
    taken, code = [], 0
    for _ in range(rounds):
        started = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            command = [*ABSIM, "run", "--report-dir", folder]
            code = subprocess.run(command, capture_output=True, check=False).returncode
        taken.append(perf_counter() - started)
    said("absim run, all scenarios, cold", median(taken), "s", f"goal 4, exit code {code}")


def rates(rounds: int, calls: int) -> None:
    """Requests a second of both fakes and of bare Flask, on the same listener, by 1 and 16 connections."""
    measured: dict[tuple[str, int], list[float]] = {}
    with services() as targets:
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for name, target in targets.items():
                    rate = requests_per_second(target, connections, calls)
                    measured.setdefault((name, connections), []).append(rate)
    for connections in CONNECTIONS:
        bare = median(measured["bare Flask", connections])
        for name in targets:
            rate = median(measured[name, connections])
            ratio = "" if name == "bare Flask" else f"ratio {rate / bare:.2f}, goal 0.60"
            said(f"{name}, {connections} connections", rate, "req/s", ratio)


Target = tuple[int, str, bytes, dict[str, str]]


@contextlib.contextmanager
def services() -> Iterator[dict[str, Target]]:
    """Ports, paths, bodies and headers of what is compared; a process of its own serves all of them."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _serve(pipe: Any) -> None:
    app = flask.Flask("bare")
    known = {"ida-1001": 1}

    @app.post("/users/track")
    def bare() -> dict[str, object]:
        body = flask.request.get_json()
        known.get(body["attributes"][0]["external_id"])
        return {"message": "success", "attributes_processed": 1}

    # Without limits: on a clock that stands still their windows never end.
    settings = world_settings(WorldSettings(seed=7), Keys(), limits=False)
    with Server(settings) as server, contextlib.ExitStack() as stack:
        aside = Aside()
        stack.callback(aside.stop)
        door = Door("bare", app, aside)
        stack.callback(door.stop)
        door.start()
        keys, doors = server.main.keys, server.main.ports
        typed = {"Content-Type": "application/json"}
        track = json.dumps({"attributes": [{"external_id": "ida-1001", "plan": "gold"}]}).encode()
        cohort = {"partner_api_key": keys.braze_partner_api_key, "client_secret": keys.braze_data_import_key}
        change = {**cohort, "cohort_id": "c1", "cohort_changes": [{"user_ids": ["ida-1001"]}]}
        event = {"api_key": keys.amplitude_api_key, "events": [{"user_id": "ida-1001", "event_type": "app_opened"}]}
        authorized = {**typed, "Authorization": f"Bearer {keys.braze_api_key}"}
        pipe.send(
            {
                "bare Flask": (door.port, "/users/track", track, typed),
                "Braze users/track": (doors["braze"], "/users/track", track, authorized),
                "Braze cohorts/users": (
                    doors["braze"],
                    "/partners/amplitude/cohorts/users",
                    json.dumps(change).encode(),
                    typed,
                ),
                "Amplitude 2/httpapi": (doors["amplitude"], "/2/httpapi", json.dumps(event).encode(), typed),
            }
        )
        pipe.recv()


def requests_per_second(target: Target, connections: int, calls: int) -> float:
    """One client process, which keeps so many connections busy in turn: all asked, then all read."""
    port, path, body, headers = target
    opened = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(connections)]
    try:
        started = perf_counter()
        for _ in range(max(1, calls // connections)):
            for connection in opened:
                connection.request("POST", path, body, headers)
            for connection in opened:
                answer = connection.getresponse()
                answer.read()
                if answer.status >= 300:
                    raise SystemExit(f"{path} answered {answer.status}: the figure would mean nothing")
        return max(1, calls // connections) * connections / (perf_counter() - started)
    finally:
        for connection in opened:
            connection.close()


def said(what: str, value: float, unit: str, note: str = "") -> None:
    """One line of the table."""
    print(f"{what:<38} {value:>10,.2f} {unit:<6} {note}".rstrip(), flush=True)


def main() -> None:
    """Measure what is asked for and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2_000)
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "ready": lambda options: ready(options.rounds),
        "worlds": lambda options: worlds(options.rounds),
        "cold": lambda options: cold(options.rounds),
        "rates": lambda options: rates(options.rounds, options.calls),
    }
    parser.add_argument("--only", choices=list(parts), action="append", default=[])
    options = parser.parse_args()
    for name in options.only or list(parts):
        parts[name](options)


if __name__ == "__main__":
    sys.exit(main())
