"""History: what the vendor's export says about a run, and what only the simulator can add."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ledger import Entry
from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.instants import DAY_MS, HOUR_MS
from simulator.sync.history import NoHistory


def vendor(bench: Any, run: int = 1) -> list[str]:
    text: str = bench.engine.history.vendor_csv(bench.engine.sync("sync-1"), run, bench.clock.now)
    return text.splitlines()


def test_the_vendor_csv_has_a_column_for_each_mapped_property_and_names_skips(
    bench: Any, ben: AmplitudeUser, ida: AmplitudeUser, kim: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ben, ida, kim, AmplitudeUser(104))
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    assert [
        "Amplitude_id,Operation,user_id,crm_id,device_id,Skip_detected,Skip_reason",
        "104,added,,,,true,Unresolved mapping",
        "101,added,,,d-ben-0001,false,",
        "102,added,ida-1001,,,false,",
        "103,added,,4711,,false,",
    ] == vendor(bench)
    bench.source.leave("openers", kim)
    bench.advance(HOUR_MS)
    assert ["103,removed,,4711,,false,"] == vendor(bench, 2)[1:]


def test_people_whose_request_was_refused_were_rejected_by_the_partner(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.answers = [201, 400]
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    assert ["102,added,ida-1001,,,true,Rejected by partner"] == vendor(bench)[1:]


def test_people_whose_request_met_a_bad_key_are_in_no_export(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.answers = [201, 401]
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    assert [] == vendor(bench)[1:]


def test_real_time_syncs_have_no_export_of_skips(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.REAL_TIME)
    with pytest.raises(NoHistory, match="real-time"):
        vendor(bench)


@pytest.mark.parametrize(("days", "kept"), [(14 * DAY_MS, True), (14 * DAY_MS + 1, False)])
def test_a_run_is_kept_for_fourteen_days(bench: Any, ida: AmplitudeUser, days: int, kept: bool) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    bench.advance(days)
    assert kept is bool(bench.engine.history.runs(bench.engine.sync("sync-1"), bench.clock.now))
    if not kept:
        with pytest.raises(NoHistory, match="no run 1"):
            vendor(bench)


def test_the_second_csv_says_what_braze_kept_quiet(bench: Any, ben: AmplitudeUser, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ben, ida, AmplitudeUser(104))
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    request = bench.braze.requests[-1].headers["x-request-id"]
    bench.ledger.write(
        bench.clock.now, room="braze", event="cohort_changed", request=request,
        entries=[Entry("", "", Identifier(Kind.DEVICE_ID, "d-ben-0001"), "dropped", ("MATCH-4",), "identified")],
    )  # fmt: skip
    text: str = bench.engine.history.full_csv(bench.engine.sync("sync-1"), 1, bench.clock.now)
    assert [
        "Amplitude_id,Operation,Kind,Identifier,Label,Outcome,Rule,Reason,Request",
        '104,added,,,,skipped,MAP-3,"unresolved_mapping: no value for user_id, crm_id, device_id",',
        f"101,added,device_id,d-ben-0001,,dropped,MATCH-4,identified,{request}",
        f"102,added,external_id,ida-1001,,delivered,,,{request}",
    ] == text.splitlines()


def test_the_second_csv_names_people_who_were_never_delivered(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.answers = [201, 401]
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    text: str = bench.engine.history.full_csv(bench.engine.sync("sync-1"), 1, bench.clock.now)
    assert "102,added,external_id,ida-1001,,undelivered,SYNC-5,status 401" in text
