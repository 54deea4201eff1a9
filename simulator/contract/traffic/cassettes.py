"""Cassettes: what vcrpy and pytest-recording leave of a test against the real services, and recordings of `responses`.

The forms are those of vcrpy 1 to 9 (a mapping with `interactions`; headers are lists; a body is text or, where it is no
text, bytes; httpx bodies stood under `content` before version 6), of VCR for other languages (`http_interactions`) and
of `responses` 0.26 (a mapping with `responses`, which has no requests).
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from simulator.contract.traffic.recorded import NOT_READ, Recorded, Side, not_one_of, recorded

UNPACKED_BYTES_AT_MOST = 64 * 1024 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
INTERACTIONS = ("interactions", "http_interactions")
RESPONSES = "responses"


def is_cassette(document: Any) -> bool:
    """Whether a parsed file has the form of a cassette."""
    return isinstance(document, Mapping) and any(isinstance(document.get(name), list) for name in _NAMES)


_NAMES = (*INTERACTIONS, RESPONSES)


def read_yaml(text: bytes) -> Any:
    """The value of a YAML file, bytes where it says so; nothing in it is executed. Raises yaml.YAMLError."""
    try:
        return yaml.load(text, Loader=_Loader)
    except ValueError as error:
        # A day that no calendar has, or bytes that are not base64.
        raise yaml.YAMLError(str(error)) from error


def cassette_entries(source: str, document: Mapping[str, Any]) -> Iterator[Recorded]:
    """Every exchange of a cassette. Raises UnreadableTraffic."""
    name = next(name for name in _NAMES if isinstance(document.get(name), list))
    read = _of_responses if name == RESPONSES else _interaction
    for number, entry in enumerate(document[name], start=1):
        try:
            yield read(source, number, entry)
        except NOT_READ as error:
            raise not_one_of("cassette", f"{source}: entry {number}", error) from error


def _interaction(source: str, number: int, entry: Mapping[str, Any]) -> Recorded:
    request, response = entry["request"], entry["response"]
    asked, answered = _headers(request), _headers(response)
    status = response["status"]["code"] if "status" in response else response["status_code"]
    return recorded(
        source, number, request["method"], request["uri"], Side(asked, _unpacked(asked, _body(request.get("body")))),
        int(status), Side(answered, _unpacked(answered, _body(response.get("body", response.get("content"))))),
    )  # fmt: skip


def _of_responses(source: str, number: int, entry: Mapping[str, Any]) -> Recorded:
    response = entry["response"]
    headers = {"content-type": str(response.get("content_type", "")), **_headers(response)}
    answered = Side(headers, _body(response.get("body")))
    return recorded(
        source, number, response["method"], response["url"], Side({}, None), int(response["status"]), answered
    )


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    """A header is a list of values, or was one value in an early version."""
    return {
        str(name).lower(): ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
        for name, value in (message.get("headers") or {}).items()
    }


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _body(value: Any) -> bytes:
    """Text, bytes, pieces of either, or a mapping that says how the text is written."""
    if isinstance(value, Mapping):
        if value.get("base64_string"):
            return b64decode(value["base64_string"])
        return _body(value.get("string"))
    if isinstance(value, list | tuple):
        return b"".join(_body(each) for each in value)
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode()


def _unpacked(headers: Mapping[str, str], body: bytes) -> bytes | None:
    """The body without its compression; None when it cannot be read. Some recorders unpack and leave the header."""
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing in ("", "identity") or not body or body[:1] in b"{[":
        return body
    if packing not in ("gzip", "x-gzip", "deflate"):
        return None if _is_binary(body) else body
    for bits in (_GZIP_OR_ZLIB, -zlib.MAX_WBITS):
        unpacking = zlib.decompressobj(bits)
        try:
            unpacked = unpacking.decompress(body, UNPACKED_BYTES_AT_MOST)
        except zlib.error:
            continue
        return unpacked if unpacking.eof else None
    return None if _is_binary(body) else body


def _is_binary(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


class _Loader(yaml.CSafeLoader):
    """YAML as vcrpy writes it: its tags for texts, for pieces of a body and for a body that was a file."""


def _scalar(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _sequence(loader: Any, node: Any) -> Any:
    return loader.construct_sequence(node, deep=True)


def _inside(name: str) -> Callable[[Any, Any], Any]:
    def first(loader: Any, node: Any) -> Any:
        found = loader.construct_mapping(node, deep=True).get(name) or [b""]
        return found[0]

    return first


_PYTHON = "tag:yaml.org,2002:python/"
_Loader.add_constructor(f"{_PYTHON}str", _scalar)
_Loader.add_constructor(f"{_PYTHON}unicode", _scalar)
_Loader.add_constructor(f"{_PYTHON}tuple", _sequence)
_Loader.add_constructor(f"{_PYTHON}object/new:_io.BytesIO", _inside("state"))
_Loader.add_constructor(f"{_PYTHON}object/apply:builtins.iter", _inside("args"))
