"""What an API can make is there before anything is asked, under the name by which requests carry it."""

from __future__ import annotations

import pytest

from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.furniture import furnish

HAVE = {
    "braze": ("updateScheduledCampaign.schedule_id", "sendDataSeries.send_id", "downloadSegmentExport.file"),
    "amplitude": ("getCohortExportStatus.request_id", "getDataSubjectRequest.request_id", "getEventType.event_type"),
    "control": ("connection", "sync", "stream", "fault", "getWorld.world", "reactToBrazeMessage.braze_id"),
}


@pytest.mark.parametrize("service", HAVE)
def test_everything_that_a_service_can_make_is_made(service: str) -> None:
    with furnish(Bench.in_process(3), service) as bench:
        assert dict.fromkeys(HAVE[service], True) == {name: name in bench.living.values for name in HAVE[service]}


def test_a_name_of_one_operation_goes_before_the_common_one() -> None:
    living = Living({"campaign": ["welcome"], "sendBrazeCampaign.campaign": ["c-1"]})
    assert (["c-1"], ["welcome"]) == (
        living.of("campaign", "sendBrazeCampaign"),
        living.of("campaign", "createBrazeCampaign"),
    )
