"""A service that is not ours: judged where an answer says something of it, and left alone where it knows others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from simulator import openapi
from simulator.contract.asking.abroad import settle, why_not
from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.caller import Sent
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.elsewhere import Elsewhere
from simulator.contract.check import Order, Outcome, run_check
from simulator.serving.stage import Keys

KEYS = Keys("amplitude-key", "amplitude-secret", "rest-key-of-theirs", "import-key-of-theirs", "partner-key-of-theirs")
SEGMENT = {"id": "s-1", "name": "everybody", "analytics_tracking_enabled": False, "tags": []}
Answer = tuple[Response, int]


@contextmanager
def served(application: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def theirs(**wrong: bool) -> Flask:
    """Two operations of Braze as somebody else may have written them; each name in `wrong` is a mistake."""
    application = Flask("theirs")

    def refused() -> Answer | None:
        good = f"Bearer {KEYS.braze_api_key}" == request.headers.get("Authorization") or wrong.get("opens_to_anybody")
        return None if good else (jsonify(message="Who are you?"), 401)

    @application.get("/segments/list")
    def segments() -> Answer:
        if (no := refused()) is not None:
            return no
        page, order = request.args.get("page", "0"), request.args.get("sort_direction", "asc")
        if not wrong.get("takes_anything") and (not page.isdigit() or order not in ("asc", "desc")):
            return jsonify(message="no such page"), 400
        if wrong.get("is_broken"):
            raise RuntimeError("an answer is too much to ask")
        segment = {key: value for key, value in SEGMENT.items() if key != "name" or not wrong.get("forgets_a_field")}
        return jsonify(message="success", segments=[segment]), 202 if wrong.get("has_another_status") else 200

    @application.get("/segments/details")
    def details() -> Answer:
        if (no := refused()) is not None:
            return no
        if wrong.get("refuses_everything") or request.args.get("segment_id") != SEGMENT["id"]:
            return jsonify(message="never heard of it"), 400
        return jsonify(
            message="success", name="everybody", description="", text_description="All", tags=[], teams=[],
            created_at="2025-01-01T00:00:00Z", updated_at="2025-01-01T00:00:00Z",
        ), 200  # fmt: skip

    return application


def asked(*operations: str, keys: Keys = KEYS, **wrong: bool) -> tuple[set[tuple[str, str]], dict[str, str]]:
    with served(theirs(**wrong)) as url, Bench.at({"braze": url}, keys) as bench:
        elsewhere = Elsewhere(settle(bench, "braze"), "braze", Meter(), 1, bends=30)
        found = elsewhere.run(frozenset(operations or ("listSegments", "getSegment")))
    return {(each.operation, each.check) for each in found}, elsewhere.unasked


def test_who_speaks_braze_with_other_words_and_other_people_is_green() -> None:
    assert (set(), {}) == asked()


@pytest.mark.parametrize(
    ("wrong", "found"),
    [("opens_to_anybody", ("listSegments", "refusal")), ("takes_anything", ("listSegments", "accepted-bad-input")),
     ("is_broken", ("listSegments", "server-error")), ("forgets_a_field", ("listSegments", "required")),
     ("has_another_status", ("listSegments", "status")), ("refuses_everything", ("getSegment", "refused-example"))],
)  # fmt: skip
def test_each_mistake_is_found_at_its_place(wrong: str, found: tuple[str, str]) -> None:
    assert found in asked(**{wrong: True})[0]


def test_what_is_refused_for_somebody_unknown_there_is_not_held_against_anybody() -> None:
    contract = openapi.load("braze")
    operation, sent = contract.operations["getCampaign"], Sent("getCampaign", query={"campaign_id": "c-1"})
    known = Living({"getCampaign.campaign_id": ["c-1"]})
    assert "nobody made campaign_id known there" == why_not(contract, operation, sent, 400, Living())
    assert "" == why_not(contract, operation, sent, 400, known)


def test_what_is_not_there_at_all_is_one_finding_and_asked_no_further() -> None:
    assert ({("getCampaign", "status")}, {"getCampaign": "nothing is there: 404"}) == asked("getCampaign")


def test_what_a_user_did_is_asked_of_a_person_that_was_made_there() -> None:
    with Bench.in_process(5) as ours, Bench.at({"amplitude": ours.targets["amplitude"].url}, ours.keys) as bench:
        elsewhere = Elsewhere(settle(bench, "amplitude"), "amplitude", meter := Meter(), 1, bends=1)
        assert [] == elsewhere.run(frozenset({"searchUsers", "getUserActivity"}))

    assert {} == elsewhere.unasked
    assert meter.counts["amplitude", "getUserActivity", "200"] > 0


def test_a_refusal_about_a_time_or_about_what_is_there_says_nothing() -> None:
    contract = openapi.load("braze")

    def why(operation: str, status: int, body: Any) -> str:
        return why_not(contract, contract.operations[operation], Sent(operation, body=body), status, Living())

    assert "its example is about a time" == why("scheduleMessages", 400, {"schedule": {"time": "2026-03-03T10:00:00Z"}})
    assert "it depends on what is there" == why("exportGlobalControlGroup", 400, {"output_format": "zip"})
    assert "answered 429: it takes no more calls just now" == why("trackUsers", 429, {})
    assert why("getCampaign", 404, {}).startswith("answered 404: what it names is not there, or not yet")
    assert "" == why("trackUsers", 400, {"attributes": [{"plan": "gold"}]})


def checked(url: str, keys: Keys, *operations: str) -> Outcome:
    order = Order(
        ("braze",), frozenset(operations), {"braze": url}, keys, ("braze_api_key",), 1, phases=("examples",),
        max_examples=2,
    )  # fmt: skip
    return run_check(order)


def test_a_service_that_a_key_does_not_open_has_not_been_checked() -> None:
    with served(theirs()) as url:
        outcome = checked(url, Keys(braze_api_key="of nobody"), "listSegments")
    assert (False, []) == (outcome.passed, outcome.failures)
    assert "the REST key that was given opened nothing: 401" in outcome.services[0].errors
    assert any("it only answered 401; is the address right" in each for each in outcome.services[0].errors)


def test_the_line_that_shows_a_failure_again_names_the_address_and_asks_for_the_key() -> None:
    with served(theirs(forgets_a_field=True)) as url:
        (failure, *_) = checked(url, KEYS, "listSegments").failures
    assert f"--url braze={url}" in failure.reproduce
    assert '--braze-api-key "$BRAZE_API_KEY"' in failure.reproduce
    assert KEYS.braze_api_key not in failure.reproduce


def test_our_own_services_with_other_people_and_keys_are_green_over_http() -> None:
    with Bench.in_process(77, limits=True) as bench:
        outcome = checked(bench.targets["braze"].url, bench.keys, "trackUsers", "nameCohort", "deleteUsers")
    assert ([], []) == (outcome.failures, outcome.services[0].errors)


def test_nothing_is_sent_to_everybody() -> None:
    heard: list[Any] = []
    application = Flask("everybody")

    @application.route("/<path:path>", methods=["GET", "POST"])
    def any_path(path: str) -> Answer:
        heard.append(request.get_json(silent=True))
        return jsonify(message="success", dispatch_id="d", campaigns=[{"id": "c-1", "name": "welcome"}]), 201

    with served(application) as url, Bench.at({"braze": url}, KEYS) as bench:
        Elsewhere(settle(bench, "braze"), "braze", Meter(), 1, bends=400).run(
            frozenset({"sendMessages", "triggerCampaign", "triggerCanvas"})
        )
    assert [] == [body for body in heard if isinstance(body, dict) and body.get("broadcast") is True]
    assert len(heard) > 100


def test_a_service_that_hangs_up_is_told_and_the_check_goes_on() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with Bench.at({"braze": url}, KEYS) as bench:
            found = Elsewhere(settle(bench, "braze"), "braze", Meter(), 1, bends=5).run(frozenset({"listSegments"}))
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    assert {("listSegments", "no-answer")} == {(each.operation, each.check) for each in found}
