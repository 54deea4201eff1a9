"""Cassettes of vcrpy and its likes: every way in which they write a body, and no secret of any."""

from __future__ import annotations

import gzip
import json
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from simulator import openapi
from simulator.contract.traffic.drift import check_traffic
from simulator.contract.traffic.reading import read_traffic
from simulator.contract.traffic.recorded import NoRecording, Recorded, UnreadableTraffic

KEY = "544dfe62-07ad-4a45-8e75-3b944d012a92"
ANSWER = b'{"message": "success", "attributes_processed": 1}'
PACKED = gzip.compress(ANSWER, mtime=0)
VCRPY = """\
interactions:
- request:
    body: %(request)s
    headers:
      Authorization:
      - Bearer 544dfe62-07ad-4a45-8e75-3b944d012a92
      Content-Type:
      - application/json
    method: POST
    uri: https://rest.iad-01.braze.com/users/track
  response:
    body:
      string: %(answer)s
    headers:
      Content-Encoding:
      - %(packing)s
      Content-Type:
      - application/json; charset=utf-8
    status:
      code: 201
      message: Created
version: 1
"""
TEXT = """'{"attributes": [{"external_id": "ida"}]}'"""
FILE = """!!python/object/new:_io.BytesIO
      state: !!python/tuple
      - !!binary |
        eyJhdHRyaWJ1dGVzIjogW3siZXh0ZXJuYWxfaWQiOiAiaWRhIn1dfQ==
      - 0
      - null"""
PIECES = """!!python/object/apply:builtins.iter
      args:
      - - '{"attributes": '
        - !!binary |
          W3siZXh0ZXJuYWxfaWQiOiAiaWRhIn1dfQ==
      state: 0"""
OLD = """!!python/unicode '{"attributes": [{"external_id": "ida"}]}'"""


def read(path: Path, text: str) -> list[Recorded]:
    path.write_text(text, encoding="utf-8")
    return read_traffic(path)


def vcrpy(request: str = TEXT, answer: bytes = ANSWER, packing: str = "identity") -> str:
    return VCRPY % {"request": request, "answer": f"!!binary {b64encode(answer).decode()}", "packing": packing}


@pytest.mark.parametrize("request_body", [TEXT, FILE, PIECES, OLD])
def test_a_request_is_read_however_it_was_written(tmp_path: Path, request_body: str) -> None:
    (recorded,) = read(tmp_path / "test_push.yaml", vcrpy(request_body))
    assert b'{"attributes": [{"external_id": "ida"}]}' == recorded.request_body
    assert ("rest.iad-01.braze.com", "/users/track", 201) == (recorded.host, recorded.path, recorded.status)
    assert KEY not in repr(recorded)


@pytest.mark.parametrize(
    ("packing", "answer"),
    [("gzip", PACKED), ("deflate", zlib.compress(ANSWER)), ("deflate", zlib.compress(ANSWER)[2:-4]),
     ("gzip", ANSWER), ("br", ANSWER)],
)  # fmt: skip
def test_an_answer_is_unpacked_unless_the_recorder_did(tmp_path: Path, packing: str, answer: bytes) -> None:
    (recorded,) = read(tmp_path / "test_push.yaml", vcrpy(answer=answer, packing=packing))
    assert (ANSWER, True) == (recorded.response_body, recorded.response_whole)


@pytest.mark.parametrize(("packing", "answer"), [("br", b"\x8b\x02\x80"), ("gzip", PACKED[:20])])
def test_an_answer_that_cannot_be_unpacked_is_not_held_against_anybody(
    tmp_path: Path, packing: str, answer: bytes
) -> None:
    recorded = read(tmp_path / "test_push.yaml", vcrpy(answer=answer, packing=packing))
    assert [False] == [each.response_whole for each in recorded]
    assert () == check_traffic(openapi.load("braze"), recorded).drift


def test_a_packed_answer_is_held_against_the_contract(tmp_path: Path) -> None:
    recorded = read(tmp_path / "test_push.yaml", vcrpy(answer=gzip.compress(b'{"message": 5}'), packing="gzip"))
    (drift,) = check_traffic(openapi.load("braze"), recorded).drift
    assert ("type", "response 201 body.message", str(tmp_path / "test_push.yaml")) == (
        drift.kind, drift.where, drift.source,
    )  # fmt: skip


def test_json_cassettes_and_those_of_early_httpx_and_of_other_languages_are_read_too(tmp_path: Path) -> None:
    request: dict[str, Any] = {"method": "GET", "uri": "https://rest.fra-01.braze.eu/segments/list", "headers": {}}
    early = {"request": request, "response": {"status_code": 200, "headers": {}, "content": "{}"}}
    body = {"encoding": "UTF-8", "base64_string": b64encode(b"{}").decode()}
    other = {"request": request, "response": {"status": {"code": 200}, "headers": {}, "body": body}}
    recorded = [
        *read(tmp_path / "early.json", json.dumps({"version": 1, "interactions": [early]})),
        *read(tmp_path / "other.json", json.dumps({"http_interactions": [other]})),
    ]
    assert [(200, b"{}", b"")] * 2 == [(each.status, each.response_body, each.request_body) for each in recorded]


def test_recordings_of_responses_have_answers_only(tmp_path: Path) -> None:
    text = """\
responses:
- response:
    auto_calculate_content_length: false
    body: '{"message": 5, "segments": []}'
    content_type: application/json
    method: GET
    status: 200
    url: https://rest.iad-01.braze.com/segments/list?page=0
"""
    (recorded,) = read(tmp_path / "out.yaml", text)
    assert (False, True, {"page": ["0"]}) == (recorded.request_whole, recorded.response_whole, recorded.query)
    assert ["response 200 body.message"] == [
        each.where for each in check_traffic(openapi.load("braze"), [recorded]).drift
    ]


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [("interactions: [{request: 5}]", UnreadableTraffic, "entry 1 is not one of a cassette: response is missing; rec"),
     ("interactions: [{request: {}, response: {status: ok}}]", UnreadableTraffic, "entry 1 .* has another form"),
     ("responses: [{response: {method: GET, url: '', status: many}}]", UnreadableTraffic,
      "entry 1 .*: a value cannot be read: invalid literal for int.* 'many'; record it again"),
     ("interactions: [{when: 2026-13-45}]", UnreadableTraffic, "not a YAML file: month must be in 1..12"),
     ("a: [1", UnreadableTraffic, "not a YAML file"), ("a: 1", NoRecording, "not a cassette"),
     ("a: !!python/object/apply:os.system ['true']", UnreadableTraffic, "not a YAML file")],
)  # fmt: skip
def test_what_is_no_cassette_is_refused_and_never_executed(
    tmp_path: Path, text: str, kind: type[Exception], why: str
) -> None:
    with pytest.raises(kind, match=why):
        read(tmp_path / "x.yaml", text)


def test_an_empty_cassette_holds_nothing(tmp_path: Path) -> None:
    assert ([], []) == (read(tmp_path / "a.yaml", ""), read(tmp_path / "b.yaml", "interactions: []\nversion: 1\n"))
