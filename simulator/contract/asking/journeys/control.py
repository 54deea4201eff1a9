"""Journeys through the control plane: connections, syncs and runs, faults, worlds, and the vendors' dashboards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.contract.asking.journeys.runner import Journey, Step

_CONNECTION = {"name": "journey", "identify_by": [{"property": "user_id", "to": "external_id"}]}
_COMPUTATION = {"name": "orders_30d", "formula": "count", "event": "order_placed", "within": "30d"}
_FAULT = {"service": "braze", "operation": "listSegments", "answer": 503, "times": 1}

ENGINE: Sequence[Journey] = (
    Journey("a sync from its connection to its end", "control", [
        Step("createConnection", body=_CONNECTION, status=201),
        Step("createConnection", body=_CONNECTION, status=409),
        Step("createConnection", body={**_CONNECTION, "project": "nowhere"}, status=404),
        Step("getConnection", path={"connection": "journey"}, says={"name": "journey"}),
        Step("updateConnection", path={"connection": "journey"}, body={"identify_by": [
             {"property": "device_id", "to": "device_id"}]}),
        Step("getConnection", path={"connection": "journey"}, shows="updateConnection",
             says={"identify_by": [{"property": "device_id", "to": "device_id"}]}),
        Step("updateConnection", path={"connection": "journey"}, body={"identify_by": _CONNECTION["identify_by"]}),
        Step("createSync", body={"cohort": "list 2", "connection": "journey", "cadence": "hourly"}, status=201,
             keep={"sync": "sync"}),
        Step("getSync", path={"sync": "{sync}"}),
        Step("updateSync", path={"sync": "{sync}"}, body={"paused": True}, says={"paused": True}),
        Step("runSync", path={"sync": "{sync}"}, status=409),
        Step("updateSync", path={"sync": "{sync}"}, body={"paused": False}),
        Step("runSync", path={"sync": "{sync}"}),
        Step("listRuns", path={"sync": "{sync}"}, says={"runs": ...}),
        Step("listBrazeCohorts", keep={"partner": "cohorts.0.partner", "braze_cohort": "cohorts.0.cohort_id"}),
        Step("listBrazeCohortMembers", path={"partner": "{partner}", "cohort_id": "{braze_cohort}"}),
        Step("getStory", path={"person": "{external_id}"}),
        Step("deleteConnection", path={"connection": "journey"}, status=409),
        Step("exportRun", path={"sync": "{sync}", "number": 1}),
        Step("exportRunInFull", path={"sync": "{sync}", "number": 1}),
        Step("deleteSync", path={"sync": "{sync}"}, status=204),
        Step("deleteConnection", path={"connection": "journey"}, status=204),
    ]),
    Journey("traits, streams, Currents and webhooks are set up", "control", [
        Step("createTraitConnection", body={"name": "journey traits"}, status=201),
        Step("createTraitConnection", body={"name": "journey traits"}, status=409),
        Step("createTraitConnection", body={"name": "journey traits", "project": "nowhere"}, status=404),
        Step("createTraitSync", body={"connection": "journey traits", "properties": ["plan"]}, status=201,
             keep={"sync": "sync"}),
        Step("exportRun", path={"sync": "{sync}", "number": 1}),
        Step("exportRunInFull", path={"sync": "{sync}", "number": 1}),
        Step("exportRunInFull", path={"sync": "{sync}", "number": 99}, status=404),
        Step("listMails", says={"mails.0.mail": ...}),
        Step("createTraitSync", body={"connection": "nowhere", "properties": ["plan"]}, status=404),
        Step("createWebhook", body={"name": "journey hook", "url": "http://127.0.0.1:9/hook"}, status=201),
        Step("createWebhook", body={"name": "journey hook", "url": "http://127.0.0.1:9/hook"}, status=409),
        Step("createWebhook", body={"name": "other hook", "url": "http://127.0.0.1:9/hook", "project": "nowhere"},
             status=404),
        Step("createStream", body={"name": "journey", "events": [{"name": "app_opened"}]}, status=201),
        Step("createStream", body={"name": "journey", "events": [{"name": "app_opened"}]}, status=409),
        Step("createStream", body={"name": "other", "events": [{"name": "app_opened"}], "project": "nowhere"},
             status=404),
        Step("getStream", path={"stream": "journey"}, says={"active": True}),
        Step("createStream", body={"name": "journey too", "forward": ["plan"]}, status=201),
        Step("updateStream", path={"stream": "journey"}, body={"paused": True}, says={"active": False}),
        Step("updateStream", path={"stream": "journey"}, body={"paused": False}, says={"active": True}),
        Step("updateStream", path={"stream": "journey"}, body={"name": "journey too"}, status=409),
        Step("deleteStream", path={"stream": "journey"}, status=204),
        Step("createCurrents", body={"name": "journey"}, status=201),
        Step("createCurrents", body={"name": "journey"}, status=409),
        Step("createCurrents", body={"name": "other", "project": "nowhere"}, status=404),
        Step("flushCurrents", status=204),
        Step("getCurrents", path={"connector": "journey"}, says={"active": True}),
        Step("createCurrents", body={"name": "journey too"}, status=201),
        Step("updateCurrents", path={"connector": "journey"}, body={"paused": True}, says={"active": False}),
        Step("updateCurrents", path={"connector": "journey"}, body={"name": "journey too"}, status=409),
        Step("deleteCurrents", path={"connector": "journey"}, status=204),
    ]),
    Journey("a fault is put in force and taken back", "control", [
        Step("createFault", body=_FAULT, status=201, keep={"fault": "fault"}),
        Step("deleteFault", path={"fault": "{fault}"}, status=204),
        Step("clearFaults", status=204),
    ]),
    Journey("a second world", "control", [
        Step("createWorld", body={"world": "journey", "seed": 8}, status=201),
        Step("createWorld", body={"world": "journey"}, status=409),
        Step("getWorld", path={"world": "journey"}, says={"world": "journey"}),
        Step("createWorld", body={"rules": "no such rules"}, status=404),
        Step("setSwitches", body={"no_such_switch": "on"}, status=404),
        Step("deleteWorld", path={"world": "journey"}, status=204),
        Step("deleteWorld", path={"world": "main"}, status=409),
        Step("advanceClock", body={"by": "1h"}),
        Step("advanceClock", body={"by": "99999w 99999w 99999w 99999w 99999w"}, status=409),
        Step("advanceClockUntil", body={"instant": "2020-01-01T00:00:00Z"}, status=409),
    ]),
)  # fmt: skip

BRAZE: Sequence[Journey] = (
    Journey("a campaign is made, sent and reacted to", "control", [
        Step("createBrazeSegment", body={"name": "journey", "includes": []}, status=201),
        Step("createBrazeSegment", body={"name": "journey", "includes": []}, status=409),
        Step("changeBrazeSegment", path={"segment": "everybody"}, body={"name": "pros"}, status=409),
        Step("createBrazeCampaign", body={"name": "journey", "plan": {"segment": "everybody", "channel": "email",
             "api": True}}, status=201, keep={"campaign": "campaign_id"}),
        Step("createBrazeCampaign", body={"name": "journey", "plan": {"segment": "everybody", "channel": "email",
             "api": True}}, status=409),
        Step("sendBrazeCampaign", path={"campaign": "{campaign}"}),
        Step("listBrazeMessageEvents", keep={"reached": "events.-1.braze_id"}),
        Step("reactToBrazeMessage", body={"braze_id": "{reached}", "campaign_id": "{campaign}", "reaction": "open"},
             status=201),
        Step("changeBrazeCampaign", path={"campaign": "{campaign}"}, body={"status": "stopped"}),
        Step("createBrazeSubscriptionGroup", body={"name": "journey", "group_id": "g-1"}, status=201),
        Step("createBrazeSubscriptionGroup", body={"name": "journey", "group_id": "g-1"}, status=409),
        Step("setBrazeControlGroup", body={"percent": 5}, says={"percent": 5}),
        Step("switchWorkspace", path={"workspace": "main"}, body={"active": True}, status=204),
    ]),
    Journey("keys are made and taken away", "control", [
        Step("createDataImportKey", body={"partner": "amplitude"}, status=201, keep={"import_key": "key"}),
        Step("invalidateDataImportKey", body={"key": "{import_key}"}, status=204),
        Step("createRestKey", body={"name": "journey", "permissions": ["users.track"]}, status=201,
             keep={"rest_key": "key"}),
        Step("revokeRestKey", body={"key": "{rest_key}"}, status=204),
        Step("getBrazeProfile", query={"external_id": "{external_id}"}),
        Step("getBrazeProfile", query={"external_id": "nobody"}, says={"profiles": []}),
        Step("getBrazeProfile", query={"external_id": "nobody", "workspace": "nowhere"}, status=404),
        Step("seedBrazeProfiles", body={"profiles": [{"aliases": [{"alias_label": "crm", "alias_name": "{alias_name}"}]
             }]}, status=409),
    ]),
)  # fmt: skip

AMPLITUDE: Sequence[Journey] = (
    Journey("a cohort of the dashboard", "control", [
        Step("createAmplitudeCohort", body={"name": "journey", "definition": {"performed": "app_opened",
             "within": "7d"}}, status=201, keep={"cohort": "cohort_id"}),
        Step("getAmplitudeCohort", path={"cohort": "{cohort}"}),
        Step("moveAmplitudeCohortMembers", path={"cohort": "{cohort}"}, body={"enter": ["{external_id}"]}, status=409),
        Step("moveAmplitudeCohortMembers", path={"cohort": "list 1"}, body={"enter": ["{external_id}"]}),
        Step("listAmplitudeCohortMembers", path={"cohort": "list 1"}),
        Step("changeAmplitudeCohort", path={"cohort": "{cohort}"}, body={"name": "journeys"}),
        Step("changeAmplitudeCohort", path={"cohort": "list 1"}, body={"definition": {"performed": "app_opened"}},
             status=409),
        Step("createAmplitudeCohort", body={"name": "", "definition": {}}, status=400),
        Step("createAmplitudeCohort", body={"name": "of names", "definition": {"people": ["ida"]}}, status=409),
        Step("createAmplitudeCohort", body={"name": "journey of many", "definition": {"in_cohort": "journeys"}},
             status=201, keep={"inner": "cohort_id"}),
        Step("deleteAmplitudeCohort", path={"cohort": "{cohort}"}, status=409),
        Step("deleteAmplitudeCohort", path={"cohort": "{inner}"}, status=204),
        Step("deleteAmplitudeCohort", path={"cohort": "{cohort}"}, status=204),
        Step("defineComputation", body=_COMPUTATION, status=201),
        Step("defineComputation", body=_COMPUTATION, status=409),
        Step("listComputations", says={"computations.0.name": "orders_30d"}),
        Step("placeComputation", body={"user_id": "{external_id}", "comp_id": "t14bqib", "property": "purchases_30d",
             "value": 3}, status=204),
        Step("createAmplitudeProject", body={"name": "journey", "plan": "growth"}, status=201),
        Step("createAmplitudeProject", body={"name": "journey", "plan": "growth"}, status=409),
    ]),
)  # fmt: skip

_DEVICE = {"device_id": "device-that-never-appeared"}
_LONG = "n" * 256
"""One more than Braze takes as a name."""
_PHONE_BODIES: dict[str, dict[str, object]] = {
    "logIn": {"external_id": "ida"}, "logOut": {}, "wipeData": {"new_device_id": "d-2"}, "startSession": {},
    "endSession": {}, "logCustomEvent": {"name": "opened"}, "setAttribute": {"name": "plan", "value": "gold"},
    "logPurchase": {"product_id": "mug", "price": 1.5, "currency": "EUR"},
    "addAlias": {"alias_label": "crm", "alias_name": "x-1"}, "collectDeviceData": {"country": "SE"},
    "registerPushToken": {"app": "shop", "platform": "ios", "token": "abc123"},
    "uninstallApp": {"app": "shop"}, "attributeInstall": {"source": "search"},
    "locatePhone": {"longitude": 13.4, "latitude": 52.5},
}  # fmt: skip


def _phones() -> Iterator[Step]:
    """A phone that never appeared, and a workspace that nobody made."""
    for operation, more in _PHONE_BODIES.items():
        yield Step(operation, body={**_DEVICE, **more, "workspace": "nowhere"}, status=404)
    yield Step("deviceAppears", body={**_DEVICE, "workspace": "nowhere"}, status=404)
    yield Step("logIn", body={**_DEVICE, "external_id": ""}, status=409)
    yield Step("wipeData", body={**_DEVICE, "new_device_id": "{device_id}"}, status=409)
    yield Step("logCustomEvent", body={**_DEVICE, "name": _LONG}, status=409)
    yield Step("logPurchase", body={**_DEVICE, "product_id": "mug", "price": 1.5, "currency": "none"}, status=409)
    yield Step("setAttribute", body={**_DEVICE, "name": "email", "value": 5}, status=409)
    yield Step("addAlias", body={**_DEVICE, "alias_label": _LONG, "alias_name": "x-1"}, status=409)


JOURNEYS: Sequence[Journey] = (
    *ENGINE, *BRAZE, *AMPLITUDE, Journey("phones that nobody has", "control", tuple(_phones())),
)  # fmt: skip
