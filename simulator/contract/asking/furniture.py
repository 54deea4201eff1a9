"""What is put into a bench before anything is asked, so that generated requests name things which exist.

People, cohorts and segments live there already (`bench.populate`). These scripts add what only an API can make:
connections and their syncs, schedules, exports and requests, plans. What an answer says is kept under the name by
which requests carry it, or under `operation.name` where one name means different things to different operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.journeys.runner import Journey, Journeys, Step
from simulator.contract.asking.meter import Meter

_TOMORROW = {"schedule": {"time": "{tomorrow}"}, "recipients": [{"external_user_id": "{external_id}"}]}
_ASKED = {"user_ids": ["person-0022", "person-0023"], "requester": "dpo@example.com"}
_IDENTIFY = {"identify_by": [{"property": "user_id", "to": "external_id"}]}
_KIND_FIELDS = {
    "EventType": "event_type", "EventProperty": "event_property", "UserProperty": "user_property",
    "GroupProperty": "group_property",
}  # fmt: skip
_LIVE = {"EventType": "app_opened", "EventProperty": "screen", "UserProperty": "gp:plan"}
"""Of each kind, one that events or users carry: only such a one is kept when it is deleted, and can be restored."""


def _as(place: str, *names: str) -> dict[str, str]:
    """The same place of an answer under several names."""
    return dict.fromkeys(names, place)


_CONTROL = (
    Step("createConnection", body={"name": "furnished", **_IDENTIFY}, keep=_as("connection", "connection")),
    Step("createConnection", body={"name": "furnished and unused", **_IDENTIFY},
         keep=_as("connection", "deleteConnection.connection")),
    Step("createSync", body={"cohort": "list 2", "connection": "furnished", "cadence": "hourly"},
         keep=_as("sync", "sync")),
    Step("runSync", path={"sync": "{sync}"}),
    Step("listBrazeCohorts", keep={"listBrazeCohortMembers.partner": "cohorts.0.partner",
                                   "listBrazeCohortMembers.cohort_id": "cohorts.0.cohort_id"}),
    Step("defineComputation", body={"name": "ltv", "formula": "count", "event": "app_opened", "within": "30d"}),
    Step("createTraitConnection", body={"name": "furnished traits"},
         keep=_as("connection", "createTraitSync.connection")),
    Step("createStream", body={"name": "furnished", "events": [{"name": "app_opened"}]}, keep=_as("name", "stream")),
    Step("createCurrents", body={"name": "furnished"}, keep=_as("name", "connector")),
    Step("createFault", body={"service": "braze", "operation": "listProducts", "answer": 503, "nth": 99_999},
         keep=_as("fault", "fault")),
    Step("createDataImportKey", body={"partner": "amplitude"}, keep=_as("key", "invalidateDataImportKey.key")),
    Step("createRestKey", body={"name": "furnished", "permissions": ["users.track"]},
         keep=_as("key", "revokeRestKey.key")),
    Step("createAmplitudeProject", body={"name": "furnished", "plan": "growth"},
         keep=_as("name", "changeAmplitudePlan.project")),
    Step("createWorld", body={"world": "furnished", "seed": 8},
         keep=_as("world", "getWorld.world", "deleteWorld.world")),
    Step("createBrazeCampaign", body={"name": "furnished", "plan": {"segment": "everybody", "channel": "email",
                                                                    "api": True}},
         keep=_as("campaign_id", "changeBrazeCampaign.campaign", "sendBrazeCampaign.campaign",
                  "reactToBrazeMessage.campaign_id")),
    Step("sendBrazeCampaign", path={"campaign": "{sendBrazeCampaign.campaign}"}),
    Step("listBrazeMessageEvents", keep=_as("events.-1.braze_id", "reactToBrazeMessage.braze_id")),
)  # fmt: skip
_BRAZE = (
    Step("scheduleCampaign", body={"campaign_id": "{campaign_id}", **_TOMORROW},
         keep=_as("schedule_id", "updateScheduledCampaign.schedule_id", "deleteScheduledCampaign.schedule_id")),
    Step("scheduleCanvas", body={"canvas_id": "{canvas_id}", **_TOMORROW},
         keep=_as("schedule_id", "updateScheduledCanvas.schedule_id", "deleteScheduledCanvas.schedule_id")),
    Step("exportUsersBySegment", body={"segment_id": "{furniture.segment_id}", "fields_to_export": ["external_id"],
                                       "output_format": "zip"}, keep=_as("object_prefix", "prefix")),
    Step("scheduleMessages", body={"external_user_ids": ["{external_id}"], "schedule": {"time": "{tomorrow}"},
                                   "messages": {"webhook": {"url": "http://127.0.0.1:9/hook"}}},
         keep=_as("schedule_id", "updateScheduledMessages.schedule_id", "deleteScheduledMessages.schedule_id")),
    Step("createSendId", body={"campaign_id": "{campaign_id}"}, keep=_as("send_id", "sendDataSeries.send_id")),
    Step("getSegment", query={"segment_id": "{furniture.segment_id}"}, later="30m"),
)  # fmt: skip


def _amplitude() -> Iterator[Step]:
    export, request = (
        ("getCohortExportStatus", "downloadCohortExport"),
        ("getDataSubjectRequest", "getDataSubjectOutput"),
    )
    period = {"startDate": "2026-01-01", "endDate": "{today}"}
    deletion = "removeUserFromDeletionJob"
    yield Step(
        "requestCohortExport",
        path={"cohort_id": "{cohort_id}"},
        keep=_as("request_id", *(f"{name}.request_id" for name in export)),
    )
    yield Step(
        "createDataSubjectRequest",
        body={"amplitudeId": "{amplitude_id}", **period},
        keep=_as("requestId", *(f"{name}.request_id" for name in request)),
    )
    yield Step(
        "createUserDeletionJob",
        body=_ASKED,
        keep={f"{deletion}.day": "0.day", f"{deletion}.amplitude_id": "0.amplitude_ids.0.amplitude_id"},
    )
    yield Step("createEventCategory", body={"category_name": "Furnished"})
    yield Step(
        "getEventCategory",
        path={"category": "Furnished"},
        keep=_as("data.id", "updateEventCategory.category", "deleteEventCategory.category"),
    )
    for kind, field in _KIND_FIELDS.items():
        yield Step(f"create{kind}", body={field: "furnished"})
        if kind in _LIVE:
            yield Step(f"create{kind}", body={field: _LIVE[kind]})
            yield Step(f"delete{kind}", path={field: _LIVE[kind]})
    yield Step("getDataSubjectRequest", path={"request_id": "{getDataSubjectRequest.request_id}"}, later="1d")


FURNITURE = (
    Journey("furniture", "amplitude", tuple(_amplitude())),
    Journey("furniture", "braze", _BRAZE),
    Journey("furniture", "control", _CONTROL),
)
_PLANNED: Mapping[str, Sequence[object]] = {
    "getEventCategory.category": ["Furnished"],
    "getDataSubjectOutput.output_id": ["0"],
    **{
        f"{verb}{kind}.{field}": ["furnished"]
        for kind, field in _KIND_FIELDS.items() for verb in ("get", "update", "delete")
    },
    **{f"restore{kind}.{_KIND_FIELDS[kind]}": [name] for kind, name in _LIVE.items()},
}  # fmt: skip
"""What stands under names that the scripts gave; the first output of a request is its only one."""


def furnish(bench: Bench, service: str) -> Bench:
    """Put the furniture of one service in and let the bench know of it; the same bench.

    What cannot be made is left out: the journeys ask the same operations and say what is wrong with them.
    """
    known: dict[str, Sequence[object]] = {**bench.living.values, **_PLANNED}
    for journey in FURNITURE:
        if journey.service == service:
            made = Journeys(bench, journey.service, Meter(), 0).kept(journey)
            known |= {name: [*known.get(name, ()), value] for name, value in made.items()}
    known["downloadSegmentExport.file"] = [f"{prefix}.zip" for prefix in known.get("prefix", ())]
    bench.living = Living(known)
    return bench
