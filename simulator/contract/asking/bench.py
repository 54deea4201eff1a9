"""What is under test: a served world full of people, or addresses that claim to speak the same contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from simulator import openapi
from simulator.fakes.amplitude.service import SeedEvent, UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.openapi import Contract
from simulator.resources import CONTRACTS
from simulator.rules.instants import HOUR_MS, Instant
from simulator.serving.plane.stories import Stories
from simulator.serving.server import Server
from simulator.serving.stage import Keys, Stage, world_settings
from simulator.sync.streaming.outbox import Channel
from simulator.sync.streaming.settings import StreamSettings
from simulator.world import World, WorldSettings

PEOPLE = 24
REDIRECTED_FROM = 5
"""Cohorts of so many are large: their files are behind a link. The real figure would need ten thousand people."""
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Living:
    """Values that name something that exists, by the name under which requests carry them.

    A name may be that of one operation only (`getStream.stream`); it goes before the common one.
    """

    values: Mapping[str, Sequence[object]] = field(default_factory=dict)

    def of(self, name: str, operation: str = "") -> Sequence[object]:
        """What may stand under a name in a request; nothing when the name means nothing that lives."""
        return self.values.get(f"{operation}.{name}", self.values.get(name, ()))


@dataclass(frozen=True, slots=True)
class Target:
    """One service to call: in process when `application` is set, else at `url`."""

    service: str
    contract: Contract
    application: Wsgi | None
    url: str


class Bench:
    """Three services with keys and living ids. Use as a context manager."""

    def __init__(self, targets: Mapping[str, Target], keys: Keys, living: Living, server: Server | None = None) -> None:
        self.targets = dict(targets)
        self.keys = keys
        self.living = living
        self._server = server

    @classmethod
    def in_process(cls, seed: int, *, limits: bool = False) -> Bench:
        """A fresh world with people, cohorts, segments and campaigns; nothing listens outside loopback."""
        server = Server(world_settings(WorldSettings(seed=seed), Keys(), limits=limits), people=Stories())
        stage = server.main
        stage.start()
        living = populate(stage.world)
        targets = {
            service: Target(service, openapi.load(service), stage.application(service), stage.urls[service])
            for service in CONTRACTS
        }
        return cls(targets, stage.keys, living, server)

    @classmethod
    def at(cls, urls: Mapping[str, str], keys: Keys) -> Bench:
        """Anything that claims to speak these contracts; nothing is known of who lives there."""
        targets = {service: Target(service, openapi.load(service), None, url) for service, url in urls.items()}
        return cls(targets, keys, Living())

    @property
    def stage(self) -> Stage:
        """The served world. Raises LookupError when the services are somebody else's."""
        if self._server is None:
            raise LookupError("these services are not ours; nothing behind their doors can be reached")
        return self._server.main

    def reading(self, switch: str) -> object:
        """How a switch stands. Raises LookupError when the services are somebody else's."""
        return getattr(self.stage.world.rules, switch)

    @property
    def ours(self) -> bool:
        """Whether the world behind the services can be reached."""
        return self._server is not None

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()


def populate(world: World) -> Living:
    """Put people into both services, cohorts, segments, campaigns and groups around them; what may be named."""
    now = world.clock.now
    external_ids = [f"person-{number:04d}" for number in range(PEOPLE)]
    devices = [f"device-{number:04d}-of-a-person" for number in range(PEOPLE)]
    world.braze.seed_profiles(
        ProfileSeed(
            external_id=external_id, aliases=[("crm", f"crm-{external_id}")], device_ids=[device],
            attributes={"email": f"{external_id}@example.com", "plan": "pro", "country": "DE"},
        )
        for external_id, device in zip(external_ids, devices, strict=True)
    )  # fmt: skip
    anonymous = [f"anonymous-{number:04d}" for number in range(4)]
    _use_phones(world, anonymous, external_ids[:3])
    opened = SeedEvent("app_opened", Instant(now - HOUR_MS), {"screen": "home"})
    seeds = [
        UserSeed(external_id, device, {"plan": "pro"}, (opened,))
        for external_id, device in zip(external_ids, devices, strict=True)
    ]
    amplitude_ids = world.amplitude.seed_users("main", seeds)
    cohorts = [
        world.amplitude.cohorts.create_static(f"list {number}", amplitude_ids[: 4 + number]) for number in range(3)
    ]
    world.amplitude.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    audience = world.braze.audience
    segments = [audience.create_segment("everybody"), audience.create_segment("pros")]
    exported = audience.create_segment("for the furniture's export")
    group = audience.create_subscription_group("news")
    audience.control_group.set("main", 10)
    world.amplitude.cohort_api.exports.redirect_from = REDIRECTED_FROM
    plan = {"segment": "everybody", "channel": "email", "api_triggered": True}
    campaign = audience.create_campaign("welcome", plan)
    canvas = audience.create_canvas("journey", plan)
    transactional = audience.create_campaign("receipt", {"channel": "email", "transactional": True})
    stream = _stream(world)
    profiles = [world.braze.store.profiles.by_external_id("main", each) for each in external_ids]
    braze_ids = [profile.braze_id for profile in profiles if profile is not None]
    cohort_ids = [each.cohort_id for each in cohorts]
    people: dict[str, Sequence[object]] = {
        "external_id": external_ids, "external_user_id": external_ids, "user_id": external_ids, "user": amplitude_ids,
        "device_id": devices + anonymous, "braze_id": braze_ids, "alias_name": [f"crm-{each}" for each in external_ids],
        "alias_label": ["crm"], "old_alias_name": [f"crm-{each}" for each in external_ids],
        "current_external_id": external_ids, "email": [f"{each}@example.com" for each in external_ids],
        "amplitude_id": amplitude_ids, "amplitude_ids": amplitude_ids, "ids": external_ids,
        "person": external_ids,
    }  # fmt: skip
    things: dict[str, Sequence[object]] = {
        "cohort_id": cohort_ids, "large_cohort_id": cohort_ids[2:], "existing_cohort_id": cohort_ids,
        "cohort": ["list 0", "list 1"],
        "segment_id": [each.segment_id for each in segments], "segment": ["everybody", "pros"],
        "nameCohort.partner": ["amplitude"], "changeCohortUsers.partner": ["amplitude"],
        "furniture.segment_id": [exported.segment_id],
        "campaign_id": [campaign.campaign_id], "campaign": ["welcome"], "canvas_id": [canvas.campaign_id],
        "transactional_campaign_id": [transactional.campaign_id],
        "subscription_group_id": [group.group_id], "sync_id": [stream.id],
        "app_id": [world.amplitude.store.projects.named("main").app_id],
    }  # fmt: skip
    return Living({**people, **things})


def _use_phones(world: World, anonymous: Sequence[str], external_ids: Sequence[str]) -> None:
    """Some phones whose owner nobody knows, and some on which people log in, do something and buy something."""
    phone = world.braze.phone
    for device in anonymous:
        phone.appear(device)
    for external_id in external_ids:
        device = f"phone-of-{external_id}"
        phone.appear(device)
        phone.log_in(device, external_id)
        phone.log_event(device, "app_opened")
        phone.log_purchase(device, "sku-1", price=9.5, currency="EUR")


def _stream(world: World) -> Channel:
    """A stream of one event, so that delivery metrics have something to be asked for."""
    settings = StreamSettings(
        name="events", endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys["main"],
        events={"app_opened": ()},
    )  # fmt: skip
    return world.streams.create(settings)
