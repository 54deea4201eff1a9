"""Cohort webhooks to a real receiver, and to one that writes down."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import DAY_MS, HOUR_MS, SECOND_MS
from simulator.rules.outcomes import RunStatus
from simulator.sync.connections import SetupRefused
from simulator.sync.ports import Response


def webhook(bench: Any, **more: Any) -> str:
    return str(bench.engine.create_webhook("hook", url="http://127.0.0.1:8080/in?a=1", **more).id)


def test_entries_are_one_message_and_exits_another(bench: Any, ida: AmplitudeUser, ben: AmplitudeUser) -> None:
    ann = AmplitudeUser(105, "ann-1001", None, {"plan": "gold", "city": "Köln"})
    bench.source.cohort("openers", ann, ida, ben, name="Openers")
    sync = bench.engine.create_sync(
        "openers", webhook(bench, headers={"x-token": "t"}, properties=["plan"]), Cadence.HOURLY
    )
    (request,) = bench.braze.requests
    assert ("POST", "/in?a=1", "application/json", "Amplitude/Webhook/1.0", "t") == (
        request.method, request.path, request.headers["content-type"], request.headers["user-agent"],
        request.headers["x-token"],
    )  # fmt: skip
    body = orjson.loads(request.body)
    assert body.pop("message_id").endswith("::enter::0")
    assert {
        "cohort_name": "Openers",
        "cohort_id": "openers",
        "in_cohort": True,
        "computed_time": "1772445600",
        "users": [
            {"user_id": "ida-1001", "user_properties": {}},
            {"user_id": "ann-1001", "user_properties": {"plan": "gold"}},
        ],
    } == body
    assert 1 == bench.engine.runs(sync.id)[0].skipped
    bench.source.leave("openers", ida)
    bench.source.enter("openers", AmplitudeUser(106, "new-1001"))
    bench.advance(HOUR_MS)
    messages = [orjson.loads(request.body) for request in bench.braze.requests[1:]]
    assert [(True, [{"user_id": "new-1001", "user_properties": {}}]), (False, [{"user_id": "ida-1001"}])] == [
        (message["in_cohort"], message["users"]) for message in messages
    ]


@pytest.mark.parametrize(("took_ms", "tries"), [(1_000, 1), (2_000, 1), (2_001, 2)])
def test_a_receiver_that_is_too_slow_hears_the_same_message_again(
    bench: Any, ida: AmplitudeUser, took_ms: int, tries: int
) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.answers = [Response(200, took_ms=took_ms)]
    bench.engine.create_sync("openers", webhook(bench), Cadence.ONE_TIME)
    bench.agenda.advance_until_idle(bench.clock.now + DAY_MS)
    assert tries == len(bench.braze.requests)
    assert 1 == len({orjson.loads(request.body)["message_id"] for request in bench.braze.requests})
    assert RunStatus.SUCCESS is bench.engine.runs("sync-1")[0].status
    if tries == 2:
        assert 3 * SECOND_MS == bench.braze.instants[1] - bench.braze.instants[0]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "not a url"}, "not a URL"),
        ({"url": "http://["}, "not a URL"),
        ({"url": "http://127.0.0.1:99999/"}, "not a URL"),
        ({"url": "http://127.0.0.1:0/"}, "not a URL"),
        ({"url": "http://127.0.0.1/köln"}, "not a URL"),
        ({"url": "http://127.0.0.1/two words"}, "not a URL"),
        ({"headers": {"x-town": "☃"}}, "no header"),
        ({"headers": {"two words": "1"}}, "no header"),
        ({"headers": {"x-lines": "1\n2"}}, "no header"),
        ({"headers": {f"x-{n}": "1" for n in range(6)}}, "at most 5 headers"),
        ({"headers": {"User-Agent": "mine"}}, "User-Agent is set by Amplitude"),
        ({"properties": [str(n) for n in range(51)]}, "at most 50 user properties"),
        ({"template": "<#macro x>"}, "template: <#macro> is not understood"),
    ],
)
def test_a_webhook_that_amplitude_would_not_save_is_refused(
    bench: Any, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SetupRefused, match=sentence):
        bench.engine.create_webhook("hook", **{"url": "http://127.0.0.1:8080/in"} | settings)


def test_five_headers_and_fifty_properties_are_allowed(bench: Any) -> None:
    webhook(bench, headers={f"x-{n}": "1" for n in range(5)}, properties=[str(n) for n in range(50)])


def test_a_template_writes_the_payload(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida, name="Openers")
    template = '{"who": [<#list input.users as user>"${user.user_id}"<#sep>,</#list>], "in": ${input.in_cohort?c}}'
    bench.engine.create_sync("openers", webhook(bench, template=template), Cadence.ONE_TIME)
    (request,) = bench.braze.requests
    assert b'{"who": ["ida-1001"], "in": true}' == request.body


def test_a_template_that_cannot_be_filled_in_fails_the_run_without_a_request_until_it_is_mended(
    bench: Any, ida: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ida)
    hook = webhook(bench, template="${input.nothing}")
    sync = bench.engine.create_sync("openers", hook, Cadence.HOURLY)
    (run,) = bench.engine.runs(sync.id)
    assert (RunStatus.FAILED, 0) == (run.status, run.requests)
    assert "template: a value is missing" in run.reason
    bench.engine.change_webhook(hook, template=None)
    bench.advance(HOUR_MS)
    assert ["ida-1001"] == [user["user_id"] for user in bench.braze.bodies[0]["users"]]
    with pytest.raises(SetupRefused, match="closes nothing"):
        bench.engine.change_webhook(hook, template="</#if>")


def test_only_a_webhook_has_the_settings_of_one(bench: Any) -> None:
    with pytest.raises(SetupRefused, match="braze is no webhook; it has no url"):
        bench.engine.change_webhook(bench.connect().id, url="http://127.0.0.1:1/x")
