"""Braze's rate limits on the simulated clock: which operation counts in which bucket, and the gate that refuses.

Sources: Braze, "API limits" (2026), "Create and update users", "Partner cohort import integration", "Send messages
immediately using the API only". On by default, listed by `rows()`, switched off as a whole by `enabled = False`.
Counts are per workspace and live as long as the process: a world that is opened again starts with fresh windows.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

from simulator.fakes.binding import Call, MalformedBody, Problem, Reply
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.wire import failure
from simulator.openapi import Operation
from simulator.rules import limits
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from simulator.rules.limits import Bucket, Dialect, Standing, Usage

API_LIMITS = "Braze, API limits"

BUCKETS: dict[str, Bucket] = {
    bucket.name: bucket
    for bucket in (
        Bucket("default", 250_000, HOUR_MS, API_LIMITS),
        Bucket("cohorts", 250_000, HOUR_MS, "Braze, Partner cohort import integration"),
        Bucket("track", 3_000, 3 * SECOND_MS, API_LIMITS),
        Bucket("track bulk", 50, SECOND_MS, "Braze, Create and update users (bulk)"),
        Bucket("track sync", 500, MINUTE_MS, "Braze, Create and update users (synchronous)"),
        Bucket("identities", 20_000, MINUTE_MS, API_LIMITS),
        Bucket("rename", 1_000, MINUTE_MS, API_LIMITS),
        Bucket("remove", 1_000, MINUTE_MS, API_LIMITS),
        Bucket("export ids", 250, MINUTE_MS, "Braze, API limits (onboarded on or after 22 August 2024)"),
        Bucket("export ids by field", 40, SECOND_MS, "Braze, Export user profile by identifier"),
        Bucket("lists", 1_000, HOUR_MS, API_LIMITS),
        Bucket("subscription set", 5_000, MINUTE_MS, API_LIMITS),
        Bucket("campaign series", 50_000, MINUTE_MS, API_LIMITS),
        Bucket("sends", 250_000, HOUR_MS, API_LIMITS),
        Bucket("broadcasts", 250, MINUTE_MS, API_LIMITS),
        Bucket("audience", 10, MINUTE_MS, API_LIMITS, per="audience"),
        Bucket("send ids", 100, DAY_MS, API_LIMITS),
        Bucket("copies of campaigns", 100, MINUTE_MS, "Braze, Duplicate campaigns"),
        Bucket("copies of Canvases", 100, MINUTE_MS, "Braze, Duplicate Canvases"),
    )
}
"""Every bucket, by name. That days and minutes lie on the clock as hours do is inferred."""

OPERATIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("nameCohort", "changeCohortUsers"), ("cohorts",)),
    "trackUsers": ("track",),
    "trackUsersBulk": ("track bulk",),
    "trackUsersSync": ("track sync",),
    **dict.fromkeys(
        ("identifyUsers", "createUserAliases", "updateUserAliases", "mergeUsers", "deleteUsers"), ("identities",)
    ),
    "renameExternalIds": ("rename",),
    "removeExternalIds": ("remove",),
    "exportUsersByIds": ("export ids", "export ids by field"),
    **dict.fromkeys(
        (
            "listEvents", "exportEvents", "listCustomAttributes", "listProducts", "purchaseQuantitySeries",
            "purchaseRevenueSeries",
        ),
        ("lists",),
    ),
    **dict.fromkeys(("setSubscriptionStatus", "setSubscriptionStatusV2"), ("subscription set",)),
    "campaignDataSeries": ("campaign series",),
    "createSendId": ("send ids",),
    "duplicateCampaign": ("copies of campaigns",),
    "duplicateCanvas": ("copies of Canvases",),
    "downloadSegmentExport": (),
    # Over the allotted rate it goes on to take and send messages (Braze, Send transactional emails).
    "sendTransactionalEmail": (),
}  # fmt: skip
"""Buckets by operation; every other operation is in "default", every left-out one in none."""

SENDS: dict[str, tuple[str, ...]] = {
    "sendMessages": ("external_user_ids", "user_aliases"),
    "triggerCampaign": ("recipients",),
    "triggerCanvas": ("recipients",),
}
"""Sending operations and the keys that name people; without any of them the call is a broadcast."""
_MESSAGE_FIELDS = frozenset({"campaigns_received", "canvases_received"})
"""An export that names its fields and none of these has a limit of its own instead of the usual one."""
_TARGETS = ("segment_id", "audience", "campaign_id", "canvas_id")
_PARTNER_KEYS = {
    name: re.compile(rb'"' + name.encode() + rb'"\s*:\s*"((?:[^"\\]|\\.)*)"')
    for name in ("partner_api_key", "client_secret")
}


class LimitRow(NamedTuple):
    """One limit of one operation, as it is listed."""

    service: str
    operation: str
    limit: str
    bucket: str
    source: str
    confidence: str


class LimitGate:
    """Counts calls per workspace and refuses those over a limit."""

    def __init__(self, room: Room, keys: Keys, *, enabled: bool = True) -> None:
        self._room = room
        self._keys = keys
        self.enabled = enabled
        self._buckets = dict(BUCKETS)
        self._usages: dict[tuple[str, str, str], Usage] = {}
        self._lock = threading.Lock()

    def rows(self, operations: Mapping[str, Operation]) -> list[LimitRow]:
        """Every limit in force, one row per operation and bucket, in the order of the contract."""
        return [
            LimitRow("braze", operation_id, bucket.in_words, bucket.name, bucket.source, bucket.confidence)
            for operation_id, operation in operations.items()
            for bucket in (self._buckets[name] for name in _all_names(operation))
        ]

    def set_limit(self, bucket: str, limit: int) -> None:
        """Another figure for one bucket, as Braze raises limits on request. Raises KeyError for an unknown bucket."""
        self._buckets[bucket] = replace(self._buckets[bucket], limit=limit)

    def use(self, bucket: str, workspace: str, used: int, at: Instant) -> None:
        """Let so many requests have been made in the window that holds the instant. Raises KeyError."""
        began = limits.current(self._buckets[bucket], None, at).began
        with self._lock:
            self._usages[workspace, bucket, ""] = Usage(began, used)

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Count the call in all its buckets, or refuse it with 429 and count it in none."""
        counted = self._counted(call, operation)
        if not counted:
            return None
        with self._lock:
            taken = {key: limits.take(bucket, self._usages.get(key), call.at) for key, bucket in counted.items()}
            allowed = {key: usage for key, usage in taken.items() if usage is not None}
            if len(allowed) == len(taken):
                self._usages.update(allowed)
                return None
        standing = self._standing(counted, call.at)
        found = limits.headers(standing, call.at, self._dialect, refused=True)
        refused = failure(429, "Rate Limited")
        return replace(refused, headers=found)

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Every reply to a known workspace says where its limit stands."""
        if "retry-after" in reply.headers:
            return reply
        counted = self._counted(call, operation)
        if not counted:
            return reply
        found = limits.headers(self._standing(counted, call.at), call.at, self._dialect)
        return replace(reply, headers={**reply.headers, **found})

    @property
    def _dialect(self) -> Dialect:
        return Dialect(self._room.rules.rate_limit_reset)

    def _standing(self, counted: Mapping[tuple[str, str, str], Bucket], at: Instant) -> Standing:
        with self._lock:
            return limits.tightest(
                {bucket.name: limits.standing(bucket, self._usages.get(key), at) for key, bucket in counted.items()}
            )

    def _counted(self, call: Call, operation: Operation) -> dict[tuple[str, str, str], Bucket]:
        """The counts that this call concerns; none while limits are off or the workspace is unknown."""
        names = self._names(call, operation)
        if not self.enabled or not names:
            return {}
        try:
            workspace = self._workspace(call, operation)
        except Problem:
            return {}
        audience = _audience(call) if "audience" in names else ""
        return {(workspace, name, audience if self._buckets[name].per else ""): self._buckets[name] for name in names}

    def _names(self, call: Call, operation: Operation) -> tuple[str, ...]:
        if operation.operation_id in SENDS:
            return ("broadcasts", "audience") if _is_broadcast(call, operation.operation_id) else ("sends",)
        if operation.operation_id == "exportUsersByIds":
            return ("export ids by field",) if _is_export_by_field(call) else ("export ids",)
        return _all_names(operation)

    def _workspace(self, call: Call, operation: Operation) -> str:
        if "partners" not in operation.tags:
            return self._keys.workspace_of(call)
        # The body may hold a thousand ids; the two keys are found without reading them all.
        found = {name: pattern.search(call.body) for name, pattern in _PARTNER_KEYS.items()}
        return self._keys.partner_workspace(
            call, {name: match[1].decode("utf-8", "replace") for name, match in found.items() if match}
        )


def _all_names(operation: Operation) -> tuple[str, ...]:
    if not operation.emulated:
        return ()
    if operation.operation_id in SENDS:
        return ("sends", "broadcasts", "audience")
    return OPERATIONS.get(operation.operation_id, ("default",))


def _sent(call: Call) -> Mapping[str, object]:
    try:
        body = call.json()
    except MalformedBody:
        return {}
    return body if isinstance(body, dict) else {}


def _is_broadcast(call: Call, operation_id: str) -> bool:
    body = _sent(call)
    return bool(body) and not any(body.get(name) for name in SENDS[operation_id])


def _is_export_by_field(call: Call) -> bool:
    fields = _sent(call).get("fields_to_export")
    named = {each for each in fields if isinstance(each, str)} if isinstance(fields, list) else set()
    return bool(named) and not named & _MESSAGE_FIELDS


def _audience(call: Call) -> str:
    """What makes an audience unique: the segment, campaign or Canvas and the filters sent along (inferred)."""
    body = _sent(call)
    parts = repr([(name, body.get(name)) for name in _TARGETS])
    return blake2b(parts.encode(), digest_size=12).hexdigest()
