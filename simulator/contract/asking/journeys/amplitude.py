"""Journeys through Amplitude: uploads and their export, cohorts and their files, deletions, requests, the taxonomy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.contract.asking.journeys.runner import Journey, Step

KEY = "{api_key}"
_EVENT = {"user_id": "journey-ida", "device_id": "journey-device", "event_type": "opened", "insert_id": "j-1"}

INGESTION: Sequence[Journey] = (
    Journey("events are uploaded once", "amplitude", [
        Step("uploadEvents", body={"api_key": KEY, "events": [{**_EVENT, "time": "{now_ms}"}]},
             says={"code": 200, "events_ingested": 1}),
        Step("batchUploadEvents", body={"api_key": KEY, "events": [{**_EVENT, "insert_id": "j-2"}]},
             says={"code": 200, "events_ingested": 1}),
        Step("uploadEvents", body={"api_key": KEY, "events": [{"event_type": "opened"}]}, status=400,
             says={"code": 400, "events_with_missing_fields": ...}),
        Step("uploadEvents", body={"api_key": KEY, "events": [_EVENT, {**_EVENT, "user_id": 5, "time": "soon"}]},
             status=400, says={"code": 400, "events_with_invalid_fields.time": [1]}),
        Step("uploadEvents", body={"api_key": "nobody", "events": [_EVENT]}, status=400, says={"code": 400}),
    ], anywhere=True),
    Journey("events are exported two hours later", "amplitude", [
        Step("uploadEvents", body={"api_key": KEY, "events": [{**_EVENT, "insert_id": "j-3", "time": "{now_ms}"}]}),
        Step("exportEvents", query={"start": "{this_hour}", "end": "{this_hour}"}, later="1h", status=404),
        Step("exportEvents", query={"start": "{exported_hour}", "end": "{exported_hour}"}, later="2h"),
        Step("getUserActivity", query={"user": 1}, status=404),
    ]),
    Journey("traits by query", "amplitude", [
        Step("identifyByQuery", query={"api_key": KEY, "identification":
             '[{"user_id":"journey-ida","user_properties":{"$set":{"plan":"plus"}}}]'}),
        Step("groupIdentifyByQuery", query={"api_key": KEY, "identification":
             '[{"group_type":"org id","group_value":"org-1","group_properties":{"plan":"pro"}}]'}),
        Step("mapUsersByQuery", query={"api_key": KEY, "mapping":
             '[{"user_id":"journey-ida","global_user_id":"ida@example.com"}]'}),
        Step("listUserMappings", query={"user_ids": "journey-ida"}),
        Step("searchUsers", query={"user": "{external_id}"}, says={"matches": ...}),
        Step("getUserActivity", query={"user": "{amplitude_id}"},
             says={"userData.num_events": 1, "userData.user_id": "{external_id}", "events.0.event_type": "app_opened"}),
        Step("getUserProfile", query={"user_id": "{external_id}", "get_amp_props": "true"},
             says={"userData.user_id": "{external_id}"}),
        Step("getUserProfile", query={}, status=400),
    ]),
)  # fmt: skip

COHORTS: Sequence[Journey] = (
    Journey("a cohort becomes a file", "amplitude", [
        Step("uploadCohort", body={"name": "journey", "app_id": "{app_id}", "id_type": "BY_USER_ID",
             "ids": ["{external_id}"], "owner": "demo@example.com", "published": True}, keep={"made": "cohortId"}),
        Step("uploadCohort", body={"name": "journey", "app_id": "{app_id}", "id_type": "BY_USER_ID",
             "ids": ["{external_id}"], "owner": "demo@example.com", "published": True,
             "existing_cohort_id": "nobody00"}, status=404),
        Step("uploadCohort", body={"name": "journey", "app_id": "{app_id}", "id_type": "BY_USER_ID",
             "ids": ["{external_id}"], "owner": "demo@example.com", "published": True, "cg": "company"}, status=501),
        Step("getCohort", path={"cohort_id": "{made}"}),
        Step("listCohorts", says={"cohorts": ...}),
        Step("updateCohortMembership", body={"cohort_id": "{made}", "skip_invalid_ids": True, "memberships": [
             {"ids": ["{device_id}", "nobody"], "id_type": "BY_NAME", "operation": "ADD"}]}),
        Step("requestCohortExport", path={"cohort_id": "{made}"}, query={"props": "1"}, status=202,
             keep={"request": "request_id"}, says={"cohort_id": "{made}"}),
        Step("getCohortExportStatus", path={"request_id": "{request}"}, status=202),
        Step("getCohortExportStatus", path={"request_id": "{request}"}, later="10m", status=200),
        Step("downloadCohortExport", path={"request_id": "{request}"}, status=200),
        Step("requestCohortExport", path={"cohort_id": "{large_cohort_id}"}, status=202,
             keep={"large": "request_id"}),
        Step("downloadCohortExport", path={"request_id": "{large}"}, later="10m", status=302,
             keep={"link": "@location"}),
        Step("fetchCohortExport", follow="link", status=200),
        Step("fetchCohortExport", path={"request_id": "nothing"}, status=403),
        Step("fetchCohortExport", path={"request_id": "{large}"}, query={"X-Amz-Date": "{now_ms}",
             "X-Amz-Signature": "0" * 64}, status=403),
        Step("fetchCohortExport", follow="link", later="2m", status=403),
    ]),
)  # fmt: skip

PRIVACY: Sequence[Journey] = (
    Journey("somebody is to be forgotten, and is not", "amplitude", [
        Step("createUserDeletionJob", body={"user_ids": ["person-0020"], "requester": "dpo@example.com"},
             keep={"deletion_day": "day"}),
        Step("listUserDeletionJobs", query={"start_day": "{today}", "end_day": "{month_later}"},
             keep={"deleted_id": "0.amplitude_ids.0.amplitude_id", "deletion_day": "0.day"}),
        Step("removeUserFromDeletionJob", path={"amplitude_id": "{deleted_id}", "day": "{deletion_day}"}),
        Step("removeUserFromDeletionJob", path={"amplitude_id": "nobody", "day": "{deletion_day}"}, status=400),
    ]),
    Journey("somebody asks what is known of them", "amplitude", [
        Step("createDataSubjectRequest", body={"amplitudeId": "{amplitude_id}", "startDate": "2026-01-01",
             "endDate": "{today}"}, status=202, keep={"request": "requestId"}),
        Step("getDataSubjectRequest", path={"request_id": "{request}"}),
        Step("getDataSubjectRequest", path={"request_id": "{request}"}, later="1d",
             keep={"output": "urls.0"}, says={"status": "done"}),
        Step("getDataSubjectOutput", follow="output"),
    ]),
)  # fmt: skip


_LISTS = {"EventType": "listEventTypes", "EventProperty": "listEventProperties",
          "UserProperty": "listUserProperties", "GroupProperty": "listGroupProperties"}  # fmt: skip


def _taxonomy() -> Iterator[Journey]:
    """What is planned is made, made again (409), read, changed, thrown away and taken back: the same for each kind."""
    for kind, field, living in (
        ("EventType", "event_type", "app_opened"), ("EventProperty", "event_property", "screen"),
        ("UserProperty", "user_property", "gp:plan"), ("GroupProperty", "group_property", ""),
    ):  # fmt: skip
        name = "journey_" + field
        stored = {"UserProperty": "gp:", "GroupProperty": "grp:"}.get(kind, "") + name
        missing = 404 if kind == "UserProperty" else 400
        steps = [
            Step(f"create{kind}", body={field: name}, says={"success": True}),
            Step(f"create{kind}", body={field: name}, status=409, says={"success": False}),
            Step(_LISTS[kind], says={"data": ...}),
            Step(f"get{kind}", path={field: stored}),
            Step(f"update{kind}", path={field: stored}, body={"description": "Planned"}, says={"success": True}),
            Step(f"get{kind}", path={field: stored}, shows=f"update{kind}", says={"data.description": "Planned"}),
            Step(f"update{kind}", path={field: "nobody planned this"}, body={"description": "Planned"}, status=409),
            Step(
                f"get{kind}",
                path={field: "nobody planned this"},
                status=missing,
                says={"success": False, "errors.0.message": "Not found"},
            ),
        ]
        if living:
            steps += [
                Step(f"delete{kind}", path={field: stored}, says={"success": True}),
                Step(f"get{kind}", path={field: stored}, shows=f"delete{kind}", status=missing),
                Step(f"delete{kind}", path={field: "nobody planned this"}, status=409),
                Step(f"restore{kind}", path={field: "nobody planned this"}, body={}, status=409),
                Step(f"create{kind}", body={field: living}),
                Step(f"delete{kind}", path={field: living}),
                Step(f"get{kind}", path={field: living}, shows=f"delete{kind}", status=missing),
                Step(f"restore{kind}", path={field: living}, body={}, says={"success": True}),
                Step(f"get{kind}", path={field: living}, shows=f"restore{kind}", status=200),
            ]
        yield Journey(f"a planned {field}", "amplitude", steps)


CATEGORIES = Journey("a category", "amplitude", [
    Step("createEventCategory", body={"category_name": "Journey"}),
    Step("createEventCategory", body={"category_name": "Journey"}, status=409),
    Step("getEventCategory", path={"category": "Journey"}, keep={"category": "data.id"}),
    Step("getEventCategory", path={"category": "nobody planned this"}, status=400),
    Step("updateEventCategory", path={"category": "{category}"}, body={"category_name": "Journeys"}),
    Step("getEventCategory", path={"category": "Journeys"}, shows="updateEventCategory",
         says={"data.id": "{category}"}),
    Step("updateEventCategory", path={"category": "987654"}, body={"category_name": "No"}, status=409),
    Step("deleteEventCategory", path={"category": "{category}"}),
    Step("getEventCategory", path={"category": "Journeys"}, shows="deleteEventCategory", status=400),
    Step("deleteEventCategory", path={"category": "987654"}, status=409),
    Step("createRelease", body={"version": "9.9.9", "release_start": "2026-03-01 00:00:00", "title": "Spring"}),
])  # fmt: skip

JOURNEYS: Sequence[Journey] = (*INGESTION, *COHORTS, *PRIVACY, *_taxonomy(), CATEGORIES)
