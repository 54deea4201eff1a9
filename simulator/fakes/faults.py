"""What goes wrong, as data: which calls of a service fail, when, how often, and in which way; seeded and on the clock.

A fault is a row, and how many calls it has seen is stored with it, so a world that is killed and started again goes on
failing where it stopped. A fault never decides about people: it answers instead of the handler, spoils the answer,
repeats or delays a call, or does something else in the middle of it (a key is revoked, a profile is merged).
"""

from __future__ import annotations

import inspect
import logging
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import orjson
from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator.database import Database
from simulator.exchange import LATENCY_HEADER, TRANSPORT_HEADER
from simulator.fakes.binding import Call, Handler, MalformedBody, Problem, Reply
from simulator.ids import derive_int
from simulator.ledger import Ledger
from simulator.openapi import Contract, Operation
from simulator.rules.instants import MINUTE_MS, Instant

MIGRATIONS = Migrations("faults")

TRANSPORTS = ("reset", "truncate", "malformed")
ANY_OPERATION = "*"
HELD_MS = MINUTE_MS
JSON = "application/json"
_LOG = logging.getLogger(__name__)

Action = Callable[..., None]
"""Something that a fault does beside a call, by name: `revoke_key(connection="braze")`."""


@MIGRATIONS()
def create_tables(sql: SqliteDatabase) -> None:
    """Faults with their counts, and calls that were answered and are applied later."""
    sql.table("fault_rule").create({"id": int, "fault": str, "seen": int, "met": int}, pk="id")
    sql.table("fault_held").create({"id": int, "service": str, "due_at": int, "call": bytes}, pk="id")


@MIGRATIONS()
def add_refusals(sql: SqliteDatabase) -> None:
    """How often the act of a fault could not be done, and why the last time."""
    sql.table("fault_rule").add_column("refusals", int, not_null_default=0)
    sql.table("fault_rule").add_column("refused", str, not_null_default="")


class InvalidFault(ValueError):
    """A fault that makes no sense; the message says what to change."""


class ActRefused(RuntimeError):
    """An act could not be done; the message says why. The call in whose middle it stood goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Which calls are met, and what happens to them. Everything left out does not restrict and does not happen."""

    service: str = ""
    """`braze` or `amplitude`; empty for both."""
    operation: str = ANY_OPERATION
    """An operationId, or `*` for any."""
    nth: int = 1
    """Begin with the nth matching call."""
    times: int | None = None
    """Meet at most so many calls."""
    share: float = 1.0
    """The share of the matching calls that are met, drawn from the seed."""
    from_at: Instant | None = None
    until_at: Instant | None = None
    """Not including this instant."""

    answer: int | None = None
    """The status in place of the answer."""
    body: object = None
    """The body of that status; the contract's example when left out."""
    headers: Mapping[str, str] = field(default_factory=dict)
    transport: str = ""
    """`reset`, `truncate` or `malformed`: what happens to the bytes of the answer."""
    applied: bool = False
    """The call takes effect, and only its answer is spoiled."""
    latency_ms: int = 0
    """Simulated time until the sender has the answer."""
    duplicate: bool = False
    """The call takes effect twice, as when a network repeats it."""
    reorder: bool = False
    """The call is answered as a success and takes effect `held_ms` later, overtaken by what comes in between."""
    held_ms: int = HELD_MS
    act: str = ""
    """The name of something else that happens with the call."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    act_after: bool = False
    """It happens after the call has taken effect, not before."""

    def checked(self) -> Fault:
        """This fault, made consistent: a lost or damaged answer needs a way to be lost. Raises InvalidFault."""
        if self.transport and self.transport not in TRANSPORTS:
            raise InvalidFault(f"transport {self.transport!r} is none of {', '.join(TRANSPORTS)}")
        if self.answer is not None and not 100 <= self.answer <= 599:
            raise InvalidFault(f"answer {self.answer} is not an HTTP status")
        if not 0.0 <= self.share <= 1.0:
            raise InvalidFault(f"share {self.share} is not between 0 and 1")
        if self.nth < 1 or (self.times is not None and self.times < 1):
            raise InvalidFault("nth and times count from 1")
        if self.from_at is not None and self.until_at is not None and self.until_at <= self.from_at:
            raise InvalidFault("the fault ends before it begins")
        made = self
        if self.applied and self.answer is None and not self.transport:
            made = replace(made, transport="reset")
        if self.transport == "malformed" and self.answer is None:
            made = replace(made, applied=True)
        if not any(
            (made.answer, made.transport, made.latency_ms, made.duplicate, made.reorder, made.act, made.headers)
        ):
            raise InvalidFault("the fault does nothing; give it an answer, a transport, a latency or an act")
        return made


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault in force: how many calls it matched, how many it met, and how often its act could not be done."""

    id: int
    fault: Fault
    seen: int
    met: int
    refusals: int = 0
    refused: str = ""
    """Why its act could not be done the last time; empty when it always could."""


class FaultBook:
    """All faults of a world. Also due work: calls held back take effect when their time has come."""

    name = "held calls"

    def __init__(self, database: Database, seed: int, ledger: Ledger | None = None) -> None:
        self._database = database
        self._seed = seed
        self._ledger = ledger
        self._refused: dict[str, str] = {}
        self._handlers: dict[str, Mapping[str, Handler]] = {}
        self._actions: dict[str, Action] = {}
        self._acting = threading.local()
        self._standing: list[Standing] = self._load()

    # setting up

    def serve(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Say how calls of a service take effect, for those that are repeated or held back."""
        self._handlers[service] = handlers

    def teach(self, name: str, action: Action) -> None:
        """Say what an act of this name does."""
        self._actions[name] = action

    # faults

    def add(self, fault: Fault) -> Standing:
        """Put a fault in force. Raises InvalidFault."""
        checked = fault.checked()
        if checked.act and checked.act not in self._actions:
            known = ", ".join(sorted(self._actions)) or "none"
            raise InvalidFault(f"nothing is called {checked.act!r}; there are {known}")
        if checked.act:
            try:
                inspect.signature(self._actions[checked.act]).bind(**checked.arguments)
            except TypeError as error:
                raise InvalidFault(f"arguments of {checked.act}: {error}") from error
        with self._database.transaction() as connection:
            packed = orjson.dumps(asdict(checked)).decode()
            number = connection.execute(
                "INSERT INTO fault_rule (fault, seen, met) VALUES (?, 0, 0)", (packed,)
            ).lastrowid
            standing = Standing(int(number or 0), checked, 0, 0)
            self._standing.append(standing)
        return standing

    def all(self) -> list[Standing]:
        """Every fault, used up or not, oldest first."""
        return list(self._standing)

    def remove(self, fault_id: int) -> bool:
        """Take one back; False when there is none of that id."""
        before = len(self._standing)
        self._standing = [each for each in self._standing if each.id != fault_id]
        self._database.execute("DELETE FROM fault_rule WHERE id = ?", (fault_id,))
        return len(self._standing) < before

    def clear(self) -> None:
        """Take all back. Calls that are held already still take effect."""
        self._standing = []
        self._database.execute("DELETE FROM fault_rule")

    def meet(self, service: str, call: Call) -> Standing | None:
        """The first fault that meets this call, counted; None when nothing goes wrong. What an act calls is spared.

        Every fault that the call fits counts it, so that `nth` means the same call whatever other faults there are.
        """
        if getattr(self._acting, "now", False):
            return None
        meeting: Standing | None = None
        for position, standing in enumerate(self._standing):
            if not _matches(standing.fault, service, call):
                continue
            seen = standing.seen + 1
            met = meeting is None and self._meets(standing, seen)
            self._standing[position] = replace(standing, seen=seen, met=standing.met + met)
            self._database.execute(
                "UPDATE fault_rule SET seen = ?, met = met + ? WHERE id = ?", (seen, met, standing.id)
            )
            if met:
                meeting = standing
        return meeting

    def _meets(self, standing: Standing, seen: int) -> bool:
        fault = standing.fault
        if seen < fault.nth or (fault.times is not None and standing.met >= fault.times):
            return False
        return fault.share >= 1.0 or derive_int(self._seed, "fault", standing.id, seen, bits=53) < fault.share * 2**53

    def act(self, service: str, standing: Standing, call: Call) -> None:
        """Do what a fault does beside the call; ledger, journal and the fault itself tell what was refused.

        A world opened again has forgotten acts that nobody taught it; that is a refusal too.
        """
        fault = standing.fault
        action = self._actions.get(fault.act)
        if action is None:
            self._refuse(service, standing, call, f"the act {fault.act!r} is not known any more")
            return
        self._acting.now = True
        try:
            action(**fault.arguments)
        except ActRefused as refused:
            self._refuse(service, standing, call, str(refused))
        finally:
            self._acting.now = False

    def refusal_in(self, request_id: str) -> str:
        """Why the act of a fault did not happen in this request; empty when nothing was refused. Told once."""
        return self._refused.pop(request_id, "")

    def _refuse(self, service: str, standing: Standing, call: Call, why: str) -> None:
        number, act = standing.id, standing.fault.act
        _LOG.warning("the act of fault-%s did not happen: %s", number, why)
        self._refused[call.request_id] = why
        self._standing = [
            replace(each, refusals=each.refusals + 1, refused=why) if each.id == number else each
            for each in self._standing
        ]
        with self._database.transaction():
            self._database.execute(
                "UPDATE fault_rule SET refusals = refusals + 1, refused = ? WHERE id = ?", (why, number)
            )
            if self._ledger is not None:
                detail = {"fault": f"fault-{number}", "act": act, "operation": call.operation, "refused": why}
                self._ledger.write(call.at, room=service, event="act_refused", request=call.request_id, detail=detail)

    # held calls

    def hold(self, service: str, call: Call, held_ms: int) -> None:
        """Keep a call that was answered already, to take effect later."""
        packed = orjson.dumps({**asdict(call), "body": b64encode(call.body).decode()})
        self._database.execute(
            "INSERT INTO fault_held (service, due_at, call) VALUES (?, ?, ?)", (service, call.at + held_ms, packed)
        )

    def repeat(self, service: str, call: Call) -> None:
        """Let a call take effect once more; nobody hears the answer."""
        try:
            self._handlers[service][call.operation](call)
        except (Problem, MalformedBody):
            return

    def next_due(self) -> Instant | None:
        """When the next held call takes effect."""
        due: Instant | None = self._database.value("SELECT min(due_at) FROM fault_held")
        return due

    def run_due(self, at: Instant) -> None:
        """Let held calls take effect, oldest first."""
        rows = self._database.rows(
            "SELECT id, service, due_at, call FROM fault_held WHERE due_at <= ? ORDER BY due_at, id", (at,)
        )
        for number, service, due_at, packed in rows:
            values = orjson.loads(packed)
            with self._database.transaction():
                self._database.execute("DELETE FROM fault_held WHERE id = ?", (number,))
                self.repeat(service, Call(**{**values, "body": b64decode(values["body"]), "at": due_at}))

    def unfinished(self) -> bool:
        """Whether a call is still held."""
        return self.next_due() is not None

    def _load(self) -> list[Standing]:
        known = {each.name for each in fields(Fault)}
        rows = self._database.rows("SELECT id, fault, seen, met, refusals, refused FROM fault_rule ORDER BY id")
        return [
            Standing(number, Fault(**{k: v for k, v in orjson.loads(packed).items() if k in known}), *counts)
            for number, packed, *counts in rows
        ]


def _matches(fault: Fault, service: str, call: Call) -> bool:
    if fault.service not in ("", service) or fault.operation not in (ANY_OPERATION, call.operation):
        return False
    if fault.from_at is not None and call.at < fault.from_at:
        return False
    return fault.until_at is None or call.at < fault.until_at


class FaultGate:
    """The faults of one service, around every handler. A gate of its own: authentication and limits come after it."""

    def __init__(self, service: str, book: FaultBook, contract: Contract) -> None:
        self._service = service
        self._book = book
        self._contract = contract
        self._met: dict[int, Standing] = {}

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Answer in place of the handler, unless the call is to take effect."""
        standing = self._book.meet(self._service, call)
        if standing is None:
            return None
        fault = standing.fault
        if fault.act and not fault.act_after:
            self._book.act(self._service, standing, call)
        self._met[id(call)] = standing
        if fault.reorder:
            self._book.hold(self._service, call, fault.held_ms)
            return self._success(operation)
        if fault.applied or (fault.answer is None and not fault.transport):
            return None
        return self._failure(operation, fault)

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Spoil the answer of a call that took effect, repeat it, or delay it."""
        standing = self._met.pop(id(call), None)
        if standing is None:
            return reply
        fault = standing.fault
        if fault.act and fault.act_after:
            self._book.act(self._service, standing, call)
        if fault.duplicate and reply.status < 300:
            self._book.repeat(self._service, call)
        if fault.applied and fault.answer is not None:
            reply = self._failure(operation, fault)
        marks = dict(fault.headers)
        if fault.transport:
            marks[TRANSPORT_HEADER] = fault.transport
        if fault.latency_ms:
            marks[LATENCY_HEADER] = str(fault.latency_ms)
        return replace(reply, headers={**reply.headers, **marks}) if marks else reply

    def _failure(self, operation: Operation, fault: Fault) -> Reply:
        status = fault.answer or 502
        if fault.body is not None:
            # A gateway's page goes out as it was written; a text of which no type is said is JSON.
            named = {name.lower(): value for name, value in fault.headers.items()}
            return Reply(status, fault.body, content_type=named.get("content-type", JSON), injected=True)
        content_type, body = self._example(operation, str(status))
        if body is None:
            body = {"code": status, "error": "fault"} if self._service == "amplitude" else {"message": "fault"}
        if isinstance(body, dict) and isinstance(body.get("code"), int):
            # Amplitude's clients trust the code in the body over the status, so both agree.
            body = {**body, "code": status}
        return Reply(status, body, content_type=content_type, injected=True)

    def _success(self, operation: Operation) -> Reply:
        status = next((each for each in operation.statuses if each.startswith("2")), "200")
        content_type, body = self._example(operation, status)
        return Reply(int(status), body or {}, content_type=content_type)

    def _example(self, operation: Operation, status: str) -> tuple[str, object]:
        """The first example of a status in the contract with its content type: even a fault has the vendor's shape."""
        responses: Mapping[str, Any] = operation.definition.get("responses", {})
        found = responses.get(status) or responses.get(f"{status[0]}XX") or responses.get("default")
        if found is None:
            return JSON, None
        for content_type, content in self._contract.resolve(found).get("content", {}).items():
            for example in content.get("examples", {}).values():
                return content_type, self._contract.resolve(example).get("value")
        return JSON, None
