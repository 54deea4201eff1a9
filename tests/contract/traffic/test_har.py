"""HAR files: what browsers and proxies leave out, and what they record besides."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from simulator.contract.traffic.reading import read_traffic
from simulator.contract.traffic.recorded import Recorded, UnreadableTraffic

KEY = "544dfe62-07ad-4a45-8e75-3b944d012a92"


def entry(request: dict[str, Any], response: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = {"method": "POST", "url": f"https://api2.amplitude.com/identify?api_key={KEY}", "headers": [], **request}
    return {"request": asked, "response": {"status": 200, "headers": [], "content": {}, **(response or {})}}


def read(folder: Path, *entries: dict[str, Any]) -> list[Recorded]:
    path = folder / "a.har"
    path.write_text("\ufeff" + json.dumps({"log": {"entries": list(entries)}}))
    return read_traffic(path)


def test_secrets_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    headers = [{"name": "Authorization", "value": f"Bearer {KEY}"}, {"name": "Cookie", "value": f"session={KEY}"}]
    posted = {"text": json.dumps({"client_secret": KEY})}
    answer = {"content": {"text": json.dumps({"error": f"Invalid API key: {KEY}"})}}
    recorded = read(tmp_path, entry({"headers": headers, "postData": posted}, answer))
    assert KEY not in repr(recorded)
    assert {"api_key": ["***"]} == recorded[0].query


def test_a_form_that_was_taken_apart_is_put_together(tmp_path: Path) -> None:
    fields = [{"name": "api_key", "value": KEY}, {"name": "identification", "value": "[{}]"}]
    (recorded,) = read(tmp_path, entry({"postData": {"mimeType": "form", "params": fields}}))
    assert b"api_key=***&identification=%5B%7B%7D%5D" == recorded.request_body


def test_a_body_that_the_browser_left_out_is_not_taken_for_none(tmp_path: Path) -> None:
    left_out = entry({"bodySize": 512}, {"content": {"size": 99}})
    none = entry({"bodySize": 0}, {"content": {"size": 0}})
    recorded = read(tmp_path, left_out, none)
    assert [(False, False), (True, True)] == [(each.request_whole, each.response_whole) for each in recorded]


def test_a_body_in_base64_is_unpacked(tmp_path: Path) -> None:
    content = {"encoding": "base64", "text": b64encode(b'{"code": 200}').decode()}
    assert [b'{"code": 200}'] == [each.response_body for each in read(tmp_path, entry({}, {"content": content}))]


def test_what_a_browser_asks_on_its_own_account_is_passed_over(tmp_path: Path) -> None:
    preflight = entry({"method": "OPTIONS", "headers": [{"name": "Access-Control-Request-Method", "value": "POST"}]})
    assert [2] == [each.number for each in read(tmp_path, preflight, entry({}))]


def test_an_entry_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTraffic, match="entry 2 is not one of a HAR file: request is missing"):
        read(tmp_path, entry({}), {})
