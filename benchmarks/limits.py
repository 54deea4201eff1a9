"""The first sync of a million people through a real listener, beside the barest thing that could do it.

`python -m benchmarks.limits [--people 1000000]`. The barest prototype: a client reads people in user order from SQLite,
encodes requests of 1,000 ids with orjson and sends them to the same server; that matches 70 % by external id, 20 % by
device id and 10 % by alias in one statement a kind, and inserts members; no rules, no ledger, no checks, no engine, one
transaction a request. absim: as many people of the same kinds, with the whole engine, Braze's rules, the ledger, the
journal and the invariants. Figure: at most three times the prototype, whole process under 1 GiB.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from simulator.audit.findings import Verdict
from simulator.audit.invariants import check
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.mapping import Mapping
from simulator.serving.listener import Aside, Door
from simulator.serving.transports import HttpTransport
from simulator.sync.ports import Request
from simulator.world import DoorKind, World, WorldSettings

REQUEST = 1_000
KINDS = ("external_id", "device_id", "alias")
HIERARCHY = [
    Mapping("user_id", Kind.EXTERNAL_ID),
    Mapping("crm_id", Kind.ALIAS, "crm"),
    Mapping("device_id", Kind.DEVICE_ID),
]
MATCH_AND_INSERT = {
    kind: f"INSERT OR IGNORE INTO member SELECT 1, u.id FROM json_each(?) j CROSS JOIN user u ON u.{kind} = j.value"
    for kind in KINDS
}


class Spent(NamedTuple):
    """Seconds on the wall, and of this process's processors."""

    wall: float
    cpu: float


def kind_of(number: int) -> str:
    """70 % known, 20 % devices, 10 % aliases."""
    return KINDS[(0, 0, 0, 0, 0, 0, 0, 1, 1, 2)[number % 10]]


def bare(people: int, folder: Path) -> Spent:
    """What the prototype takes."""
    store = sqlite3.connect(folder / "bare.sqlite", isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=20000", "cache_size=-65536"):
        store.execute(f"PRAGMA {pragma}")
    store.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, external_id TEXT, device_id TEXT, alias TEXT)")
    store.execute("CREATE TABLE member (cohort INTEGER, user INTEGER, PRIMARY KEY (cohort, user)) WITHOUT ROWID")
    store.execute("BEGIN")
    for number in range(people):
        row = {kind_of(number): f"user-{number:07}"}
        store.execute("INSERT INTO user VALUES (?, ?, ?, ?)", (number, *(row.get(kind) for kind in KINDS)))
    for kind in KINDS:
        store.execute(f"CREATE INDEX user_{kind} ON user ({kind}) WHERE {kind} IS NOT NULL")
    store.execute("COMMIT")

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = orjson.loads(environ["wsgi.input"].read())
        store.execute("BEGIN")
        for kind, values in body.items():
            store.execute(MATCH_AND_INSERT[kind], (orjson.dumps(values).decode(),))
        store.execute("COMMIT")
        answer = b'{"message":"success"}'
        start("201 Created", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    aside = Aside()
    door = Door("bare", application, aside)
    door.start()
    transport = HttpTransport(door.url)
    reader = sqlite3.connect(folder / "bare.sqlite")
    began = Spent(time.perf_counter(), time.process_time())
    cursor = reader.execute("SELECT external_id, device_id, alias FROM user ORDER BY id")
    while rows := cursor.fetchmany(REQUEST):
        ids = {kind: [row[place] for row in rows if row[place]] for place, kind in enumerate(KINDS)}
        transport.send(Request("POST", "/members", {"content-type": "application/json"}, orjson.dumps(ids)))
    took = Spent(time.perf_counter() - began.wall, time.process_time() - began.cpu)
    assert store.execute("SELECT count(*) FROM member").fetchone() == (people,)
    transport.close()
    door.stop()
    aside.stop()
    reader.close()
    store.close()
    return took


def profile(number: int) -> ProfileSeed:
    """The Braze side of a person."""
    name = f"user-{number:07}"
    kind = kind_of(number)
    if kind == "external_id":
        return ProfileSeed(external_id=name)
    return ProfileSeed(device_ids=(name,)) if kind == "device_id" else ProfileSeed(aliases=(("crm", name),))


def user(number: int) -> UserSeed:
    """The Amplitude side of a person."""
    name = f"user-{number:07}"
    kind = kind_of(number)
    if kind == "external_id":
        return UserSeed(name)
    return UserSeed(None, name) if kind == "device_id" else UserSeed(None, f"d-{name}", {"crm_id": name})


def whole(people: int, folder: Path) -> tuple[Spent, float]:
    """What absim's first sync takes, and the seconds of the invariants over it."""
    with World(WorldSettings(seed=5, state=folder / "world.sqlite"), DoorKind.HTTP) as world:
        world.braze.seed_profiles(profile(number) for number in range(people))
        ids = world.amplitude.seed_users("main", (user(number) for number in range(people)))
        cohort = world.amplitude.cohorts.create_static("everybody", ids).cohort_id
        del ids
        connection = world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=HIERARCHY,
        )
        began = Spent(time.perf_counter(), time.process_time())
        world.engine.create_sync(cohort, connection.id, Cadence.ONE_TIME)
        took = Spent(time.perf_counter() - began.wall, time.process_time() - began.cpu)
        (run,) = world.engine.runs("sync-1")
        assert (run.status, run.added) == ("success", people), run
        checking = time.perf_counter()
        broken = [finding for finding in check(world) if finding.verdict is not Verdict.PASSED]
        assert not broken, broken[:3]
        return took, time.perf_counter() - checking


def main() -> int:
    """Print both, their ratio and the memory of the process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    people: int = parser.parse_args().people
    with tempfile.TemporaryDirectory() as place:
        least = bare(people, Path(place))
        print(f"barest prototype: {least.wall:.1f} s, {people / least.wall:,.0f} people a second", flush=True)
        took, checked = whole(people, Path(place))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"absim: {took.wall:.1f} s, {people / took.wall:,.0f} people a second: {took.wall / least.wall:.1f} times the "
        f"prototype (at most 3), {took.cpu / least.cpu:.1f} times its processor time"
    )
    print(f"invariants: {checked:.1f} s; the whole process: {memory:.0f} MiB (under 1,024)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
