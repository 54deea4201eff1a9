"""/transactional/v1/campaigns/{campaign_id}/send: one e-mail to one person (sendTransactionalEmail)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import PlanRefused, Status

SENT = "users.messages.email.Send"
IDA = {"external_user_id": "ida-1001"}


@pytest.fixture
def receipt(house: Any) -> Any:
    return house.campaign("Receipt", channel="email", transactional=True)


def send(house: Any, campaign_id: str, **body: Any) -> Any:
    return house.braze.post(f"/transactional/v1/campaigns/{campaign_id}/send", {"recipient": IDA, **body})


def test_it_says_what_became_of_the_message_and_when(house: Any, receipt: Any) -> None:
    answer = send(house, receipt.campaign_id, external_send_id="b3JkZXItNzc=")
    now = "2026-03-02T10:00:00.000+00:00"
    metadata = dict.fromkeys(("received_at", "enqueued_at", "executed_at", "sent_at"), now)
    assert (answer.status, answer.body["status"], answer.body["message"]) == (201, "sent", "success")
    assert answer.body["metadata"] == {
        **metadata, "campaign_api_id": receipt.campaign_id, "external_send_id": "b3JkZXItNzc=",
    }  # fmt: skip
    told = [event.properties["dispatch_id"] for event in house.audience.message_events() if event.name == SENT]
    assert (house.got(SENT), told) == (["ida"], [answer.body["dispatch_id"]])


def test_somebody_without_an_address_gets_nothing_and_the_answer_says_so(house: Any, receipt: Any) -> None:
    answer = send(house, receipt.campaign_id, recipient={"external_user_id": "ann-1001"})
    assert (answer.body["status"], answer.body["metadata"]["reason"], house.got(SENT)) == (
        "aborted",
        "User not emailable",
        [],
    )


def test_an_alias_names_somebody_too(house: Any, receipt: Any) -> None:
    alias = {"alias_label": "crm", "alias_name": "kim-7"}
    send(house, receipt.campaign_id, recipient={"user_alias": alias, "attributes": {"email": "kim@example.org"}})
    assert house.got(SENT) == ["kim"]


def test_attributes_are_applied_first_and_make_an_unknown_user(house: Any, receipt: Any) -> None:
    recipient = {"external_user_id": "noor-1", "attributes": {"email": "noor@example.org", "plan": "gold"}}
    send(house, receipt.campaign_id, recipient=recipient)
    assert house.braze.export("noor-1")["custom_attributes"] == {"plan": "gold"}
    assert [event.external_id for event in house.audience.message_events() if event.name == SENT] == ["noor-1"]


def test_without_attributes_nobody_is_made(house: Any, receipt: Any) -> None:
    answer = send(house, receipt.campaign_id, recipient={"external_user_id": "nobody"})
    assert (answer.body["status"], house.braze.store.profiles.by_external_id("main", "nobody")) == ("aborted", None)


def test_the_array_of_one_that_a_public_client_sends_is_taken(house: Any, receipt: Any) -> None:
    assert send(house, receipt.campaign_id, recipient=[IDA]).body["status"] == "sent"


def test_a_reference_is_good_for_one_send_in_a_day(house: Any, receipt: Any) -> None:
    answers = [send(house, receipt.campaign_id, external_send_id="order-77") for _ in range(2)]
    house.wait("23h 59m 59s")
    answers.append(send(house, receipt.campaign_id, external_send_id="order-77"))
    house.wait("1s")
    answers.append(send(house, receipt.campaign_id, external_send_id="order-77"))
    assert [answer.status for answer in answers] == [201, 400, 400, 201]
    assert answers[1].body["message"].startswith("The external reference has been queued.")
    assert house.got(SENT) == ["ida", "ida"]


def test_a_refused_request_does_not_use_its_reference_up(house: Any, receipt: Any) -> None:
    bad = {"external_user_id": "ida-1001", "attributes": {"email": "nowhere"}}
    answers = [send(house, receipt.campaign_id, external_send_id="order-77", recipient=who) for who in (bad, IDA)]
    assert [answer.status for answer in answers] == [400, 201]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"recipient": None}, "'recipient' must be an object"),
        ({"recipient": [IDA, IDA]}, "'recipient' must be an object"),
        ({"recipient": {}}, "'recipient' must have exactly one of 'external_user_id' and 'user_alias'"),
        (
            {"recipient": {**IDA, "user_alias": {"alias_label": "crm", "alias_name": "kim-7"}}},
            "'recipient' must have exactly one of 'external_user_id' and 'user_alias'",
        ),
        ({"external_send_id": "order 77"}, "'external_send_id' must be a Base64 compatible string"),
        ({"external_send_id": 77}, "'external_send_id' must be a Base64 compatible string"),
    ],
)
def test_a_request_must_make_sense(house: Any, receipt: Any, body: dict[str, Any], message: str) -> None:
    answer = send(house, receipt.campaign_id, **body)
    assert (answer.status, answer.body, house.got(SENT)) == (400, {"message": message}, [])


@pytest.mark.parametrize(
    ("status", "message"), [(Status.STOPPED, "The campaign is paused."), (Status.ARCHIVED, "The campaign is archived.")]
)
def test_a_campaign_that_does_not_run_sends_nothing(house: Any, receipt: Any, status: Status, message: str) -> None:
    house.audience.set_status(receipt.campaign_id, status)
    answer = send(house, receipt.campaign_id)
    assert (answer.status, answer.body["message"].startswith(message), house.got(SENT)) == (400, True, [])


def test_only_a_transactional_campaign_is_sent_like_that(house: Any) -> None:
    other = house.campaign(channel="email", api_triggered=True).campaign_id
    messages = [send(house, each).body["message"] for each in (other, "nothing")]
    assert messages[0].startswith("The campaign is not a transactional campaign.")
    assert messages[1] == "Campaign does not exist"


def test_no_number_of_requests_is_too_many(house: Any, receipt: Any) -> None:
    for bucket in ("default", "sends"):
        house.braze.service.limits.set_limit(bucket, 1)
    answers = [send(house, receipt.campaign_id) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert "x-ratelimit-limit" not in {name.lower() for name in answers[0].headers}


def test_a_transactional_campaign_sends_email_and_is_no_canvas(house: Any) -> None:
    with pytest.raises(PlanRefused, match="sends e-mail only"):
        house.campaign("By SMS", channel="sms", transactional=True)
    with pytest.raises(PlanRefused, match="a Canvas is not transactional"):
        house.canvas("Receipts", steps=[{"channel": "email"}], transactional=True)
