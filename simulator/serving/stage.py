"""A served world: its doors, its control plane, its pacer, and how it goes back to its baseline in milliseconds."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from simulator import openapi
from simulator.fakes.amplitude import limits as amplitude_limits
from simulator.fakes.amplitude.projects import ENDPOINTS, AmplitudeSettings, ProjectSettings
from simulator.fakes.braze.keys import BrazeSettings, WorkspaceSettings
from simulator.journal import Entry
from simulator.openapi import Contract
from simulator.rules.instants import Instant, format_instant
from simulator.rules.rule_sets import RULE_SETS
from simulator.serving.addresses import LOOPBACK
from simulator.serving.front import Front
from simulator.serving.listener import Aside, Door
from simulator.serving.pacer import FROZEN, Pacer, machine_now
from simulator.serving.transports import HttpTransport, Wsgi
from simulator.world import World, WorldSettings

SERVICES = ("amplitude", "braze", "control")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a world, in clear: its clients need them. Left empty, a key is derived from the seed."""

    amplitude_api_key: str = ""
    amplitude_secret_key: str = ""
    braze_api_key: str = ""
    braze_data_import_key: str = ""
    braze_partner_api_key: str = ""

    def settings(self, limits: bool) -> tuple[AmplitudeSettings, BrazeSettings]:
        """Settings for both services with these keys."""
        project = ProjectSettings(api_key=self.amplitude_api_key or None, secret_key=self.amplitude_secret_key or None)
        workspace = WorkspaceSettings(rest_key=self.braze_api_key, data_import_key=self.braze_data_import_key)
        amplitude = AmplitudeSettings(projects=(project,), limits=limits)
        braze = BrazeSettings(workspaces=(workspace,), partner_api_key=self.braze_partner_api_key, limits_on=limits)
        return amplitude, braze


@dataclass(frozen=True, slots=True)
class Ports:
    """Which ports the doors of a world take; 0 is any free one."""

    amplitude: int = 0
    braze: int = 0
    control: int = 0


class Taken(ValueError):
    """A world of that name exists already."""


class Hub(Protocol):
    """All worlds of a process."""

    stages: dict[str, Stage]

    def create(self, name: str, settings: WorldSettings, at_machine_time: bool) -> Stage:
        """Make and start another world. Raises Taken."""
        ...

    def drop(self, name: str) -> None:
        """Stop a world and forget it."""
        ...


class People(Protocol):
    """Who lives in a world, and what there is to tell about them."""

    def furnish(self, world: World) -> None:
        """Put people, cohorts and connections into a new world."""
        ...

    def tell(self, world: World, reference: str) -> dict[str, object] | None:
        """The story of the person whom `reference` names or identifies; None when nobody is known by it."""
        ...


Plane = Callable[["Stage"], Wsgi]
"""Makes the control application of a stage; called again whenever the stage has a new world."""


class Stage:
    """One world with ports. Made, it is bound and built; started, it answers.

    Whatever moves the clock or runs the engine holds `turn`, so that control calls and the pacer never meet.
    """

    def __init__(
        self,
        name: str,
        settings: WorldSettings,
        plane: Plane,
        *,
        pace: str = FROZEN,
        ports: Ports | None = None,
        host: str = LOOPBACK,
        people: People | None = None,
        hear: Callable[[Entry], None] | None = None,
        at_machine_time: bool = False,
    ) -> None:
        """`hear` is told of every exchange as it is written to the journal. `at_machine_time` lets the world begin at
        the machine's now, also after a reset, so that real clients and it agree on the day.

        Raises PortUnavailable, StoreUnusable, UnknownPace.
        """
        self.name = name
        self.turn = threading.RLock()
        self.contracts: dict[str, Contract] = {each: openapi.load(each) for each in SERVICES}
        self.settings = settings
        self._plane = plane
        self._people = people
        self._hear = hear
        self.at_machine_time = at_machine_time
        self._aside = Aside()
        self._next_due: Instant | None = None
        self._behind = {service: _Behind() for service in SERVICES}
        self._doors: dict[str, Door] = {}
        try:
            for service, port in asdict(ports or Ports()).items():
                self._doors[service] = Door(service, self._behind[service], self._aside, host=host, port=port)
            self.pacer = Pacer(self, pace)
            self.world = self._build()
        except BaseException:
            self._close_doors()
            raise

    # addresses and keys

    @property
    def urls(self) -> dict[str, str]:
        """The address of each door."""
        return {service: door.url for service, door in self._doors.items()}

    @property
    def ports(self) -> dict[str, int]:
        """The port of each door."""
        return {service: door.port for service, door in self._doors.items()}

    @property
    def keys(self) -> Keys:
        """The keys that hold here."""
        project = self.world.amplitude.store.projects.named("main")
        braze = self.world.braze.keys
        return Keys(
            amplitude_api_key=project.api_key,
            amplitude_secret_key=project.secret_key,
            braze_api_key=braze.rest_keys["main"],
            braze_data_import_key=braze.data_import_keys["main"],
            braze_partner_api_key=braze.partner_api_key,
        )

    def environment(self) -> dict[str, str]:
        """What a client needs, as environment variables."""
        urls, keys = self.urls, asdict(self.keys)
        addresses = {
            "AMPLITUDE_URL": urls["amplitude"],
            "BRAZE_URL": urls["braze"],
            "ABSIM_URL": urls["control"],
        }
        return addresses | {name.upper(): value for name, value in keys.items()}

    def described(self) -> dict[str, object]:
        """This world as the control plane tells it."""
        rules = self.world.rules
        named = next((name for name, each in RULE_SETS.items() if each == rules), "custom")
        return {
            "world": self.name,
            "seed": self.settings.seed,
            "now": format_instant(self.world.clock.now),
            "pace": self.pacer.pace,
            "limits": self.limits_on,
            "rules": named,
            **{f"{service}_url": url for service, url in self.urls.items()},
            "keys": asdict(self.keys),
        }

    def application(self, service: str) -> Wsgi:
        """What stands behind a door, for callers in this process; a reset changes it as it changes the door."""
        return self._behind[service]

    # limits

    @property
    def limits_on(self) -> bool:
        """Whether both services hold their clients to their limits."""
        return self.world.braze.limits.enabled

    def use_limits(self, enabled: bool) -> None:
        """Switch the limits of both services on or off, until the next reset."""
        self.world.braze.limits.enabled = enabled
        self.world.amplitude.use_limits(enabled)

    def limits(self) -> list[dict[str, str]]:
        """Every limit that there is: service, operation, and the limit in words."""
        of_amplitude = amplitude_limits.rows(self.contracts["amplitude"].operations, self.world.amplitude.settings)
        of_braze = self.world.braze.limits.rows(self.contracts["braze"].operations)
        told = [{"service": "amplitude", "operation": each.operation, "limit": each.limit} for each in of_amplitude]
        return told + [{"service": row.service, "operation": row.operation, "limit": row.limit} for row in of_braze]

    def limits_in_short(self) -> list[str]:
        """The limits in force, one text for each service and figure; empty while they are off."""
        if not self.limits_on:
            return []
        by_figure: dict[tuple[str, str], list[str]] = {}
        for row in self.limits():
            by_figure.setdefault((row["service"], row["limit"]), []).append(row["operation"])
        return [
            f"{service} {operations[0] if len(operations) == 1 else f'{len(operations)} operations'} {limit}"
            for (service, limit), operations in by_figure.items()
        ]

    # what control calls ask for by name

    def cohort_id(self, reference: str, project: str) -> str:
        """The id of a cohort, given its id or its name in a project. Raises UnknownCohort."""
        return self.world.amplitude.cohorts.catalogue.find(project, reference).cohort_id

    def story(self, person: str) -> dict[str, object] | None:
        """The story of a person, found by whatever identifies them; None when nobody is known by it."""
        return None if self._people is None else self._people.tell(self.world, person)

    # time

    def move_on(self, duration_ms: int) -> None:
        """Advance the clock, running what falls due."""
        with self.turn:
            self.world.agenda.advance_to(Instant(self.world.clock.now + duration_ms))
            self._next_due = self.world.agenda.next_due()

    def keep_time(self, may_run_work: bool) -> None:
        """Bring the clock up to the pacer's time before a call is answered."""
        if self.pacer.frozen:
            return
        if may_run_work:
            self.pacer.tick()
        elif self.turn.acquire(blocking=False):
            # In a service's thread nothing may run that could call that service: stop short of what is due. What has
            # become due since the pacer last looked, a few hundredths of a second ago, is not asked for each call.
            try:
                clock = self.world.clock
                due = self._next_due
                step_ms = self.pacer.take(None if due is None else max(due - clock.now, 0))
                if step_ms:
                    clock.move_to(Instant(clock.now + step_ms))
            finally:
                self.turn.release()

    # life

    def start(self) -> None:
        """Begin to answer, put in who and what belongs there, and let the pacer run."""
        for door in self._doors.values():
            door.start()
        with self.turn:
            self._furnish()
            self.pacer.start()

    def reset(self) -> None:
        """Put a world like the first one in the place of this one, behind the same doors and with the same keys."""
        with self.turn:
            old = self.world
            if self.settings.state is not None:
                old.close()
                for suffix in ("", "-wal", "-shm"):
                    self.settings.state.with_name(self.settings.state.name + suffix).unlink(missing_ok=True)
            self.world = self._build()
            for door in self._doors.values():
                door.settle()
            if self.settings.state is None:
                old.close()
            self._furnish()

    def _furnish(self) -> None:
        # After the doors are open: a first run of a sync goes through them.
        if self._people is not None:
            self._people.furnish(self.world)
        if self.at_machine_time:
            # Making the world has taken real time as well, which must not be counted twice.
            self.pacer.take()
            self.move_on(max(machine_now() - self.world.clock.now, 0))

    def stop(self) -> None:
        """Answer what is under way, then close doors and world."""
        self.pacer.stop()
        self._close_doors()
        self.world.close()

    def _close_doors(self) -> None:
        self._aside.stop()
        for door in self._doors.values():
            door.stop()

    def _build(self) -> World:
        if self.settings.state is not None:
            _make_private(self.settings.state)
        # Limits can be switched while a world runs; the baseline keeps its own.
        settings = replace(self.settings, amplitude=replace(self.settings.amplitude))
        world = World(replace(settings, start=machine_now()) if self.at_machine_time else settings)
        applications = {"amplitude": world.amplitude.app, "braze": world.braze.app}
        for application in applications.values():
            application.config["PROPAGATE_EXCEPTIONS"] = False
        # On a served world the engine is a client like any other: it comes through the doors.
        world.endpoints.add(world.braze_endpoint, HttpTransport(self.urls["braze"], world.braze_endpoint))
        for endpoint in ENDPOINTS.values():
            world.endpoints.add(endpoint, HttpTransport(self.urls["amplitude"], endpoint))
        if self._hear is not None:
            world.journal.watch(self._hear)
        self.world = world
        control = self._plane(self)
        for service, behind in self._behind.items():
            front = Front(applications.get(service, control), control, applications, world.clock, self.keep_time)
            behind.front = front
        return world


def _make_private(state: Path) -> None:
    """A world's file holds its keys, so it is made for this user only; SQLite fills a file that is there."""
    with contextlib.suppress(OSError):
        os.close(os.open(state, os.O_CREAT | os.O_RDWR, 0o600))


class _Behind:
    """What stands behind a door now; a reset puts something else there."""

    front: Front

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.front(environ, start_response)


def world_settings(
    base: WorldSettings, keys: Keys, *, limits: bool = True, switches: Mapping[str, str] | None = None
) -> WorldSettings:
    """Settings of a world with these keys, limits and switches. Raises UnknownSwitch."""
    amplitude, braze = keys.settings(limits)
    return replace(base, amplitude=amplitude, braze=braze, rules=base.rules.with_switches(switches or {}))
