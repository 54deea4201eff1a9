"""Identify, group identify and user mapping: form bodies, query strings, and the bare word they answer."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urlencode

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings


def identification(**keys: object) -> str:
    return json.dumps({"user_id": "ida-1001", **keys})


@pytest.mark.parametrize("as_list", [False, True])
def test_identify_answers_the_bare_word(amplitude, as_list) -> None:
    text = identification(user_properties={"plan": "premium"})
    answer = amplitude.form("/identify", identification=f"[{text}]" if as_list else text)
    assert (answer.status_code, answer.content_type, answer.text) == (200, "text/html;charset=utf-8", "success")
    assert amplitude.service.find("main", user_id="ida-1001").properties == {"plan": "premium"}


def test_identify_works_by_query_and_as_multipart_and_compressed(amplitude) -> None:
    key = amplitude.main.api_key
    fields = {"api_key": key, "identification": identification(user_properties={"$add": {"visits": 1}})}
    assert amplitude.client.get("/identify", query_string=fields).text == "success"
    assert amplitude.client.post("/identify", query_string=fields).text == "success"
    assert amplitude.client.post("/identify", data=fields, content_type="multipart/form-data").text == "success"
    packed = gzip.compress(urlencode(fields).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"}
    assert amplitude.client.post("/identify", data=packed, headers=headers).text == "success"
    assert amplitude.service.find("main", user_id="ida-1001").properties == {"visits": 4}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "missing_event"),
        ({"identification": ""}, "missing_event"),
        ({"identification": "{"}, "missing_event"),
        ({"identification": "[]"}, "missing_event"),
        ({"identification": '["ida-1001"]'}, "missing_event"),
        ({"identification": '{"user_properties": {}}'}, "missing_event"),
        ({"identification": identification(user_id="ida")}, "Invalid id length for user_id or device_id"),
        ({"identification": identification(user_id="null")}, "Invalid field values on some events"),
        ({"identification": identification(user_properties=5)}, "Invalid field values on some events"),
        ({"identification": identification(), "api_key": "wrong"}, "invalid_api_key"),
    ],
)
def test_identify_refuses_in_plain_text(amplitude, fields, text) -> None:
    answer = amplitude.form("/identify", **fields)
    assert (answer.status_code, answer.content_type, answer.text) == (400, "text/html;charset=utf-8", text)
    assert amplitude.service.store.users.count(amplitude.main) == 0


def test_identify_takes_a_shorter_id_when_asked_to(amplitude) -> None:
    answer = amplitude.form("/identify", identification=identification(user_id="ida"), options='{"min_id_length": 1}')
    assert answer.text == "success"


@pytest.mark.parametrize(("more", "status"), [(-1, 400), (0, 400), (1, 414)])
def test_a_get_has_a_longest_address(amplitude, more, status) -> None:
    address = "http://localhost/identify?identification="
    answer = amplitude.client.get(address + "x" * (8192 - len(address) + more))
    assert (answer.status_code, answer.text) == (status, {400: "missing_event", 414: "Request-URI Too Long"}[status])


def test_identify_is_throttled_like_events(amplitude) -> None:
    many = json.dumps([json.loads(identification())] * 901)
    answer = amplitude.form("/identify", identification=many)
    assert (answer.status_code, answer.text) == (429, "Too many requests for some devices and users")
    assert amplitude.service.store.users.count(amplitude.main) == 0


def test_identify_makes_a_user_who_is_not_new_until_the_first_event(amplitude, an_event) -> None:
    amplitude.form("/identify", identification=identification(device_id="d-ida-0001"))
    record = amplitude.service.find("main", user_id="ida-1001")
    assert (record.event_count, record.first_event_at, record.device_id) == (0, None, "d-ida-0001")
    amplitude.later("1h")
    amplitude.upload(an_event())
    assert amplitude.service.find("main", user_id="ida-1001").first_event_at == amplitude.now


def test_mixed_operations_and_plain_keys_are_never_an_error(amplitude) -> None:
    update = {"plan": "plus", "$set": {"a": 1}, "$setOnce": {"a": 2, "b": 3}, "$unset": {"c": "-"}, "$nonsense": 1}
    assert amplitude.form("/identify", identification=identification(user_properties=update)).text == "success"
    assert amplitude.service.find("main", user_id="ida-1001").properties == {
        "plan": "plus",
        "$nonsense": 1,
        "a": 1,
        "b": 3,
    }


def test_built_in_fields_belong_together(amplitude) -> None:
    amplitude.form("/identify", identification=identification(platform="iOS", carrier="A", language="de-AT"))
    amplitude.form("/identify", identification=identification(platform="Web"))
    assert amplitude.service.find("main", user_id="ida-1001").built_in == {"platform": "Web", "language": "German"}


def group(**keys: object) -> str:
    return json.dumps({"group_type": "org id", "group_value": "org-1001", "group_properties": {"plan": "free"}, **keys})


def test_group_identify_answers_the_bare_word_and_sets_properties(amplitude) -> None:
    answer = amplitude.form("/groupidentify", identification=group(group_properties={"$add": {"seats": 2}, "a": 1}))
    assert (answer.status_code, answer.content_type, answer.text) == (200, "text/html;charset=utf-8", "success")
    assert (
        amplitude.form("/groupidentify", identification=f"[{group(group_value=['org-1001', 'org-2'])}]").text
        == "success"
    )
    relations = amplitude.service.store.relations
    assert relations.group(amplitude.main, "org id", "org-1001") == {"seats": 2, "a": 1, "plan": "free"}
    assert relations.group(amplitude.main, "org id", "org-2") == {"plan": "free"}
    query = {"api_key": amplitude.main.api_key, "identification": group()}
    assert amplitude.client.get("/groupidentify", query_string=query).text == "success"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"identification": group(group_value=None)}, "Missing group_value"),
        ({"identification": group(group_type="")}, "Missing group_type"),
        ({"identification": group(group_properties=[])}, "Invalid group_properties"),
        ({"identification": "x"}, "Missing identification"),
        ({"identification": group(), "api_key": "wrong"}, "Invalid API key"),
    ],
)
def test_group_identify_refuses_with_an_error(amplitude, fields, error) -> None:
    answer = amplitude.form("/groupidentify", **fields)
    assert (answer.status_code, answer.json) == (400, {"error": error})


@pytest.mark.parametrize(("count", "status"), [(1023, 200), (1024, 200), (1025, 413)])
def test_group_identify_takes_1024_groups_and_properties(amplitude, count, status) -> None:
    groups = [json.loads(group(group_value=f"org-{n}", group_properties={})) for n in range(count)]
    assert amplitude.form("/groupidentify", identification=json.dumps(groups)).status_code == status
    properties = group(group_properties={f"p{n}": n for n in range(count)})
    assert amplitude.form("/groupidentify", identification=properties).status_code == status


def test_group_identify_takes_one_megabyte(amplitude) -> None:
    big = group(group_properties={"note": "x" * (1024 * 1024)})
    answer = amplitude.form("/groupidentify", identification=big)
    assert (answer.status_code, answer.json) == (413, {"error": "Payload too large"})


@pytest.mark.parametrize("path", ["/identify", "/groupidentify", "/usermap"])
def test_a_damaged_gzip_body_is_refused_in_the_endpoints_own_shape(amplitude, path) -> None:
    answer = amplitude.client.post(path, data=b"\x1f\x8bnonsense", headers={"Content-Encoding": "gzip"})
    said = {
        "/identify": "missing_event",
        "/groupidentify": '{"error":"Missing identification"}',
        "/usermap": "missing_mapping",
    }
    assert (answer.status_code, answer.text) == (400, said[path])


@pytest.mark.parametrize("path", ["/identify", "/groupidentify", "/usermap"])
@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 413)])
def test_a_form_has_at_most_a_megabyte(amplitude, path, more, status) -> None:
    fields = {
        "/identify": {"identification": identification()},
        "/groupidentify": {"identification": group()},
        "/usermap": {"mapping": json.dumps({"user_id": "ida-1001", "global_user_id": "ida@example.com"})},
    }[path]
    body = urlencode({"api_key": amplitude.main.api_key, **fields, "padding": ""}).encode()
    body += b"x" * (1024 * 1024 + more - len(body))
    answer = amplitude.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == status


def test_identify_without_http_needs_an_id(amplitude) -> None:
    with pytest.raises(ValueError, match="identify call 1 has neither user_id nor device_id"):
        amplitude.service.identify("main", [{"user_id": "ida-1001"}, {"user_properties": {}}])


def test_with_limits_off_nothing_is_throttled(amplitude_with) -> None:
    amplitude = amplitude_with(AmplitudeSettings(limits=False))
    many = json.dumps([json.loads(identification())] * 901)
    assert amplitude.form("/identify", identification=many).text == "success"


def test_a_user_id_of_blanks_is_none(amplitude) -> None:
    people = [{"user_id": "   ", "device_id": f"d-{n}-00001"} for n in range(2)]
    assert len(set(amplitude.service.identify("main", people).amplitude_ids)) == 2
    assert amplitude.service.find("main", device_id="d-0-00001").user_id is None
