"""Expectations that count: profiles, data points, runs, requests, mails."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from simulator.journal import Entry, JournalIncomplete
from simulator.rules.instants import format_instant
from simulator.scenario.acting.stage import WORKSPACE, Stage
from simulator.scenario.acting.wire import filled
from simulator.scenario.events import Difference
from simulator.scenario.judging.evidence import Evidence
from simulator.scenario.judging.state import as_json_text, differing_parts
from simulator.scenario.language.quantities import Amount
from simulator.scenario.model import expectations as model
from simulator.scenario.model.expectations import Expectation, Mail, RequestFilter, RunFilter
from simulator.sync.mailbox import Mail as SentMail
from simulator.sync.store.records import Run, Sync


def profiles_created(evidence: Evidence, expected: model.ProfilesCreated) -> Iterator[Difference]:
    """NOCREATE-1, CREATE-1, CREATE-2."""
    stage = evidence.stage
    found = stage.profile_count() - stage.marks.profiles
    if found not in expected.value:
        pages = evidence.ledger.pages(after=stage.marks.page, events=["profile_created"])
        entries = [entry for page in pages for entry in page.entries]
        why = ", ".join(f"{entry.identifier} by {', '.join(entry.rules)}" for entry in entries[:5])
        yield evidence.difference(expected, "profiles created", expected.value.text, str(found), why)


def data_points(evidence: Evidence, expected: model.DataPoints) -> Iterator[Difference]:
    """DP-1, DP-2."""
    stage = evidence.stage
    found = stage.world.braze.store.points.total(WORKSPACE) - stage.marks.data_points
    if found not in expected.value:
        by_cause = stage.world.braze.store.points.by(WORKSPACE, "cause")
        why = ", ".join(f"{cause}: {count}" for cause, count in by_cause.items())
        yield evidence.difference(expected, "data points", expected.value.text, str(found), why)


def runs(evidence: Evidence, expected: model.Runs) -> Iterator[Difference]:
    """SYNC-5, CAD-1 to CAD-3."""
    everything = list(_runs(evidence))
    for wanted in expected.value:
        sync_id = evidence.stage.sync_ids.get(wanted.sync or "")
        if wanted.sync is not None and sync_id is None:
            yield evidence.difference(expected, f"runs of {wanted.sync}", "a sync", "none yet", "no step has saved it")
            continue
        own = [(sync, run) for sync, run in everything if sync_id in (None, sync.id)]
        fitting = [(sync, run) for sync, run in own if wanted.status in (None, run.status)]
        told = ", ".join(f"{sync.id}/{run.number} {run.status}" for sync, run in own[-12:]) or "no run"
        why = "; ".join(run.reason for _, run in own if run.reason)
        if wanted.count is not None and len(fitting) not in wanted.count:
            yield evidence.difference(expected, _run_words(wanted), wanted.count.text, f"{len(fitting)} of {told}", why)
        elif wanted.count is None and (not fitting or len(fitting) < len(own)):
            yield evidence.difference(expected, _run_words(wanted), "all of them", told, why)


def _run_words(wanted: RunFilter) -> str:
    status = f" with status {wanted.status}" if wanted.status else ""
    return f"runs{status}{f' of {wanted.sync}' if wanted.sync else ''}"


def _runs(evidence: Evidence) -> Iterator[tuple[Sync, Run]]:
    """The runs that the block is about."""
    engine, only, seen = evidence.stage.world.engine, evidence.expect.only, evidence.stage.marks.runs
    for sync in engine.syncs():
        if only is not None:
            if only.sync is not None and sync.id != evidence.stage.sync_ids.get(only.sync):
                continue
            if only.cohort is not None and sync.cohort != evidence.stage.cohort_ids[only.cohort]:
                continue
            if only.connection is not None and not evidence.is_over(sync.id, only.connection):
                continue
        for run in engine.runs(sync.id):
            if not (evidence.recent and (sync.id, run.number) in seen):
                yield sync, run


def requests(evidence: Evidence, expected: model.Requests) -> Iterator[Difference]:
    """SYNC-2, SYNC-3."""
    stage = evidence.stage
    before = stage.marks.last_requests if evidence.recent else stage.marks.requests
    counted = stage.requests()
    counted.subtract(before)
    for wanted in expected.value:
        amount = wanted.count or Amount(1, None, "at least one")
        if wanted.body is None and not wanted.headers:
            fitting = sum(count for key, count in counted.items() if _fits(wanted, *key))
        else:
            try:
                fitting = sum(_holds(stage, wanted, entry) for entry in _exchanges(evidence))
            except JournalIncomplete as forgotten:
                yield evidence.difference(expected, _request_words(wanted), amount.text, "not known", str(forgotten))
                continue
        if fitting not in amount:
            told = ", ".join(
                f"{count} {operation} {status}" for (_, operation, status), count in counted.items() if count
            )
            yield evidence.difference(expected, _request_words(wanted), amount.text, str(fitting), told or "no request")


def _fits(wanted: RequestFilter, service: str, operation: str, status: int) -> bool:
    return (
        wanted.service in (None, service) and wanted.operation in (None, operation) and wanted.status in (None, status)
    )


def _exchanges(evidence: Evidence) -> Iterator[Entry]:
    """What the journal holds of the time that the block is about. Raises JournalIncomplete."""
    marks = evidence.stage.marks
    after = marks.last_exchange if evidence.recent else marks.exchange
    return evidence.stage.world.journal.entries(after=after, complete=True)


def _holds(stage: Stage, wanted: RequestFilter, entry: Entry) -> bool:
    """Whether a request is one of those meant, looked at as it was sent; a body that was cut holds nothing."""
    if not _fits(wanted, entry.service, entry.operation, entry.status):
        return False
    carried = {name.lower(): value for name, value in entry.request_headers.items()}
    if any(carried.get(name.lower()) != filled(stage, value) for name, value in wanted.headers.items()):
        return False
    if wanted.body is None:
        return True
    try:
        body = orjson.loads(entry.request_body)
    except orjson.JSONDecodeError:
        return False
    return not any(differing_parts(filled(stage, wanted.body), body))


def _request_words(wanted: RequestFilter) -> str:
    words = [wanted.service or "", wanted.operation or "", f"answered {wanted.status}" if wanted.status else ""]
    words += [f"{name}: {value}" for name, value in wanted.headers.items()]
    words.append("" if wanted.body is None else f"that hold {as_json_text(wanted.body)}")
    return "requests " + " ".join(word for word in words if word)


def alerts(evidence: Evidence, expected: model.Alerts) -> Iterator[Difference]:
    """ALERT-1."""
    mails = evidence.stage.world.engine.mailbox.mails()
    if evidence.recent:
        mails = [mail for mail in mails if mail.id > evidence.stage.marks.last_mail]
    told = ", ".join(f"{mail.about} to {mail.to} at {format_instant(mail.at)}" for mail in mails[-8:]) or "no mail"
    if not expected.value and mails:
        yield evidence.difference(expected, "alert mails", "none", told)
    left = list(mails)
    for wanted in expected.value:
        fitting = [mail for mail in mails if _mail_fits(wanted, mail)]
        if wanted.count is not None:
            if len(fitting) not in wanted.count:
                yield _mail_difference(evidence, expected, wanted, wanted.count.text, f"{len(fitting)} of {told}")
            continue
        place = next((index for index, mail in enumerate(left) if _mail_fits(wanted, mail)), None)
        if place is None:
            yield _mail_difference(evidence, expected, wanted, "one, in this order", told)
        else:
            del left[: place + 1]


def _mail_fits(wanted: Mail, mail: SentMail) -> bool:
    if wanted.to not in (None, mail.to) or wanted.about not in (None, mail.about):
        return False
    return all(each in f"{mail.subject}\n{mail.body}" for each in wanted.says)


def _mail_difference(evidence: Evidence, expected: Expectation, wanted: Mail, wish: str, got: str) -> Difference:
    return Difference(wanted.where, f"alert mails about {wanted.about or 'anything'}", wish, got)
