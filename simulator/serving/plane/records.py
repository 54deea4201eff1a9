"""What was said and what happened: the journal of exchanges, the ledger, the story of one person."""

from __future__ import annotations

from itertools import islice

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.ledger import Entry, Page
from simulator.rules.instants import format_instant
from simulator.serving.stage import Stage

LIMIT = 100


def journal_handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `journal`."""
    return {
        "listExchanges": lambda call: _exchanges(stage, call),
        "countExchanges": lambda call: _count(stage, call),
        "clearJournal": lambda call: _clear(stage),
    }


def ledger_handlers(stage: Stage) -> dict[str, Handler]:
    """The operations tagged `ledger`."""
    return {
        "listLedger": lambda call: _ledger(stage, call),
        "getStory": lambda call: _story(stage, call),
    }


def _exchanges(stage: Stage, call: Call) -> Reply:
    journal = stage.world.journal
    found = list(
        journal.entries(
            service=call.argument("service"),
            operation=call.argument("operation"),
            status=_number(call, "status"),
            request_id=call.argument("request_id"),
            after=_number(call, "after") or 0,
        )
    )
    # With a cursor the reader walks forward; without one the latest are what somebody wants to see.
    limit = _number(call, "limit") or LIMIT
    page = found[:limit] if "after" in call.query else found[-limit:]
    told = {
        "exchanges": [entry.as_json() for entry in page],
        "matched": len(found),
        "written": journal.written,
        "lost": journal.lost,
    }
    return Reply(200, told)


def _count(stage: Stage, call: Call) -> Reply:
    counted = stage.world.journal.counted(
        service=call.argument("service"), operation=call.argument("operation"), status=_number(call, "status")
    )
    told = {
        "count": sum(each.count for each in counted),
        "written": stage.world.journal.written,
        "lost": stage.world.journal.lost,
        "by": [
            {"service": each.service, "operation": each.operation, "status": each.status, "count": each.count}
            for each in counted
        ],
    }
    return Reply(200, told)


def _clear(stage: Stage) -> Reply:
    stage.world.journal.clear()
    return Reply(204)


def _ledger(stage: Stage, call: Call) -> Reply:
    ledger = stage.world.ledger
    room, event = call.argument("room"), call.argument("event")
    pages = ledger.pages(
        after=_number(call, "after") or 0,
        rooms=[room] if room else (),
        events=[event] if event else (),
        cohort=call.argument("cohort"),
        sync=call.argument("sync"),
        run=call.argument("run"),
        request=call.argument("request_id"),
    )
    limited = islice(pages, _number(call, "limit") or LIMIT)
    return Reply(200, {"pages": [page_as_json(page) for page in limited], "written": ledger.last_page()})


def _story(stage: Stage, call: Call) -> Reply:
    person = call.path["person"]
    story = stage.story(person)
    if story is None:
        raise refuse(404, f"nothing here is known about {person!r}; give an id, an alias or a device of theirs")
    return Reply(200, story)


def page_as_json(page: Page) -> dict[str, object]:
    """One page of the ledger, as the contract writes it."""
    return {
        "page": page.page,
        "at": format_instant(page.at),
        "room": page.room,
        "event": page.event,
        "cohort": page.cohort,
        "sync": page.sync,
        "run": page.run,
        "request": page.request,
        "detail": dict(page.detail),
        "entries": [_entry(entry) for entry in page.entries],
    }


def _entry(entry: Entry) -> dict[str, object]:
    identifier: dict[str, str] | None = None
    if entry.identifier is not None:
        identifier = {"kind": str(entry.identifier.kind), "value": entry.identifier.value}
        if entry.identifier.label:
            identifier["label"] = entry.identifier.label
    return {
        "person": entry.person,
        "profile": entry.profile,
        "identifier": identifier,
        "outcome": entry.outcome,
        "rules": list(entry.rules),
        "note": entry.note,
    }


def _number(call: Call, name: str) -> int | None:
    value = call.argument(name)
    return None if value is None else int(value)
