"""The first sync of a million people through a real listener, beside the barest thing that could do it.

`python -m benchmarks.limits [--people 1000000] [--rounds 3]`. The barest prototype: a client reads people in user order
from SQLite, encodes requests of 1,000 ids with orjson and sends them to the barest Flask application on the same
server; that matches 70 % by external id, 20 % by device id and 10 % by alias in one statement a kind, and inserts
members; 5 % match nobody; no rules, no ledger, no checks, no engine, one transaction a request. absim: as many people
of the same kinds, with the whole engine, Braze's rules, the ledger, the journal and the invariants. Ids are 32
hexadecimal digits in no order, as real ones are. Figure: at most three times the prototype of the same round, in the
median of the rounds; whole process under 1 GiB.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sqlite3
import sys
import tempfile
import time
from hashlib import blake2b
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson
from flask import Flask, Response, request

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
UNKNOWN_EVERY = 20
"""One person in so many is unknown to Braze."""
PRAGMAS = (
    "journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=20000", "cache_size=-65536", "mmap_size=1073741824",
)  # fmt: skip
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

    @classmethod
    def since(cls, began: Spent) -> Spent:
        """What went by since `began`."""
        now = cls.now()
        return cls(now.wall - began.wall, now.cpu - began.cpu)

    @classmethod
    def now(cls) -> Spent:
        """Both clocks."""
        return cls(time.perf_counter(), time.process_time())


def kind_of(number: int) -> str:
    """70 % known, 20 % devices, 10 % aliases."""
    return KINDS[(0, 0, 0, 0, 0, 0, 0, 1, 1, 2)[number % 10]]


def id_of(number: int) -> str:
    """32 hexadecimal digits, in no order."""
    return blake2b(number.to_bytes(8, "big"), digest_size=16).hexdigest()


def is_known(number: int) -> bool:
    """Whether Braze has a profile of this person."""
    return number % UNKNOWN_EVERY != UNKNOWN_EVERY - 1


def bare(people: int, folder: Path) -> Spent:
    """What the prototype takes."""
    store = sqlite3.connect(folder / "bare.sqlite", isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        store.execute(f"PRAGMA {pragma}")
    store.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, external_id TEXT, device_id TEXT, alias TEXT)")
    store.execute("CREATE TABLE sent (id INTEGER PRIMARY KEY, external_id TEXT, device_id TEXT, alias TEXT)")
    store.execute("CREATE TABLE member (cohort INTEGER, user INTEGER, PRIMARY KEY (cohort, user)) WITHOUT ROWID")
    store.execute("BEGIN")
    for number in range(people):
        row = {kind_of(number): id_of(number)}
        columns = (number, *(row.get(kind) for kind in KINDS))
        store.execute("INSERT INTO sent VALUES (?, ?, ?, ?)", columns)
        if is_known(number):
            store.execute("INSERT INTO user VALUES (?, ?, ?, ?)", columns)
    for kind in KINDS:
        store.execute(f"CREATE INDEX user_{kind} ON user ({kind}) WHERE {kind} IS NOT NULL")
    store.execute("COMMIT")

    application = Flask("bare", static_folder=None)

    @application.post("/members")
    def members() -> Response:
        body = orjson.loads(request.get_data(cache=False))
        store.execute("BEGIN")
        found = sum(
            store.execute(MATCH_AND_INSERT[kind], (orjson.dumps(ids).decode(),)).rowcount for kind, ids in body.items()
        )
        store.execute("COMMIT")
        return Response(orjson.dumps({"message": "success", "found": found}), 201, content_type="application/json")

    aside = Aside()
    door = Door("bare", application, aside)
    door.start()
    transport = HttpTransport(door.url)
    reader = sqlite3.connect(folder / "bare.sqlite")
    began = Spent.now()
    cursor = reader.execute("SELECT external_id, device_id, alias FROM sent ORDER BY id")
    while rows := cursor.fetchmany(REQUEST):
        ids = {kind: [row[place] for row in rows if row[place]] for place, kind in enumerate(KINDS)}
        transport.send(Request("POST", "/members", {"content-type": "application/json"}, orjson.dumps(ids)))
    took = Spent.since(began)
    assert store.execute("SELECT count(*) FROM member").fetchone() == (sum(map(is_known, range(people))),)
    transport.close()
    door.stop()
    aside.stop()
    reader.close()
    store.close()
    return took


def profile(number: int) -> ProfileSeed:
    """The Braze side of a person."""
    name, kind = id_of(number), kind_of(number)
    if kind == "external_id":
        return ProfileSeed(external_id=name)
    return ProfileSeed(device_ids=(name,)) if kind == "device_id" else ProfileSeed(aliases=(("crm", name),))


def user(number: int) -> UserSeed:
    """The Amplitude side of a person."""
    name, kind = id_of(number), kind_of(number)
    if kind == "external_id":
        return UserSeed(name)
    return UserSeed(None, name) if kind == "device_id" else UserSeed(None, f"d-{name}", {"crm_id": name})


def whole(people: int, folder: Path) -> tuple[Spent, Spent]:
    """What absim's first sync takes, and the invariants over it."""
    with World(WorldSettings(seed=5, state=folder / "world.sqlite"), DoorKind.HTTP) as world:
        world.braze.seed_profiles(profile(number) for number in range(people) if is_known(number))
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
        began = Spent.now()
        world.engine.create_sync(cohort, connection.id, Cadence.ONE_TIME)
        took = Spent.since(began)
        (run,) = world.engine.runs("sync-1")
        assert (run.status, run.added) == ("success", people), run
        members = world.database.value("SELECT count(*) FROM braze_member")
        assert members == sum(map(is_known, range(people))), members
        checking = Spent.now()
        broken = [finding for finding in check(world) if finding.verdict is not Verdict.PASSED]
        assert not broken, broken[:3]
        return took, Spent.since(checking)


def main() -> int:
    """Print both, their ratios and the memory of the process."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    gc.set_threshold(300_000, 50, 50)  # as the command has it
    ratios: list[tuple[float, float]] = []
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory() as place:
            least = bare(asked.people, Path(place))
            took, checked = whole(asked.people, Path(place))
        both = Spent(took.wall + checked.wall, took.cpu + checked.cpu)
        ratios.append((took.wall / least.wall, both.wall / least.wall))
        print(
            f"prototype {least.wall:.1f} s, absim {took.wall:.1f} s ({asked.people / took.wall:,.0f} people a second), "
            f"invariants {checked.wall:.1f} s; of processor time {took.cpu / least.cpu:.2f} and with the invariants "
            f"{both.cpu / least.cpu:.2f} times the prototype",
            flush=True,
        )
    sync, with_invariants = (median(column) for column in zip(*ratios, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"median: sync {sync:.2f}, with the invariants over it {with_invariants:.2f} times the prototype (at most 3)")
    print(f"memory of the whole process: {memory:.0f} MiB (under 1,024)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
