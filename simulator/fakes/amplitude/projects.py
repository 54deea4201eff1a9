"""Amplitude's projects: their keys, numbers and plans, and who may call for which (CONN-2, CONN-3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.database import Database
from simulator.ids import derive_hex, derive_int
from simulator.rules.cadence import AUTOMATED_SYNCS

US, EU = "us", "eu"
HOSTS: dict[str, tuple[str, ...]] = {
    US: (
        "api2.amplitude.com", "api.amplitude.com", "amplitude.com", "analytics.amplitude.com",
        "profile-api.amplitude.com", "data-api.amplitude.com",
    ),
    EU: ("api.eu.amplitude.com", "analytics.eu.amplitude.com", "data-api.eu.amplitude.com"),
}  # fmt: skip
"""Where the data of a project lives, and the hosts that speak for it; any other, such as loopback, speaks for both."""
ENDPOINTS = {US: "https://api2.amplitude.com", EU: "https://api.eu.amplitude.com"}
"""Where events are sent to."""
_REGION_OF = {host: region for region, hosts in HOSTS.items() for host in hosts}

PLANS = ("starter", "plus", "growth", "enterprise")
IDS_OF_A_PROJECT = 10_000_000_000
FIRST_ID = 1_600_000_000_000
"""Amplitude ids are 13 digits; every project has a range of its own, so that an id names one user of one project."""


class UnknownProject(LookupError):
    """No project has this name."""


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """How a world wants a project; keys left out are derived from the world's seed."""

    name: str = "main"
    api_key: str | None = None
    secret_key: str | None = None
    plan: str = "enterprise"
    automated_syncs: int | None = AUTOMATED_SYNCS
    """How many scheduled and real-time syncs the plan includes; None for any number."""
    region: str = US
    default_cohorts: bool = False
    """Whether it begins with the six cohorts of a fresh live project; off, so that a list holds what was put there."""


@dataclass(slots=True)
class AmplitudeSettings:
    """What a world may choose about its Amplitude; `limits` may be switched while it runs."""

    projects: tuple[ProjectSettings, ...] = field(default_factory=lambda: (ProjectSettings(),))
    limits: bool = True
    daily_quota: int = 500_000
    """Events per device or user and rolling 24 hours, counted only for those suspected of spam."""
    property_updates_per_hour: int = 1_800
    export_bytes: int = 4 * 1024**3
    """How large an export may become (4 GB)."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project: `app_id` is the number that exports and cohort uploads carry."""

    name: str
    app_id: int
    org_id: int
    api_key: str
    secret_key: str
    plan: str
    first_id: int
    automated_syncs: int | None
    region: str = US

    @property
    def endpoint(self) -> str:
        """Where its events are sent to."""
        return ENDPOINTS[self.region]

    @property
    def id_range(self) -> tuple[int, int]:
        """The first amplitude_id of the project and the first one beyond it."""
        return self.first_id, self.first_id + IDS_OF_A_PROJECT


class Projects:
    """All projects of one organisation, found by name or by key."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self._by_name: dict[str, Project] = {}
        self.watchers: list[Callable[[Project], None]] = []
        """Told of every project that is made, and of those whose plan has changed."""
        self._load()

    def add(self, settings: ProjectSettings) -> Project:
        """Make a project; one of that name that exists already (a reopened world) is kept as it is."""
        if settings.name in self._by_name:
            return self._by_name[settings.name]
        ordinal = len(self._by_name)
        path = ("amplitude", "project", settings.name)
        project = Project(
            name=settings.name,
            app_id=100_000 + derive_int(self._seed, *path, "app", bits=19),
            org_id=100_000 + derive_int(self._seed, "amplitude", "org", bits=18),
            api_key=settings.api_key or derive_hex(self._seed, *path, "api key", length=32),
            secret_key=settings.secret_key or derive_hex(self._seed, *path, "secret key", length=32),
            plan=settings.plan,
            first_id=FIRST_ID + ordinal * IDS_OF_A_PROJECT + derive_int(self._seed, *path, "ids", bits=29),
            automated_syncs=settings.automated_syncs,
            region=settings.region,
        )
        self._database.execute(
            "INSERT INTO amplitude_project (name, app_id, org_id, api_key, secret_key, plan, first_id, next_id,"
            " automated_syncs, region) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (project.name, project.app_id, project.org_id, project.api_key, project.secret_key, project.plan,
             project.first_id, project.first_id, project.automated_syncs, project.region),
        )  # fmt: skip
        self._by_name[project.name] = project
        for watcher in self.watchers:
            watcher(project)
        return project

    def _load(self) -> None:
        columns = "name, app_id, org_id, api_key, secret_key, plan, first_id, automated_syncs, region"
        rows = self._database.rows(f"SELECT {columns} FROM amplitude_project ORDER BY rowid")
        self._by_name = {row[0]: Project(*row) for row in rows}

    def named(self, name: str) -> Project:
        """The project of that name. Raises UnknownProject."""
        if name not in self._by_name:
            raise UnknownProject(f"there is no project {name!r}; there are {', '.join(self._by_name)}")
        return self._by_name[name]

    def all(self) -> Sequence[Project]:
        """Every project, oldest first."""
        return tuple(self._by_name.values())

    def of_api_key(self, api_key: str, host: str = "") -> Project | None:
        """The project with this API key, or None. A host of one region does not know keys of the other (inferred)."""
        return next((each for each in self._reached(host) if each.api_key == api_key), None)

    def of_secret_key(self, secret_key: str, host: str = "") -> Project | None:
        """The same for the User Profile API, which is given nothing but the secret key and is not offered in the EU."""
        found = (each for each in self._reached(host) if each.secret_key == secret_key and each.region == US)
        return next(found, None)

    def _reached(self, host: str) -> list[Project]:
        region = _REGION_OF.get(host.partition(":")[0].lower())
        return [each for each in self._by_name.values() if region in (None, each.region)]

    def change_plan(self, name: str, plan: str) -> None:
        """Put a project on another plan. Raises UnknownProject, ValueError."""
        if plan not in PLANS:
            raise ValueError(f"there is no plan {plan!r}; there are {', '.join(PLANS)}")
        before = self.named(name)
        self._database.execute("UPDATE amplitude_project SET plan = ? WHERE name = ?", (plan, before.name))
        self._changed(name)

    def include_syncs(self, name: str, automated_syncs: int | None) -> None:
        """Let a project's plan include so many automated syncs, None for any number. Raises UnknownProject."""
        before = self.named(name)
        self._database.execute(
            "UPDATE amplitude_project SET automated_syncs = ? WHERE name = ?", (automated_syncs, before.name)
        )
        self._changed(name)

    def _changed(self, name: str) -> None:
        self._load()
        for watcher in self.watchers:
            watcher(self.named(name))

    def next_id(self, project: Project) -> int:
        """The amplitude_id that the next new user gets; to be used inside a transaction that ends with `keep_id`."""
        return int(self._database.value("SELECT next_id FROM amplitude_project WHERE name = ?", (project.name,)))

    def keep_id(self, project: Project, next_id: int) -> None:
        """Remember the id after the last one given away."""
        self._database.execute(
            "UPDATE amplitude_project SET next_id = ? WHERE name = ? AND next_id < ?", (next_id, project.name, next_id)
        )
