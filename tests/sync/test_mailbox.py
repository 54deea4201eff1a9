"""Mails about jobs that ended."""

from __future__ import annotations

from typing import Any

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import HOUR_MS


def test_each_run_that_ends_sends_its_owner_a_mail(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida, name="Openers")
    bench.braze.answers = [401]
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY, owner="olga")
    bench.advance(HOUR_MS)
    failed, success = bench.engine.mailbox.mails()
    assert ("olga", "failed", "Your sync of Openers failed", 1) == (failed.to, failed.about, failed.subject, failed.run)
    assert "Request 0 (name) was not delivered: status 401." in failed.body
    assert ("olga", "success", "Your sync of Openers succeeded") == (success.to, success.about, success.subject)
    assert [success] == bench.engine.mailbox.mails(about="success")
    assert [] == bench.engine.mailbox.mails(to="otto")
    assert [success] == bench.engine.mailbox.mails(after=failed.id)
