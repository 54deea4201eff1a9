"""Expectations about what leaves the two services: messages of webhooks, and the history that Amplitude exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import orjson

from simulator.rules.outcomes import Outcome
from simulator.scenario.acting.stage import RECEIVER_PATH
from simulator.scenario.acting.wire import filled
from simulator.scenario.events import Difference
from simulator.scenario.judging.evidence import Evidence, listed
from simulator.scenario.judging.state import as_json_text, differing_parts
from simulator.scenario.model import expectations as model
from simulator.scenario.model.expectations import Exported
from simulator.sync.history import NoHistory

Row = Mapping[str, str]

UNRESOLVED = "Unresolved mapping"
OWN_COLUMNS = ("Amplitude_id", "Operation", "Skip_detected", "Skip_reason")
"""Columns of the vendor's export that every run has (HIST-1)."""
WEBHOOK_HEADERS: Mapping[str, str] = {"content-type": "application/json", "user-agent": "Amplitude/Webhook/1.0"}
"""What every message of a webhook carries (Amplitude, Cohort webhooks)."""


def received(evidence: Evidence, expected: model.Received) -> Iterator[Difference]:
    """Amplitude, Cohort webhooks. The address and the headers are expected of every message, whatever it says."""
    stage = evidence.stage
    for name, wanted in expected.value.items():
        where = evidence.spot(expected, name)
        if name not in stage.receivers:
            yield Difference(where, f"the receiver of {name}", "a webhook", "a connection to Braze")
            continue
        begin = stage.marks.last_heard.get(name, 0) if evidence.recent else 0
        requests = stage.receivers[name].heard[begin:]
        for number, request in enumerate(requests, start=1):
            if request.path != RECEIVER_PATH:
                yield Difference(where, f"address of message {number} to {name}", RECEIVER_PATH, request.path)
            for header, fixed in {**_own_headers(evidence, name), **WEBHOOK_HEADERS}.items():
                if (carried := request.headers.get(header, "")) != fixed:
                    yield Difference(where, f"{header} of message {number} to {name}", fixed, carried or "nothing")
        heard = [_body(request.body) for request in requests]
        if len(heard) != len(wanted):
            told = "; ".join(as_json_text(each) for each in heard[:4]) or "none"
            yield Difference(where, f"messages to {name}", str(len(wanted)), str(len(heard)), told)
            continue
        for number, (wish, message) in enumerate(zip(wanted, heard, strict=True), start=1):
            for path, part, got in differing_parts(filled(stage, wish), message):
                what = f"{path} of message {number} to {name}"
                yield Difference(where, what, as_json_text(part), as_json_text(got), as_json_text(message))


def _own_headers(evidence: Evidence, name: str) -> Mapping[str, str]:
    webhook = evidence.stage.scenario.connections[name].webhook
    return webhook.headers if webhook is not None else {}


def _body(body: bytes) -> object:
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
    return found


def history(evidence: Evidence, expected: model.History) -> Iterator[Difference]:
    """HIST-1."""
    for wanted in expected.value:
        engine, now = evidence.stage.world.engine, evidence.stage.now
        found = engine.store.sync_by_id(evidence.stage.sync_ids.get(wanted.sync, ""))
        if found is None:
            yield Difference(wanted.where, f"the sync {wanted.sync}", "it exists", "it was never saved")
            continue
        number = wanted.run or found.runs
        what = f"the export of run {number} of {wanted.sync}"
        try:
            rows = _rows(engine.history.vendor_csv(found, number, now))
        except NoHistory as refused:
            if wanted.none is None or wanted.none not in str(refused):
                wish = f"none, as {wanted.none}" if wanted.none else "there is one"
                yield Difference(wanted.where, what, wish, str(refused))
            if wanted.none is not None:
                continue
            rows = []
        else:
            if wanted.none is not None:
                yield Difference(wanted.where, what, f"none, as {wanted.none}", "there is one")
        yield from _compared(evidence, wanted, what, rows)
        if wanted.dropped is not None:
            full = _rows(engine.history.full_csv(found, number, now))
            dropped = {_who(evidence, row): row["Rule"] for row in full if row["Outcome"] == Outcome.DROPPED}
            wrong = {name: rule for name, rule in wanted.dropped.items() if rule not in dropped.get(name, "").split()}
            if wrong or dropped.keys() != wanted.dropped.keys():
                yield Difference(wanted.where, f"drops in {what}", str(dict(wanted.dropped)), str(dropped))


def _compared(evidence: Evidence, wanted: Exported, what: str, rows: list[Row]) -> Iterator[Difference]:
    taken = [row for row in rows if row["Skip_detected"] == "false"]
    for operation, people in (("added", wanted.added), ("removed", wanted.removed)):
        named = {_who(evidence, row) for row in taken if row["Operation"] == operation}
        if people is not None and named != set(people):
            yield Difference(wanted.where, f"{operation} in {what}", listed(people), listed(named))
    for person, values in (wanted.values or {}).items():
        columns = [_values(row) for row in rows if _who(evidence, row) == person]
        if columns != [dict(values)]:
            told = "; ".join(map(str, columns)) or "no row"
            yield Difference(wanted.where, f"values of {person} in {what}", str(dict(values)), told)
    strange = {row["Amplitude_id"] for row in rows if row["Skip_reason"] == UNRESOLVED and row["Operation"] != "added"}
    if strange:
        told = listed({evidence.stage.person_name(person) for person in strange})
        yield Difference(wanted.where, f"unresolved mappings in {what}", "each of an entry", f"of exits: {told}")
    if wanted.skipped is not None:
        skipped = {_who(evidence, row): row["Skip_reason"] for row in rows if row["Skip_detected"] == "true"}
        if skipped != dict(wanted.skipped):
            yield Difference(wanted.where, f"skips in {what}", str(dict(wanted.skipped)), str(skipped))


def _values(row: Row) -> dict[str, str]:
    """What stands between the operation and the skip: a column for each mapped property."""
    return {name: value for name, value in row.items() if name not in OWN_COLUMNS and value}


def _rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def _who(evidence: Evidence, row: Row) -> str:
    return evidence.stage.person_name(row["Amplitude_id"])
