"""Journeys through Braze: cohorts and their segment, a person tracked and exported, exports and their archives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.contract.asking.journeys.runner import Journey, Step

_PARTNER = {"partner": "amplitude"}
_KEYS = {"partner_api_key": "{partner_api_key}", "client_secret": "{client_secret}"}

COHORTS: Sequence[Journey] = (
    Journey("a cohort is named and filled", "braze", [
        Step("nameCohort", path=_PARTNER, body={**_KEYS, "name": "journey", "cohort_id": "journey-1",
             "created_at": "{now}"},
             status=201, says={"message": "success"}),
        Step("changeCohortUsers", path=_PARTNER, body={**_KEYS, "cohort_id": "journey-1", "cohort_changes":
             [{"user_ids": ["{external_id}", "nobody"]}, {"device_ids": ["{device_id}"], "should_remove": True}]},
             status=201, says={"message": "success"}),
        Step("changeCohortUsers", path=_PARTNER, body={**_KEYS, "cohort_id": "journey-1", "cohort_changes":
             [{"user_ids": [f"many-{number}" for number in range(1001)]}]}, status=400),
        Step("changeCohortUsers", path=_PARTNER, body={**_KEYS, "cohort_id": "journey-1", "cohort_changes":
             [{"user_ids": [f"many-{number}" for number in range(1000)]}]}, status=201),
        Step("changeCohortUsers", path=_PARTNER, body={**_KEYS, "client_secret": "of-nobody", "cohort_id": "journey-1",
             "cohort_changes": [{"user_ids": ["{external_id}"]}]}, status=401),
    ], anywhere=True),
)  # fmt: skip

_ONE = {"cohort_id": "journey-1", "cohort_changes": [{"user_ids": ["{external_id}"]}]}


def _keyed(status: int, message: str, **keys: str) -> Step:
    """A change with these keys, and what comes of it."""
    return Step("changeCohortUsers", path=_PARTNER, body={**_ONE, **keys}, status=status, says={"message": message})


KEYS: Sequence[Journey] = (
    Journey("only the right keys open a cohort, each in its place", "braze", [
        _keyed(401, "Unauthorized access"),
        _keyed(401, "Invalid Partner API key", partner_api_key="of-nobody", client_secret="{client_secret}"),
        _keyed(401, "Invalid client secret", partner_api_key="{partner_api_key}", client_secret="of-nobody"),
        _keyed(401, "Invalid client secret", partner_api_key="{partner_api_key}"),
        _keyed(401, "Invalid Partner API key", client_secret="{client_secret}"),
        Step("createDataImportKey", door="control", body={"partner": "segment"}, keep={"foreign": "key"}),
        _keyed(401, "Invalid client secret", partner_api_key="{partner_api_key}", client_secret="{foreign}"),
        Step("createDataImportKey", door="control", body={"partner": "amplitude"}, keep={"own": "key"}),
        _keyed(201, "success", partner_api_key="{partner_api_key}", client_secret="{own}"),
        Step("invalidateDataImportKey", door="control", body={"key": "{own}"}),
        _keyed(401, "Invalid client secret", partner_api_key="{partner_api_key}", client_secret="{own}"),
        Step("switchPartner", door="control", path={"partner": "amplitude"}, body={"enabled": False}),
        _keyed(401, "Partner not enabled for client with client secret: `{client_secret}`",
               partner_api_key="{partner_api_key}", client_secret="{client_secret}"),
        Step("switchPartner", door="control", path={"partner": "amplitude"}, body={"enabled": True}),
    ]),
)  # fmt: skip

PEOPLE: Sequence[Journey] = (
    Journey("what is wrong is left out and told, and the rest is taken", "braze", [
        Step("trackUsers", body={"attributes": [{"external_id": "journey-ben", "plan": "plus"}],
             "events": [{"external_id": "journey-ben", "name": "opened", "time": "{now}"}]},
             status=201, says={"attributes_processed": 1, "events_processed": 1}),
        Step("trackUsers", body={"events": [{"external_id": "journey-ben", "name": "opened", "time": "{now}"},
             {"name": "opened", "time": "{now}"}]}, status=201,
             says={"events_processed": 1, "errors.0.index": 1, "errors.0.input_array": "events"}),
        Step("trackUsers", body={"attributes": []}, status=400),
    ], anywhere=True),
    Journey("a person is tracked, given a second name, exported and forgotten", "braze", [
        Step("trackUsers", body={"attributes": [{"external_id": "journey-ida", "plan": "plus"}],
             "events": [{"external_id": "journey-ida", "name": "opened", "time": "{now}"}],
             "purchases": [{"external_id": "journey-ida", "product_id": "mug", "currency": "EUR", "price": 9.5,
                            "time": "{now}"}]},
             status=201, says={"message": "success", "attributes_processed": 1, "events_processed": 1,
                               "purchases_processed": 1}),
        Step("trackUsersBulk", body={"attributes": [{"external_id": "journey-ida", "plan": "pro"}]}, status=201,
             says={"attributes_processed": 1}),
        Step("createUserAliases", body={"user_aliases": [{"external_id": "journey-ida", "alias_name": "ida-7",
             "alias_label": "crm"}]}, status=201, says={"message": "success", "aliases_processed": 1}),
        Step("identifyUsers", body={"aliases_to_identify": [{"external_id": "journey-ida", "user_alias":
             {"alias_name": "ida-7", "alias_label": "crm"}}], "merge_behavior": "merge"}, status=201),
        Step("exportUsersByIds", body={"external_ids": ["journey-ida", "journey-nobody"],
             "fields_to_export": ["external_id", "user_aliases", "custom_attributes"]}, status=201,
             says={"message": "success", "users.0.external_id": "journey-ida",
                   "users.0.custom_attributes.plan": "pro", "users.0.user_aliases.0.alias_name": "ida-7",
                   "invalid_user_ids": ["journey-nobody"]}),
        Step("deleteUsers", body={"external_ids": ["journey-ida"]}, status=201, says={"deleted": 1}),
    ]),
)  # fmt: skip

EXPORTS: Sequence[Journey] = (
    Journey("segments are listed oldest first, a page at a time", "braze", [
        Step("listSegments", status=200, says={"message": "success", "segments.0.id": "{segment_id}",
                                               "segments.0.name": "everybody", "segments.1.name": "pros"}),
        Step("listSegments", query={"sort_direction": "desc"}, says={"segments.-1.name": "everybody"}),
        Step("listSegments", query={"page": 1}, says={"segments": []}),
        Step("getSegment", query={"segment_id": "{segment_id}"}, says={"name": "everybody"}),
    ]),
    Journey("a segment becomes an archive, for some hours", "braze", [
        Step("exportUsersBySegment", body={"segment_id": "{segment_id}", "fields_to_export": ["external_id"],
             "output_format": "zip"}, status=201, keep={"prefix": "object_prefix"}),
        Step("downloadSegmentExport", path={"file": "{prefix}.zip"}, status=404),
        Step("downloadSegmentExport", path={"file": "{prefix}.zip"}, later="30m", status=200),
        Step("downloadSegmentExport", path={"file": "{prefix}.zip"}, later="2d", status=403),
    ]),
    Journey("the control group becomes an archive", "braze", [
        Step("exportGlobalControlGroup", body={"fields_to_export": ["external_id"], "output_format": "zip"},
             status=201, says={"object_prefix": ...}),
    ]),
)  # fmt: skip

_TIME = {"time": "{tomorrow}"}
_HELLO = {"webhook": {"url": "http://127.0.0.1:9000/hook", "request_method": "POST"}}
_TO = [{"external_user_id": "{external_id}"}]

SCHEDULES: Sequence[Journey] = (
    Journey("a campaign is put off, put off again and called off", "braze", [
        Step("scheduleCampaign", body={"campaign_id": "{campaign_id}", "recipients": _TO, "schedule": _TIME},
             status=201, keep={"schedule": "schedule_id"}),
        Step("updateScheduledCampaign", body={"campaign_id": "{campaign_id}", "schedule_id": "{schedule}",
             "schedule": _TIME}, status=201),
        Step("deleteScheduledCampaign", body={"campaign_id": "{campaign_id}", "schedule_id": "{schedule}"},
             status=201),
    ]),
    Journey("a Canvas is put off, put off again and called off", "braze", [
        Step("scheduleCanvas", body={"canvas_id": "{canvas_id}", "recipients": _TO, "schedule": _TIME},
             status=201, keep={"schedule": "schedule_id"}),
        Step("updateScheduledCanvas", body={"canvas_id": "{canvas_id}", "schedule_id": "{schedule}",
             "schedule": _TIME}, status=201),
        Step("deleteScheduledCanvas", body={"canvas_id": "{canvas_id}", "schedule_id": "{schedule}"}, status=201),
    ]),
    Journey("messages are put off, put off again and called off", "braze", [
        Step("scheduleMessages", body={"external_user_ids": ["{external_id}"], "messages": _HELLO, "schedule": _TIME},
             status=201, keep={"schedule": "schedule_id"}),
        Step("updateScheduledMessages", body={"schedule_id": "{schedule}", "schedule": _TIME, "messages": _HELLO},
             status=201),
        Step("deleteScheduledMessages", body={"schedule_id": "{schedule}"}, status=201),
    ]),
)  # fmt: skip


def _answered_200(journey: Journey) -> Journey:
    """The same steps under the reading that a POST succeeds with 200."""
    steps = [replace(step, status=200) for step in journey.steps]
    return replace(journey, name=f"{journey.name}, answered with 200", steps=steps, switches={"post_success": "200"})


JOURNEYS: Sequence[Journey] = (*SCHEDULES, *map(_answered_200, SCHEDULES), *COHORTS, *KEYS, *PEOPLE, *EXPORTS)
