"""What a sync leaves behind: the vendor's export of a run, the full one, and the mails about it."""

from __future__ import annotations

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.rules.instants import format_instant
from simulator.serving.stage import Stage
from simulator.sync.connections import UnknownSetup
from simulator.sync.history import NoHistory
from simulator.sync.mailbox import Mail
from simulator.sync.store.records import Sync

CSV = "text/csv"
MAILS = 100


def handlers(stage: Stage) -> dict[str, Handler]:
    """By operationId."""
    return {
        "exportRun": lambda call: _export(stage, call, in_full=False),
        "exportRunInFull": lambda call: _export(stage, call, in_full=True),
        "listMails": lambda call: _mails(stage, call),
    }


def _sync(stage: Stage, reference: str) -> Sync:
    """Deleted syncs keep their history."""
    found = stage.world.engine.store.sync_by_id(reference)
    if found is None:
        raise UnknownSetup(f"there is no sync {reference!r}")
    return found


def _export(stage: Stage, call: Call, *, in_full: bool) -> Reply:
    history = stage.world.engine.history
    sync = _sync(stage, call.path["sync"])
    made = history.full_csv if in_full else history.vendor_csv
    try:
        text = made(sync, int(call.path["number"]), stage.world.clock.now)
    except NoHistory as error:
        raise refuse(404, str(error)) from error
    return Reply(200, text, content_type=CSV)


def _mails(stage: Stage, call: Call) -> Reply:
    after, limit = int(call.argument("after") or 0), int(call.argument("limit") or MAILS)
    mails = stage.world.engine.mailbox.mails(after=after, to=call.argument("to"), about=call.argument("about"))
    return Reply(200, {"mails": [_mail(each) for each in mails[:limit]], "matched": len(mails)})


def _mail(mail: Mail) -> dict[str, object]:
    return {
        "mail": mail.id,
        "at": format_instant(mail.at),
        "to": mail.to,
        "about": mail.about,
        "subject": mail.subject,
        "body": mail.body,
        "sync": mail.sync,
        "run": mail.run,
    }
