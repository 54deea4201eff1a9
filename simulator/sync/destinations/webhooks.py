"""Cohort webhooks: who entered and who left, posted to any loopback URL (Amplitude, Cohort webhooks)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.exchange import fits_header
from simulator.feeds import CohortInfo
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import SECOND_MS
from simulator.rules.planning import Change, Direction
from simulator.sync.destinations.base import Parcel, Unwritable
from simulator.sync.destinations.freemarker.builtins import RenderingFailed
from simulator.sync.destinations.freemarker.expressions import TemplateRefused
from simulator.sync.destinations.freemarker.template import Template
from simulator.sync.ports import Request
from simulator.sync.store.records import Connection, Sync

USERS_PER_MESSAGE = 1_000
OWN_HEADERS_AT_MOST = 5
PROPERTIES_AT_MOST = 50
ANSWER_WITHIN_MS = 2 * SECOND_MS
"""The receiver has 1 to 2 seconds; the generous end is built. One that is really there has so long in real time."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+")
FIXED_HEADERS = {"content-type": "application/json", "user-agent": "Amplitude/Webhook/1.0"}


class InvalidWebhook(ValueError):
    """A webhook that Amplitude would not save; the message says what to change."""


class CohortWebhooks:
    """A message is all about entries or all about exits; its id repeats when it is sent again."""

    kind = "webhook"
    batch_size = USERS_PER_MESSAGE
    patience_ms = ANSWER_WITHIN_MS
    one_pile = False

    def request_size(self, track_limit: str) -> int:
        """Always the same."""
        return self.batch_size

    def name_call(self, sync: Sync, cohort: CohortInfo) -> Mapping[str, Any] | None:
        """Every message carries the name."""
        return None

    def details(self, connection: Connection, user: AmplitudeUser) -> Mapping[str, Any] | None:
        """The user properties that the settings ask for."""
        names = connection.settings["properties"]
        return {name: user.properties[name] for name in names if name in user.properties} if names else None

    def request(self, parcel: Parcel) -> Request:
        """The default payload, or what its template makes of it; `computed_time` is a text of epoch seconds."""
        entering = parcel.batch.count(Direction.ADD) > 0
        side = "enter" if entering else "exit"
        run_id = parcel.run_id
        body = {
            "cohort_name": parcel.cohort_name,
            "cohort_id": parcel.sync.cohort,
            "in_cohort": entering,
            "computed_time": str(parcel.started_at // SECOND_MS),
            "message_id": f"{run_id}::{side}::{parcel.delivery.number}",
            "users": [self._user(change, parcel.extras) for change in parcel.batch.changes()],
        }
        url = urlsplit(parcel.connection.settings["url"])
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {**parcel.connection.settings["headers"], **FIXED_HEADERS}
        return Request("POST", path, headers, self._payload(parcel, body))

    def _payload(self, parcel: Parcel, body: Mapping[str, object]) -> bytes:
        source = parcel.connection.settings.get("template", "")
        if not source:
            return orjson.dumps(body)
        try:
            return _understood(source).render(body).encode()
        except RenderingFailed as failed:
            raise Unwritable(f"template: {failed}") from failed

    def rejected(self, body: bytes) -> dict[int, str]:
        """A receiver takes a message whole."""
        return {}

    def _user(self, change: Change, extras: Mapping[str, Any]) -> dict[str, Any]:
        properties = extras.get(str(change.amplitude_id))
        user: dict[str, Any] = {"user_id": change.identifier.value}
        return user if properties is None else {**user, "user_properties": properties}


@lru_cache(maxsize=64)
def _understood(source: str) -> Template:
    return Template(source)


def check(url: str, headers: Mapping[str, str], properties: Sequence[str], template: str = "") -> None:
    """Raises InvalidWebhook."""
    if template:
        try:
            _understood(template)
        except TemplateRefused as refused:
            raise InvalidWebhook(str(refused)) from refused
    if not _is_web_address(url):
        raise InvalidWebhook(f"{url!r} is not a URL to post to")
    if len(headers) > OWN_HEADERS_AT_MOST:
        raise InvalidWebhook(f"a webhook has at most {OWN_HEADERS_AT_MOST} headers of its own, not {len(headers)}")
    if clash := sorted(name for name in headers if name.lower() in FIXED_HEADERS):
        raise InvalidWebhook(f"{', '.join(clash)} is set by Amplitude")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not fits_header(value):
            raise InvalidWebhook(f"{name!r}: {value!r} is no header; it takes printable ASCII characters only")
    if len(properties) > PROPERTIES_AT_MOST:
        raise InvalidWebhook(f"a webhook carries at most {PROPERTIES_AT_MOST} user properties, not {len(properties)}")


def _is_web_address(url: str) -> bool:
    """Whether it is a URL as it goes over the wire, its path percent-encoded (RFC 3986)."""
    try:
        parts = urlsplit(url)
        if parts.port == 0:
            return False
    except ValueError:  # a port that is no number, or none that a computer has
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and fits_header(url) and " " not in url
