"""Tells a loopback address that an export is ready: the one HTTP request that the Braze fake makes itself."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

TIMEOUT_SECONDS = 5.0
_AS_IT_IS = "/?&=%:@!$'()*+,;~"
"""What may stand in the path and query of a URL beside letters and digits (RFC 3986)."""


def post_json(url: str, body: bytes) -> int:
    """POST a JSON body; the status of the answer. Raises OSError when nobody answers."""
    try:
        parts = urlsplit(url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        target = quote(parts._replace(scheme="", netloc="", fragment="").geturl(), safe=_AS_IT_IS)
        with closing(connect(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("POST", target or "/", body, {"Content-Type": "application/json"})
            return connection.getresponse().status
    except (HTTPException, ValueError) as error:
        raise ConnectionError(f"{url}: {error!r}") from error
