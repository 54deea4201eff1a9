"""A whole Amplitude: its Flask application, its store, and the same doors for those who come without HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from simulator.clock import DueWork, SimClock
from simulator.database import Database
from simulator.fakes.amplitude.access import Access
from simulator.fakes.amplitude.cohorts.api.control import CohortControl
from simulator.fakes.amplitude.cohorts.api.handlers import CohortApi
from simulator.fakes.amplitude.cohorts.computed import Computed
from simulator.fakes.amplitude.cohorts.facade import Cohorts, Stores
from simulator.fakes.amplitude.cohorts.histories import Histories
from simulator.fakes.amplitude.control import Control
from simulator.fakes.amplitude.ingestion.identify import Identify
from simulator.fakes.amplitude.ingestion.intake import Incoming, Intake, Taken, UsersChanged
from simulator.fakes.amplitude.ingestion.lapses import Lapses
from simulator.fakes.amplitude.ingestion.limits import IngestionLimits
from simulator.fakes.amplitude.ingestion.mapping import UserMapping
from simulator.fakes.amplitude.ingestion.uploads import Uploads
from simulator.fakes.amplitude.parallel import ParallelGate
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project, ProjectSettings
from simulator.fakes.amplitude.reads.handlers import read_handlers
from simulator.fakes.amplitude.reads.housekeeping import Housekeeping
from simulator.fakes.amplitude.reads.privacy.deletions import Deletions
from simulator.fakes.amplitude.reads.profile import UserProfile
from simulator.fakes.amplitude.reads.taxonomy import Taxonomy
from simulator.fakes.amplitude.store.events import Kind
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.streams import IngestedEvents, TraitPeople
from simulator.fakes.amplitude.wire import MANNERS
from simulator.fakes.binding import Gate, Handler, Service
from simulator.fakes.control import ControlGate
from simulator.ledger import Ledger
from simulator.openapi import Contract, load
from simulator.rules.ingestion import MIN_ID_LENGTH
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet

_NOTHING: Mapping[str, object] = {}
SEEDS_AT_ONCE = 5_000


class SeedEvent(NamedTuple):
    """An event that a seeded person already performed."""

    event_type: str
    time: Instant
    properties: Mapping[str, object] = _NOTHING


class UserSeed(NamedTuple):
    """A person whom Amplitude knows when the world begins; ids are taken unchecked, blank ones as none."""

    user_id: str | None = None
    device_id: str | None = None
    properties: Mapping[str, object] = _NOTHING
    events: Sequence[SeedEvent] = ()


class AmplitudeService:
    """Everything a world needs of Amplitude. Facade methods take a project's name and do what HTTP would."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: SimClock,
        contract: Contract,
        rules: RuleSet,
        seed: int,
        settings: AmplitudeSettings | None = None,
        *,
        gates: Sequence[Gate] = (),
    ) -> None:
        self.settings = settings or AmplitudeSettings()
        self.clock = clock
        self.store = AmplitudeStore(database, seed)
        store = self.store
        self.intake = Intake(database, ledger, store.projects, store.users, store.events, rules, self.settings)
        stores = Stores(
            database, ledger, clock, seed, store.projects, store.users, store.events, store.relations, store.placed
        )
        self.cohorts = Cohorts(stores, rules)
        self.cohort_api = CohortApi(self.cohorts, stores, limited=self.settings.limits)
        for project in self.settings.projects:
            self.add_project(project)
        self.on_users_changed(self.cohorts.users_changed)
        histories = Histories(store.users, store.events, store.relations, store.placed)
        self.computed = Computed(store.computations, histories, lambda: self.rules)
        self.access = Access(store.projects, self.settings, lambda: self.rules)
        limits = IngestionLimits(self.settings, store.relations)
        self._uploads = Uploads(store, self.intake, limits, self.settings)
        self._identify = Identify(store, self.intake, limits, self.settings)
        self._mapping = UserMapping(store, self.intake, self.settings)
        self._lapses = Lapses(store, self.intake, ledger)
        self._deletions = Deletions(store, self.intake, ledger, clock)
        self.housekeeping = Housekeeping(store)
        self.service = Service("amplitude", clock, seed, MANNERS)
        parallel = ParallelGate(self.settings, self.access.project_name)
        self.service.bind(contract, self._handlers(), [parallel, *gates])
        control = load("control")
        cohort_control = CohortControl(self.cohorts, store.projects, store.users, self.cohort_api.limits)
        doors = {**Control(self).handlers(), **cohort_control.handlers()}
        self.service.bind(control, doors, [ControlGate(control)], tag="amplitude", observed=False)
        self.app = self.service.app

    def _handlers(self) -> dict[str, Handler]:
        profile = UserProfile(self.store, self.intake, self._cohorts_of, self.computed)
        taxonomy = Taxonomy(self.store.database, self.store.events, self.store.users, self.cohorts.activity_changed)
        reads = read_handlers(
            self.store,
            self.settings,
            self.access,
            self._deletions,
            self.housekeeping,
            taxonomy,
            self.clock,
            lambda: self.rules,
        )
        return {
            **self._uploads.handlers(),
            **self._identify.handlers(),
            **self._mapping.handlers(),
            **self.cohort_api.handlers(self.access),
            "listUserMappings": self.access.basic(self._mapping.read, "dashboard"),
            "getUserProfile": self.access.profile(profile.profile),
            **reads,
        }

    def _cohorts_of(self, project: Project, amplitude_id: int) -> list[str]:
        # A cohort with a sync to the profile API has been asked for by that sync.
        tracked = self.store.placed.profile_cohorts(project)
        for cohort in self.cohorts.all(project.name):
            if cohort.cohort_id in tracked:
                self.cohorts.compute(cohort.cohort_id, project=project.name)
        return [cohort.cohort_id for cohort, _ in self.cohorts.cohorts_of(amplitude_id, project=project.name)]

    @property
    def due_works(self) -> list[DueWork]:
        """What the world's agenda must run for this service, in this order."""
        return [self._deletions, self._lapses, self.cohorts.due_work]

    @property
    def rules(self) -> RuleSet:
        """The reading of the documents in force."""
        return self.intake.rules

    def use_limits(self, enabled: bool) -> None:
        """Hold clients to the limits, or let everything through."""
        self.settings.limits = self.cohort_api.limits.on = enabled

    def use_rules(self, rules: RuleSet) -> None:
        """Read the documents differently from now on."""
        self.intake.rules = rules
        self.cohorts.use_rules(rules)

    def add_project(self, settings: ProjectSettings) -> Project:
        """Make a project, as new ones begin; one of that name that exists already is kept as it is."""
        known = any(each.name == settings.name for each in self.store.projects.all())
        project = self.store.projects.add(settings)
        if settings.default_cohorts and not known:
            self.cohorts.make_defaults(project.name)
        return project

    def event_source(self, project: str = "main") -> IngestedEvents:
        """What event streaming reads of this project."""
        return IngestedEvents(self.store, self.store.projects.named(project))

    def trait_source(self, project: str = "main") -> TraitPeople:
        """What trait syncs read of this project."""
        return TraitPeople(self.store, self.store.projects.named(project), self.computed)

    def on_users_changed(self, callback: UsersChanged) -> None:
        """Call back, inside the transaction, whenever users of a project were made, changed, merged or erased."""
        self.intake.listeners.append(callback)

    def tell(self, project: Project, amplitude_ids: Sequence[int]) -> None:
        """Tell whoever keeps cohorts that these users are no longer what they were; inside a transaction."""
        self.intake.tell(project, amplitude_ids, self.clock.now)

    def ingest(
        self, project: str, events: Sequence[Mapping[str, object]], *, min_id_length: int = MIN_ID_LENGTH
    ) -> Taken:
        """Take events in as `/2/httpapi` does, sizes and rates apart. Raises UploadRefused."""
        target, now = self.store.projects.named(project), self.clock.now
        return self._uploads.take(target, events, now, min_id_length=min_id_length)

    def identify(self, project: str, identifications: Sequence[Mapping[str, object]]) -> Taken:
        """Apply identify calls: who is who, and user properties with their operations."""
        return self._identify.take(self.store.projects.named(project), identifications, self.clock.now)

    def change_property(
        self,
        project: str,
        properties: Mapping[str, object],
        *,
        user_id: str | None = None,
        device_id: str | None = None,
    ) -> Taken:
        """Set user properties of one person, as an identify call without operations would."""
        update = {"$set": dict(properties)}
        return self.identify(project, [{"user_id": user_id, "device_id": device_id, "user_properties": update}])

    def seed_users(self, project: str, seeds: Iterable[UserSeed]) -> list[int]:
        """Put people in with their properties and past events, quickly; the amplitude_id of each, in order."""
        target, now = self.store.projects.named(project), self.clock.now
        numbers: list[int] = []
        remaining = iter(seeds)
        with self.store.database.transaction():
            while page := list(islice(remaining, SEEDS_AT_ONCE)):
                calls: list[Incoming] = []
                starts: list[int] = []
                for seed in page:
                    starts.append(len(calls))
                    calls.extend(_calls(seed, now))
                taken = self.intake.take(target, calls, now, limited=False)
                numbers.extend(taken.amplitude_ids[start] for start in starts)
        return numbers

    def seed_people(self, project: str, people: Sequence[Mapping[str, Any]]) -> list[int]:
        """The same for people written as mappings: `user_id`, `device_id`, `properties`, `events` as triples."""
        return self.seed_users(
            project,
            [
                UserSeed(
                    each.get("user_id"),
                    each.get("device_id"),
                    each.get("properties", {}),
                    [SeedEvent(*event) for event in each.get("events", ())],
                )
                for each in people
            ],
        )

    def user(self, project: str, amplitude_id: int) -> UserRecord | None:
        """The user whom this id reads as now: itself, or whom it was merged into. None when there is none."""
        target = self.store.projects.named(project)
        canonical = self.store.users.canonical(target, [amplitude_id]).get(amplitude_id)
        return None if canonical is None else self.store.users.by_amplitude_id(target, [canonical])[canonical]

    def find(self, project: str, *, user_id: str | None = None, device_id: str | None = None) -> UserRecord | None:
        """The user with this user id, or else the one an anonymous event of this device would belong to."""
        target = self.store.projects.named(project)
        if user_id is not None:
            return self.store.users.by_user_id(target, [user_id]).get(user_id)
        if device_id is None:
            return None
        device = self.store.users.devices(target, [device_id]).get(device_id)
        owner = device and (device.last_user_id or device.anonymous_id)
        return self.user(project, owner) if owner else None


def _calls(seed: UserSeed, now: Instant) -> list[Incoming]:
    properties = seed.properties or None
    # A user id of blanks is no user id: ingestion trims it, and an empty one is on the deny list.
    user_id = seed.user_id if seed.user_id and seed.user_id.strip() else None
    if not seed.events:
        return [Incoming(Kind.IDENTIFY, "$identify", now, user_id, seed.device_id, user_properties=properties,
                         operations=False, silent=True)]  # fmt: skip
    return [
        Incoming(Kind.EVENT, event.event_type, event.time, user_id, seed.device_id, None, -1, event.properties,
                 properties if number == 0 else None, operations=False)
        for number, event in enumerate(seed.events)
    ]  # fmt: skip
