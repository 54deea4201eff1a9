"""Journeys that look whether what was answered was done: each write is read back, by the same door or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.contract.asking.journeys.runner import Journey, Step

_KEYS = {"partner_api_key": "{partner_api_key}", "client_secret": "{client_secret}"}
_FIELDS = ["external_id", "user_aliases", "custom_attributes", "custom_events", "purchases"]
_MONTH = {"start_date": "{today}", "end_date": "{month_later}"}
_CHANGED = {"plan": "effect"}


def _alias(name: str) -> dict[str, str]:
    return {"alias_name": name, "alias_label": "effect"}


def _shown(shows: str, person: str | Mapping[str, str], **says: object) -> Step:
    """Somebody as an export shows them: by external id, or by alias."""
    named = {"external_ids": [person]} if isinstance(person, str) else {"user_aliases": [person]}
    return Step("exportUsersByIds", body={**named, "fields_to_export": _FIELDS}, shows=shows,
                says={place.replace("__", "."): value for place, value in says.items()})  # fmt: skip


def _gone(shows: str, external_id: str) -> Step:
    return _shown(shows, external_id, users=[], invalid_user_ids=[external_id])


def _everybody(but_percent: int, shows: str = "triggerCampaign") -> Step:
    """Who is in the control group is sent nothing and not merged, and who that is follows from the seed."""
    return Step("setBrazeControlGroup", door="control", shows=shows, body={"percent": but_percent})


_MADE = {"external_id": "effect-1", "plan": "plus"}
PEOPLE: Sequence[Journey] = (
    Journey("what is tracked is stored", "braze", [
        Step("trackUsers", body={"attributes": [_MADE], "events": [{"external_id": "effect-1", "name": "effect_seen",
             "time": "{now}"}], "purchases": [{"external_id": "effect-1", "product_id": "mug", "currency": "EUR",
             "price": 9.5, "time": "{now}"}]}),
        _shown("trackUsers", "effect-1", users__0__custom_attributes={"plan": "plus"},
               users__0__custom_events__0__name="effect_seen", users__0__custom_events__0__count=1,
               users__0__purchases__0__name="mug"),
        Step("trackUsersBulk", body={"attributes": [{"external_id": "effect-1", **_CHANGED}]}),
        _shown("trackUsersBulk", "effect-1", users__0__custom_attributes=_CHANGED),
        Step("trackUsersSync", body={"attributes": [{"external_id": "effect-1", "plan": "sync"}]},
             says={"users.0.external_id": "effect-1", "users.0.custom_attributes": {"plan": "sync"}}),
        _shown("trackUsersSync", "effect-1", users__0__custom_attributes={"plan": "sync"}),
        Step("trackUsersSync", body={"events": [{"external_id": "effect-1", "name": "effect_seen", "time": "{now}"}]},
             says={"users.0.custom_events.0.count": 2}),
    ]),
    Journey("aliases are made, renamed and identified", "braze", [
        Step("createUserAliases", body={"user_aliases": [_alias("alone")]}),
        _shown("createUserAliases", _alias("alone"), **{"users#": 1, "users__0__external_id": None}),
        Step("updateUserAliases", body={"alias_updates": [
             {"alias_label": "effect", "old_alias_name": "alone", "new_alias_name": "renamed"}]}),
        _shown("updateUserAliases", _alias("alone"), users=[]),
        _shown("updateUserAliases", _alias("renamed"), **{"users#": 1}),
        Step("trackUsers", body={"attributes": [{"external_id": "effect-2"}]}),
        Step("identifyUsers", body={"aliases_to_identify": [{"external_id": "effect-2", "user_alias":
             _alias("renamed")}]}),
        _shown("identifyUsers", _alias("renamed"), users__0__external_id="effect-2"),
    ]),
    Journey("people are renamed, merged and deleted", "braze", [
        Step("trackUsers", body={"attributes": [{"external_id": f"effect-{number}"} for number in range(3, 8)]}),
        Step("renameExternalIds", body={"external_id_renames": [
             {"current_external_id": "effect-3", "new_external_id": "effect-33"}]}),
        _shown("renameExternalIds", "effect-33", users__0__external_id="effect-33"),
        _shown("renameExternalIds", "effect-3", users__0__external_id="effect-33"),
        Step("removeExternalIds", body={"external_ids": ["effect-3"]}),
        _gone("removeExternalIds", "effect-3"),
        _everybody(0, "mergeUsers"),
        Step("mergeUsers", body={"merge_updates": [{"identifier_to_merge": {"external_id": "effect-4"},
             "identifier_to_keep": {"external_id": "effect-33"}}]}),
        _gone("mergeUsers", "effect-4"),
        _everybody(10, "mergeUsers"),
        Step("deleteUsers", body={"external_ids": ["effect-5", "effect-6", "effect-7"]}, says={"deleted": 3}),
        _gone("deleteUsers", "effect-5"),
        _gone("deleteUsers", "effect-7"),
    ]),
)  # fmt: skip

_COHORT = {"partner": "amplitude", "cohort_id": "effect-cohort"}


def _members(*people: str) -> Step:
    """Who is in the cohort, as Braze's own pages would show it."""
    return Step("listBrazeCohortMembers", path=_COHORT, door="control", shows="changeCohortUsers",
                says={"members#": len(people), **{f"members.{place}.external_id": each
                                                 for place, each in enumerate(people)}})  # fmt: skip


def _change(*changes: Mapping[str, object]) -> Step:
    body = {**_KEYS, "cohort_id": "effect-cohort", "cohort_changes": list(changes)}
    return Step("changeCohortUsers", path={"partner": "amplitude"}, body=body)


LISTS: Sequence[Journey] = (
    Journey("people enter and leave a cohort", "braze", [
        Step("nameCohort", path={"partner": "amplitude"}, body={**_KEYS, "name": "effect",
             "cohort_id": "effect-cohort", "created_at": "{now}"}),
        Step("listBrazeCohorts", door="control", shows="nameCohort",
             says={"cohorts.-1.name": "effect", "cohorts.-1.cohort_id": "effect-cohort"}),
        _change({"user_ids": ["person-0001", "person-0002"]}, {"aliases": [
            {"alias_name": "crm-person-0003", "alias_label": "crm"}]}),
        _members("person-0001", "person-0002", "person-0003"),
        _change({"user_ids": ["person-0002"], "should_remove": True}),
        _members("person-0001", "person-0003"),
    ]),
    Journey("somebody subscribes and unsubscribes", "braze", [
        Step("setSubscriptionStatus", body={"subscription_group_id": "{subscription_group_id}",
             "subscription_state": "subscribed", "external_id": "person-0004"}),
        Step("getSubscriptionStatus", query={"subscription_group_id": "{subscription_group_id}",
             "external_id": "person-0004"}, shows="setSubscriptionStatus", says={"status.person-0004": "Subscribed"}),
        Step("setSubscriptionStatusV2", body={"subscription_groups": [{"subscription_group_id":
             "{subscription_group_id}", "subscription_state": "unsubscribed", "external_ids": ["person-0004"]}]}),
        Step("getSubscriptionStatus", query={"subscription_group_id": "{subscription_group_id}",
             "external_id": "person-0004"}, shows="setSubscriptionStatusV2",
             says={"status.person-0004": "Unsubscribed"}),
        Step("changeEmailStatus", body={"email": "person-0004@example.com", "subscription_state": "unsubscribed"}),
        Step("listUnsubscribes", query=_MONTH, shows="changeEmailStatus",
             says={"emails.0.email": "person-0004@example.com"}),
    ]),
)  # fmt: skip


def _received(shows: str, person: str, later: str = "") -> Step:
    """The last message that went out, as Currents would export it."""
    return Step("listBrazeMessageEvents", door="control", later=later, shows=shows,
                says={"events.-1.external_id": person}, keep={"event_of": "events.-1.braze_id"})  # fmt: skip


def _to(person: str) -> list[dict[str, str]]:
    return [{"external_user_id": person}]


MESSAGES: Sequence[Journey] = (
    Journey("what is sent arrives, at once or when it is due", "braze", [
        _everybody(0),
        Step("triggerCampaign", body={"campaign_id": "{campaign_id}", "recipients": _to("person-0005")}),
        _received("triggerCampaign", "person-0005"),
        Step("triggerCanvas", body={"canvas_id": "{canvas_id}", "recipients": _to("person-0006")}),
        _received("triggerCanvas", "person-0006"),
        Step("scheduleCampaign", body={"campaign_id": "{campaign_id}", "recipients": _to("person-0007"),
             "schedule": {"time": "{tomorrow}"}}, keep={"first": "schedule_id"}),
        Step("scheduleCanvas", body={"canvas_id": "{canvas_id}", "recipients": _to("person-0008"),
             "schedule": {"time": "{month_later}T10:00:00Z"}}, keep={"second": "schedule_id"}),
        Step("updateScheduledCanvas", body={"canvas_id": "{canvas_id}", "schedule_id": "{second}",
             "schedule": {"time": "{tomorrow}"}}, later="1h"),
        _received("scheduleCampaign", "person-0007", later="23h"),
        _received("updateScheduledCanvas", "person-0008", later="1h"),
        Step("scheduleCampaign", body={"campaign_id": "{campaign_id}", "recipients": _to("person-0009"),
             "schedule": {"time": "{tomorrow}"}}, keep={"third": "schedule_id"}),
        Step("deleteScheduledCampaign", body={"campaign_id": "{campaign_id}", "schedule_id": "{third}"}),
        _received("deleteScheduledCampaign", "person-0008", later="2d"),
        _everybody(10),
    ]),
    Journey("an address that bounced is on a list until it is taken off", "braze", [
        _everybody(0),
        Step("triggerCampaign", body={"campaign_id": "{campaign_id}", "recipients": _to("person-0010")}),
        _received("triggerCampaign", "person-0010"),
        Step("reactToBrazeMessage", door="control", body={"braze_id": "{event_of}", "campaign_id": "{campaign_id}",
             "reaction": "bounce"}),
        Step("listHardBounces", query=_MONTH, says={"emails.0.email": "person-0010@example.com"}),
        Step("removeHardBounces", body={"email": "person-0010@example.com"}),
        Step("listHardBounces", query=_MONTH, shows="removeHardBounces", says={"emails": []}),
        _everybody(10),
    ]),
)  # fmt: skip

_RUN = {"segment_id": "{segment_id}", "fields_to_export": ["external_id"]}
FILES: Sequence[Journey] = (
    Journey("an export holds the people of its segment and what was asked of them", "braze", [
        Step("exportUsersBySegment", body={**_RUN, "output_format": "zip"}, keep={"prefix": "object_prefix"}),
        Step("downloadSegmentExport", path={"file": "{prefix}.zip"}, later="30m", shows="exportUsersBySegment",
             says={"0": {"external_id": "person-0000"}, "23": {"external_id": "person-0023"}}),
    ]),
    Journey("an export that is called off is not made", "braze", [
        Step("exportUsersBySegment", body=_RUN, keep={"prefix": "object_prefix"}),
        Step("cancelSegmentExport", body={"segment_id": "{segment_id}"}),
        Step("downloadSegmentExport", path={"file": "{prefix}.zip"}, later="30m", status=404,
             shows="cancelSegmentExport"),
    ]),
)  # fmt: skip


_SEEN = {"user_id": "effect-ida", "device_id": "effect-device", "event_type": "effect_seen", "insert_id": "effect-1"}
_UPLOAD = {"app_id": "{app_id}", "id_type": "BY_USER_ID", "owner": "demo@example.com", "published": True}


def _activity(shows: str, count: int, **query: object) -> Step:
    """How many events somebody has, and how many of them a page shows."""
    return Step("getUserActivity", query={"user": "{ida}", **query}, shows=shows,
                says={"userData.num_events": 2, "events#": count})  # fmt: skip


def _in(shows: str, *people: str) -> Step:
    """Who is in the cohort that was made."""
    return Step("getCohort", path={"cohort_id": "{made}"}, shows=shows, says={"user_ids": list(people)})


AMPLITUDE: Sequence[Journey] = (
    Journey("an event is stored once", "amplitude", [
        Step("uploadEvents", body={"api_key": "{api_key}", "events": [_SEEN]}),
        Step("uploadEvents", body={"api_key": "{api_key}", "events": [_SEEN]}),
        Step("batchUploadEvents", body={"api_key": "{api_key}", "events": [_SEEN, {**_SEEN, "insert_id": "effect-2"}]}),
        Step("searchUsers", query={"user": "effect-ida"}, shows="uploadEvents", says={"matches#": 1},
             keep={"ida": "matches.0.amplitude_id"}),
        _activity("uploadEvents", 2),
        _activity("getUserActivity", 1, limit=1),
        _activity("getUserActivity", 0, offset=2),
        Step("exportEvents", query={"start": "{exported_hour}", "end": "{exported_hour}"}, later="3h",
             says={"-1.user_id": "effect-ida", "-1.event_type": "effect_seen"}),
    ]),
    Journey("traits and mappings are stored", "amplitude", [
        Step("identify", body={"api_key": "{api_key}", "identification": '{"user_id": "person-0001", '
             '"user_properties": {"$set": {"effect": "posted"}}}'}),
        Step("getUserProfile", query={"user_id": "person-0001", "get_amp_props": "true"}, shows="identify",
             says={"userData.amp_props.effect": "posted"}),
        Step("identifyByQuery", query={"api_key": "{api_key}", "identification": '{"user_id": "person-0001", '
             '"user_properties": {"$set": {"effect": "asked"}}}'}),
        Step("getUserProfile", query={"user_id": "person-0001", "get_amp_props": "true"}, shows="identifyByQuery",
             says={"userData.amp_props.effect": "asked"}),
        Step("mapUsers", body={"api_key": "{api_key}", "mapping": '[{"user_id": "person-0002", '
             '"global_user_id": "person-0003"}]'}),
        Step("listUserMappings", query={"user_ids": "person-0002"}, shows="mapUsers",
             says={"person-0002.mapped_to.0.user_id": "person-0003"}),
        Step("mapUsersByQuery", query={"api_key": "{api_key}", "mapping": '[{"user_id": "person-0002", '
             '"unmap": true}]'}),
        Step("listUserMappings", query={"user_ids": "person-0002"}, shows="mapUsersByQuery",
             says={"person-0002.mapped_to": []}),
    ]),
    Journey("a cohort is made, changed and replaced", "amplitude", [
        Step("uploadCohort", body={**_UPLOAD, "name": "effect", "ids": ["person-0001", "nobody"]},
             keep={"made": "cohortId"}, says={"metadata.matched": 1, "metadata.totals": 2,
                                                "metadata.invalid_ids_sample": ["nobody"]}),
        _in("uploadCohort", "person-0001"),
        Step("uploadCohort", body={**_UPLOAD, "name": "effect", "ids": ["person-0002"], "existing_cohort_id": "{made}",
             "skip_save": True}),
        _in("uploadCohort", "person-0001"),
        Step("uploadCohort", body={**_UPLOAD, "name": "effect", "ids": ["person-0002"],
             "existing_cohort_id": "{made}"}),
        _in("uploadCohort", "person-0002"),
        Step("updateCohortMembership", body={"cohort_id": "{made}", "memberships": [
             {"ids": ["person-0003"], "id_type": "BY_NAME", "operation": "ADD"},
             {"ids": ["person-0002"], "id_type": "BY_NAME", "operation": "REMOVE"}]}),
        _in("updateCohortMembership", "person-0003"),
        Step("listCohorts", says={"cohorts.-1.id": "{made}", "cohorts.-1.createdAt": "{now_s}"}),
        Step("uploadCohort", body={**_UPLOAD, "name": "effect hidden", "ids": ["person-0002"], "published": False}),
        Step("listCohorts", says={"cohorts.-1.id": "{made}"}),
        Step("getCohortUsage", keep={"used": "rest_download.usage"}),
        Step("requestCohortExport", path={"cohort_id": "{made}"}, keep={"request": "request_id"}),
        Step("getCohortUsage", shows="requestCohortExport", says={"rest_download.usage": "{used+1}"}),
        Step("downloadCohortExport", path={"request_id": "{request}"}, later="10m", status=200,
             says={"0": ["amplitude_id", "user_id"], "1.1": "person-0003", "#": 2}),
    ]),
    Journey("who is to be forgotten is on a list until they are taken off", "amplitude", [
        Step("createUserDeletionJob", body={"user_ids": ["person-0019"], "requester": "dpo@example.com"},
             keep={"id_of": "0.amplitude_ids.0.amplitude_id"}),
        Step("listUserDeletionJobs", query={"start_day": "{today}", "end_day": "{month_later}"},
             shows="createUserDeletionJob", says={"0.amplitude_ids.0.amplitude_id": "{id_of}"},
             keep={"day_of": "0.day"}),
        Step("removeUserFromDeletionJob", path={"amplitude_id": "{id_of}", "day": "{day_of}"}),
        Step("listUserDeletionJobs", query={"start_day": "{today}", "end_day": "{month_later}"},
             shows="removeUserFromDeletionJob", says={"": []}),
    ]),
)  # fmt: skip

READINGS: Sequence[Journey] = (
    Journey("an export writes its instants as the sample on its page", "braze", [
        Step("trackUsers", body={"attributes": [{"external_id": "effect-1"}]}),
        Step("exportUsersByIds", body={"external_ids": ["effect-1"], "fields_to_export": ["created_at"]},
             says={"users.0.created_at": ...}),
    ], switches={"export_created_at": "utc_text"}),
)  # fmt: skip

BRAZE: Sequence[Journey] = (*PEOPLE, *LISTS, *MESSAGES, *FILES, *READINGS)


def _profile(shows: str, place: str, value: object) -> Step:
    return Step(
        "getBrazeProfile", query={"external_id": "effect-phone"}, shows=shows, says={f"profiles.0.{place}": value}
    )


_PHONE = {"device_id": "effect-device-01"}
_MAPPED = {"identify_by": [{"property": "user_id", "to": "external_id"}]}
_BUSY = {"service": "braze", "operation": "listSegments", "answer": 503}
CONTROL: Sequence[Journey] = (
    Journey("the clock stands where it was moved to", "control", [
        Step("advanceClockUntil", body={"instant": "2026-03-04T00:00:00Z"}, says={"now": "2026-03-04T00:00:00Z"}),
        Step("getClock", shows="advanceClockUntil", says={"now": "2026-03-04T00:00:00Z", "pace": "frozen"}),
        Step("advanceClock", body={"by": "90m"}),
        Step("getClock", shows="advanceClock", says={"now": "2026-03-04T01:30:00Z"}),
        Step("setPace", body={"pace": "60x"}),
        Step("getClock", shows="setPace", says={"pace": "60x"}),
        Step("freezeClock"),
        Step("getClock", shows="freezeClock", says={"pace": "frozen"}),
    ]),
    Journey("what is taken away is gone", "control", [
        Step("createConnection", body={"name": "effect", **_MAPPED}),
        Step("createSync", body={"cohort": "list 1", "connection": "effect", "cadence": "daily"},
             keep={"sync": "sync"}),
        Step("updateSync", path={"sync": "{sync}"}, body={"paused": True}),
        Step("getSync", path={"sync": "{sync}"}, shows="updateSync", says={"paused": True}),
        Step("deleteSync", path={"sync": "{sync}"}),
        Step("getSync", path={"sync": "{sync}"}, shows="deleteSync", status=404),
        Step("deleteConnection", path={"connection": "effect"}),
        Step("getConnection", path={"connection": "effect"}, shows="deleteConnection", status=404),
        Step("createStream", body={"name": "effect", "events": [{"name": "app_opened"}]}),
        Step("deleteStream", path={"stream": "effect"}),
        Step("getStream", path={"stream": "effect"}, shows="deleteStream", status=404),
        Step("createCurrents", body={"name": "effect"}),
        Step("deleteCurrents", path={"connector": "effect"}),
        Step("getCurrents", path={"connector": "effect"}, shows="deleteCurrents", status=404),
        Step("createFault", body=_BUSY, keep={"fault": "fault"}),
        Step("listFaults", shows="createFault", says={"faults.-1.fault": "{fault}"}),
        Step("listSegments", door="braze", shows="createFault", status=503),
        Step("deleteFault", path={"fault": "{fault}"}),
        Step("listSegments", door="braze", shows="deleteFault", status=200),
        Step("createFault", body=_BUSY),
        Step("clearFaults"),
        Step("listFaults", shows="clearFaults", says={"faults": []}),
        Step("createWorld", body={"world": "effect", "seed": 9}),
        Step("deleteWorld", path={"world": "effect"}),
        Step("getWorld", path={"world": "effect"}, shows="deleteWorld", status=404),
        Step("clearJournal"),
        Step("countExchanges", shows="clearJournal", says={"count": 0}),
    ]),
    Journey("switches and limits stand as they were set", "control", [
        Step("setSwitches", body={"post_success": "200"}),
        Step("deleteUsers", door="braze", body={"external_ids": ["nobody"]}, shows="setSwitches", status=200),
        Step("setSwitches", body={"post_success": "201"}),
        Step("setLimits", body={"enabled": True}),
        Step("getLimits", shows="setLimits", says={"enabled": True}),
        Step("setLimits", body={"enabled": False}),
    ]),
    Journey("what people do on a phone stands in their profile", "control", [
        Step("deviceAppears", body=_PHONE),
        Step("logIn", body={**_PHONE, "external_id": "effect-phone"}),
        _profile("logIn", "external_id", "effect-phone"),
        Step("setAttribute", body={**_PHONE, "name": "plan", "value": "gold"}),
        _profile("setAttribute", "custom_attributes.plan", "gold"),
        Step("addAlias", body={**_PHONE, "alias_label": "crm", "alias_name": "effect-alias"}),
        _profile("addAlias", "aliases.0.alias_name", "effect-alias"),
    ]),
    Journey("people and cohorts of the dashboards are kept", "control", [
        Step("seedBrazeProfiles", body={"profiles": [{"external_id": "effect-seeded"}]}),
        Step("getBrazeProfile", query={"external_id": "effect-seeded"}, shows="seedBrazeProfiles",
             says={"profiles.0.external_id": "effect-seeded"}),
        Step("createBrazeSegment", body={"name": "effect segment"}),
        Step("changeBrazeSegment", path={"segment": "effect segment"}, body={"name": "effect segment too"}),
        Step("getBrazeSegment", path={"segment": "effect segment too"}, shows="changeBrazeSegment",
             says={"segment.name": "effect segment too"}),
        Step("moveAmplitudeCohortMembers", path={"cohort": "list 0"}, body={"enter": ["person-0015"]}),
        Step("listAmplitudeCohortMembers", path={"cohort": "list 0"}, shows="moveAmplitudeCohortMembers",
             says={"members.-1.user_id": "person-0015"}),
        Step("createAmplitudeCohort", body={"name": "effect cohort", "definition": {"performed": "app_opened"}}),
        Step("changeAmplitudeCohort", path={"cohort": "effect cohort"}, body={"name": "effect cohort too"}),
        Step("deleteAmplitudeCohort", path={"cohort": "effect cohort too"}),
        Step("getAmplitudeCohort", path={"cohort": "effect cohort too"}, shows="deleteAmplitudeCohort", status=404),
        Step("createAmplitudeProject", body={"name": "effect", "plan": "plus"}),
        Step("changeAmplitudePlan", path={"project": "effect"}, body={"plan": "growth"}),
        Step("listAmplitudeProjects", shows="changeAmplitudePlan", says={"projects.-1.plan": "growth"}),
        Step("createRestKey", body={"name": "effect", "permissions": ["segments.list"]}, keep={"rest_key": "key"}),
        Step("revokeRestKey", body={"key": "{rest_key}"}),
        Step("listRestKeys", shows="revokeRestKey", says={"keys.-1.invalid_from": ...}),
        Step("createDataImportKey", body={"partner": "amplitude"}, keep={"import_key": "key"}),
        Step("invalidateDataImportKey", body={"key": "{import_key}"}),
        Step("listDataImportKeys", shows="invalidateDataImportKey", says={"keys.-1.invalid_from": ...}),
    ]),
)  # fmt: skip
