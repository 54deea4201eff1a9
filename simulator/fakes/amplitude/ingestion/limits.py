"""Who sends too fast: events per second by device and user, daily quotas, and the Starter plan's ceiling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.fakes.amplitude.ingestion.windows import SlidingCount
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.store.relations import Relations
from simulator.rules.ingestion import CleanEvent
from simulator.rules.instants import DAY_MS, HOUR_MS, SECOND_MS, Instant

RATE_WINDOW_SECONDS = 30
"""Rates are averages over so many seconds: 30,000 events within 30 s are a rate of 1000 (Batch Event Upload API).

The other pages speak of "a recent window"; that it is as long, and that each endpoint counts for itself, is inferred.
"""
STARTER_EVENTS_PER_SECOND = 1_000
STARTER_BATCHES_PER_SECOND = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one upload endpoint takes. A body or an events array above the limit is a 413."""

    path: str
    body_bytes: int
    events: int
    events_per_second: int
    source: str
    tells_quotas: bool = False
    """Whether each 429 carries the keys of daily quotas, or only one that exceeds a quota."""


HTTP_API = Endpoint("/2/httpapi", 1024 * 1024 - 1, 1_999, 30, "Amplitude, HTTP V2 API")
"""The page wants requests under 1 MB and fewer than 2000 events; Batch takes up to its figures."""
BATCH = Endpoint("/batch", 20 * 1024 * 1024, 2_000, 1_000, "Amplitude, Batch Event Upload API", tells_quotas=True)


@dataclass(slots=True)
class Throttle:
    """Which devices, users and events of a request are too many."""

    threshold: int
    tells_quotas: bool = False
    devices: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    quota_devices: dict[str, int] = field(default_factory=dict)
    quota_users: dict[str, int] = field(default_factory=dict)
    events: list[int] = field(default_factory=list)
    project: bool = False

    def __bool__(self) -> bool:
        return self.project or bool(self.devices or self.users or self.quota_devices or self.quota_users)

    def body(self) -> dict[str, object]:
        """The keys of a 429; where quotas are not always told they appear when one is exceeded."""
        answer: dict[str, object] = {
            "eps_threshold": self.threshold,
            "throttled_devices": self.devices,
            "throttled_users": self.users,
            "throttled_events": self.events,
        }
        if self.tells_quotas or self.quota_devices or self.quota_users:
            answer["exceeded_daily_quota_users"] = self.quota_users
            answer["exceeded_daily_quota_devices"] = self.quota_devices
        return answer


class IngestionLimits:
    """Counts what was taken in; a refused request uses nothing up (inferred), so that a retry can succeed."""

    def __init__(self, settings: AmplitudeSettings, relations: Relations) -> None:
        self._settings = settings
        self._relations = relations
        self._rates: dict[str, SlidingCount[tuple[str, str, str]]] = {}
        self._daily: SlidingCount[tuple[str, str, str]] = SlidingCount(DAY_MS)
        self._starter: SlidingCount[tuple[str, str]] = SlidingCount(SECOND_MS)

    def check(self, project: Project, endpoint: Endpoint, events: Sequence[CleanEvent], at: Instant) -> Throttle:
        """Judge a request before anything of it is stored."""
        throttle = Throttle(endpoint.events_per_second, endpoint.tells_quotas)
        if not self._settings.limits:
            return throttle
        devices, users = _by_device(events), _by_user(events)
        throttle.devices = self._too_fast(project, endpoint, "device", devices, at)
        throttle.users = self._too_fast(project, endpoint, "user", users, at)
        if self._relations.any_marked(project, "suspected"):
            throttle.quota_devices = self._over_quota(project, "device", devices, at)
            throttle.quota_users = self._over_quota(project, "user", users, at)
        bad_devices = throttle.devices.keys() | throttle.quota_devices.keys()
        bad_users = throttle.users.keys() | throttle.quota_users.keys()
        throttle.events = [each.index for each in events if each.device_id in bad_devices or each.user_id in bad_users]
        if project.plan == "starter" and self._starter_is_full(project, len(events), at):
            throttle.threshold, throttle.project = STARTER_EVENTS_PER_SECOND, True
        return throttle

    def spend(self, project: Project, endpoint: Endpoint, events: Sequence[CleanEvent], at: Instant) -> None:
        """Count a request that was taken in."""
        if not self._settings.limits:
            return
        devices, users = _by_device(events), _by_user(events)
        counts = {(project.name, "device", name): count for name, count in devices.items()}
        counts |= {(project.name, "user", name): count for name, count in users.items()}
        self._rate(endpoint).add(counts, at)
        if project.plan == "starter":
            self._starter.add({(project.name, "events"): len(events), (project.name, "batches"): 1}, at)
        if self._relations.any_marked(project, "suspected"):
            suspected = {
                (project.name, kind, name): count
                for kind, counted in (("device", devices), ("user", users))
                for name, count in counted.items()
                if name in self._relations.marked(project, "suspected", kind, counted)
            }
            # The rolling day moves in steps of one hour.
            self._daily.add(suspected, Instant(at - at % HOUR_MS))

    def _rate(self, endpoint: Endpoint) -> SlidingCount[tuple[str, str, str]]:
        return self._rates.setdefault(endpoint.path, SlidingCount(RATE_WINDOW_SECONDS * SECOND_MS))

    def _too_fast(
        self, project: Project, endpoint: Endpoint, kind: str, counts: Mapping[str, int], at: Instant
    ) -> dict[str, int]:
        window = self._rate(endpoint)
        allowed = endpoint.events_per_second * RATE_WINDOW_SECONDS
        totals = {name: window.count((project.name, kind, name), at) + count for name, count in counts.items()}
        return {name: -(-total // RATE_WINDOW_SECONDS) for name, total in totals.items() if total > allowed}

    def _over_quota(self, project: Project, kind: str, counts: Mapping[str, int], at: Instant) -> dict[str, int]:
        suspected = self._relations.marked(project, "suspected", kind, counts)
        day = {name: self._daily.count((project.name, kind, name), at) + counts[name] for name in sorted(suspected)}
        return {name: total for name, total in day.items() if total > self._settings.daily_quota}

    def _starter_is_full(self, project: Project, count: int, at: Instant) -> bool:
        events = self._starter.count((project.name, "events"), at) + count
        batches = self._starter.count((project.name, "batches"), at) + 1
        return events > STARTER_EVENTS_PER_SECOND or batches > STARTER_BATCHES_PER_SECOND


def _by_device(events: Sequence[CleanEvent]) -> Counter[str]:
    return Counter(each.device_id for each in events if each.device_id is not None)


def _by_user(events: Sequence[CleanEvent]) -> Counter[str]:
    return Counter(each.user_id for each in events if each.user_id is not None)
