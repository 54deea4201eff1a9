"""HAR files, as browsers, proxies and `absim contract --report har` write them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from simulator.contract.traffic.recorded import NOT_READ, Recorded, Side, not_one_of, recorded


def har_entries(source: str, document: Mapping[str, Any]) -> Iterator[Recorded]:
    """Every exchange of a HAR file, but for what a browser asks on its own account. Raises UnreadableTraffic."""
    for number, entry in enumerate(document["log"].get("entries", []), start=1):
        try:
            request, response = entry["request"], entry["response"]
            headers = _headers(request)
            if request["method"].upper() == "OPTIONS" and "access-control-request-method" in headers:
                # A browser asks whether it may ask; no program of anybody's wrote that.
                continue
            yield recorded(
                source, number, request["method"], request["url"], Side(headers, _sent(request)),
                response["status"], Side(_headers(response), _content(response.get("content", {}))),
            )  # fmt: skip
        except NOT_READ as error:
            raise not_one_of("HAR file", f"{source}: entry {number}", error) from error


def _sent(request: Mapping[str, Any]) -> bytes | None:
    posted = request.get("postData")
    if not posted:
        # Browsers leave out a body that they streamed, and say its size.
        return b"" if request.get("bodySize", 0) <= 0 else None
    if posted.get("text") or not posted.get("params"):
        return str(posted.get("text", "")).encode()
    return urlencode([(each["name"], each.get("value", "")) for each in posted["params"]]).encode()


def _content(content: Mapping[str, Any]) -> bytes | None:
    if "text" not in content:
        return b"" if content.get("size", 0) <= 0 else None
    if content.get("encoding") == "base64":
        return b64decode(content["text"])
    return str(content["text"]).encode()


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"].lower(): str(each["value"]) for each in message.get("headers", [])}
