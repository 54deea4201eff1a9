"""A world set up for a scenario: people in both systems, cohorts, connections, and the names of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from simulator.fakes.amplitude.cohorts.catalogue import CohortRefused
from simulator.fakes.amplitude.projects import ProjectSettings
from simulator.fakes.amplitude.service import SeedEvent, UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.braze.store.profiles import Profile
from simulator.feeds import MAIN, UnknownCohort
from simulator.population import people as generated
from simulator.population.people import Population
from simulator.population.recipe import Recipe
from simulator.rules.cohorts.definition import Definition, DefinitionError
from simulator.rules.cohorts.people import bind_people
from simulator.rules.instants import Instant
from simulator.scenario.acting.cast import Cast, Character, Phone
from simulator.scenario.checks import sync_names
from simulator.scenario.model.connections import Connection
from simulator.scenario.model.people import Person
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.model.steps.base import Step
from simulator.serving.transports import Receiver
from simulator.sync.connections import SetupRefused, UnknownSetup
from simulator.sync.store.records import Sync
from simulator.world import World

WORKSPACE = "main"
PARTNER = "amplitude"
RECEIVER_PATH = "/cohorts?from=amplitude"
"""Where every receiver of a webhook listens."""


Requests = Counter[tuple[str, str, int]]
"""How often an operation of a service answered with a status."""


class StepRefused(Exception):
    """A step could not be done; the message says why. The scenario fails unless it expected the refusal."""


REFUSALS = (StepRefused, SetupRefused, UnknownSetup, CohortRefused, UnknownCohort, DefinitionError)
"""What a step that cannot be done raises; anything else is a fault of the simulator."""


KEPT_AT_MOST = 100_000
"""Generated people that are made once and kept; a larger population is made again whenever it is looked at."""


class Crowd:
    """The generated people of a scenario."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        self.recipe = recipe
        self._population = Population(recipe, seed)
        self._kept: tuple[generated.Person, ...] = ()

    def __len__(self) -> int:
        return self.recipe.size

    def __iter__(self) -> Iterator[generated.Person]:
        if self.recipe.size > KEPT_AT_MOST:
            return iter(self._population)
        self._kept = self._kept or tuple(self._population)
        return iter(self._kept)

    def person(self, index: int) -> generated.Person:
        """One of them."""
        return self._kept[index] if self._kept else self._population.person(index)


@dataclass(slots=True)
class Marks:
    """Where things stood when the first step began, and at the last `expect`."""

    page: int = 0
    profiles: int = 0
    data_points: int = 0
    requests: Requests = field(default_factory=Counter)
    exchange: int = 0
    """The newest number of the journal."""
    last_page: int = 0
    last_exchange: int = 0
    last_requests: Requests = field(default_factory=Counter)
    last_mail: int = 0
    last_heard: Mapping[str, int] = field(default_factory=dict)
    runs: frozenset[tuple[str, int]] = frozenset()


@dataclass(slots=True)
class Stage:
    """What steps act on and expectations look at. Ids are those of the world, names those of the file."""

    scenario: Scenario
    world: World
    cast: Cast = field(default_factory=Cast)
    population: Crowd | None = None
    cohort_ids: dict[str, str] = field(default_factory=dict)
    connection_ids: dict[str, str] = field(default_factory=dict)
    refused_connections: dict[str, str] = field(default_factory=dict)
    """Why Amplitude would not save a connection (CONN-3); a step that uses it is refused with these words."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """The data import keys that each connection has used, the present one last."""
    sync_ids: dict[str, str] = field(default_factory=dict)
    saving: str = ""
    """The sync that is being saved and already runs for the first time."""
    deleted_syncs: set[str] = field(default_factory=set)
    sync_names: Mapping[int, str] = field(default_factory=dict)
    segment_ids: dict[str, str] = field(default_factory=dict)
    campaign_ids: dict[str, str] = field(default_factory=dict)
    feed_ids: dict[str, str] = field(default_factory=dict)
    """Streams and Currents connectors."""
    receivers: dict[str, Receiver] = field(default_factory=dict)
    """Who hears the messages of each webhook connection."""
    marks: Marks = field(default_factory=Marks)
    fates: list[Any] = field(default_factory=list)
    fates_until: int = -1
    """How everybody fared, as read from the ledger up to this page; the judges keep it here."""
    inside: bool = False
    """Whether a step is being acted out in the middle of a call."""
    refused_inside: list[str] = field(default_factory=list)
    """What was refused there; the next step says so."""

    @property
    def now(self) -> Instant:
        """The simulated instant."""
        return self.world.clock.now

    def projects_of(self, person: str) -> tuple[str, ...]:
        """The Amplitude projects that a person's app sends to; generated people are in the first."""
        written = self.scenario.people.get(person)
        return written.projects if written is not None else (MAIN,)

    def project_of(self, cohort: str) -> str:
        """The Amplitude project that a cohort of the file is in."""
        return self.scenario.cohorts[cohort].project

    def wanted(self, cohort: str) -> list[int]:
        """amplitude_ids of everybody in a cohort of the file in Amplitude now; nobody in one that was deleted."""
        try:
            return self.world.amplitude.cohorts.members(self.cohort_ids[cohort], project=self.project_of(cohort))
        except UnknownCohort:
            return []

    def connection_id(self, name: str) -> str:
        """The id of a connection. Raises StepRefused when Amplitude would not save it."""
        if name in self.refused_connections:
            raise StepRefused(self.refused_connections[name])
        return self.connection_ids[name]

    def sync_id(self, name: str) -> str:
        """The id of a sync of the file. Raises StepRefused before its step has saved it and once it is deleted."""
        if name in self.deleted_syncs:
            raise StepRefused(f"the sync {name!r} was deleted")
        if name == self.saving:
            return self.world.engine.syncs()[-1].id
        if name not in self.sync_ids:
            raise StepRefused(f"there is no sync {name!r} yet; the step that saves it comes later, or was refused")
        return self.sync_ids[name]

    def save_sync(self, step: Step, save: Callable[[], Sync]) -> None:
        """Save the sync of a step; what happens in the middle of its first run may name it already."""
        before, self.saving = self.saving, self.name_of_sync(step)
        try:
            self.sync_ids[self.saving] = save().id
        finally:
            self.saving = before

    def name_of_sync(self, step: Step) -> str:
        """The name by which other steps know the sync that a step saves."""
        index = next(number for number, each in enumerate(self.scenario.timeline) if each is step)
        return self.sync_names[index]

    def profile_count(self) -> int:
        """How many profiles Braze has ever made."""
        return self.world.braze.store.profiles.next_row() - 1

    def profile_name(self, braze_id: str) -> str:
        """The person of a profile, or the profile itself when it belongs to nobody of the file."""
        known = self.cast.by_braze_id(braze_id)
        if known is None:
            self._adopt_profiles()
        return known or self.cast.by_braze_id(braze_id) or f"profile {braze_id}"

    def _adopt_profiles(self) -> None:
        """A profile that was made during the scenario belongs to the person whose user id is its external id."""
        store = self.world.braze.store.profiles
        for name in self.cast.named():
            person = self.scenario.people.get(name)
            for user_id in {person.user_id if person else None, self.cast[name].phone.user_id} - {None}:
                found = store.by_external_id(WORKSPACE, str(user_id))
                if found is not None:
                    self.cast.know_braze(name, [found.braze_id])

    def profiles_of(self, name: str) -> list[Profile]:
        """The living profiles of a person, the oldest first."""
        self._adopt_profiles()
        store = self.world.braze.store.profiles
        found = (store.by_braze_id(WORKSPACE, braze_id) for braze_id in character(self, name).braze_ids)
        return [profile for profile in found if profile is not None]

    def person_name(self, amplitude_id: int | str) -> str:
        """The person of an Amplitude user, or the user itself when it belongs to nobody of the file."""
        return self.cast.by_amplitude_id(amplitude_id) or f"user {amplitude_id}"

    def requests(self) -> Requests:
        """Every exchange so far, counted."""
        return Counter({(c.service, c.operation, c.status): c.count for c in self.world.journal.counted()})

    def mark(self) -> None:
        """An `expect` has looked; the next one may ask what happened since."""
        engine, marks = self.world.engine, self.marks
        marks.last_page = self.world.ledger.last_page()
        marks.last_requests = self.requests()
        marks.last_exchange = self.world.journal.last_number
        marks.last_mail = max((mail.id for mail in engine.mailbox.mails()), default=0)
        marks.last_heard = {name: len(receiver.heard) for name, receiver in self.receivers.items()}
        marks.runs = frozenset((sync.id, run.number) for sync in engine.syncs() for run in engine.runs(sync.id))

    def is_generated(self, name: str) -> bool:
        """Whether it is one of the people of the population."""
        return self.population is not None and name not in self.scenario.people and name.startswith("p")


def set_up(scenario: Scenario, world: World, crowd: Crowd | None = None) -> Stage:
    """People, then cohorts, then connections; nothing of it counts as something that happened.

    `crowd` is the population if somebody has made it before.
    """
    stage = Stage(scenario, world, population=crowd, sync_names=sync_names(scenario))
    if scenario.population is not None and crowd is None:
        stage.population = Crowd(scenario.population, world.settings.seed)
    _make_projects(stage)
    _seed_amplitude(stage)
    _seed_braze(stage)
    for name in _in_order(scenario):
        project = scenario.cohorts[name].project
        definition = bound(stage, scenario.cohorts[name].definition, project)
        stage.cohort_ids[name] = world.amplitude.cohorts.create(name, definition, project=project).cohort_id
    for name, computation in scenario.computations.items():
        store = world.amplitude.store
        store.computations.define(store.projects.named(computation.project), computation.defined(name), stage.now)
    for name, connection in scenario.connections.items():
        try:
            _connect(stage, name, connection)
        except SetupRefused as refused:
            stage.refused_connections[name] = str(refused)
    stage.mark()
    stage.marks.page, stage.marks.requests = stage.marks.last_page, stage.marks.last_requests
    stage.marks.exchange = stage.marks.last_exchange
    stage.marks.profiles = stage.profile_count()
    stage.marks.data_points = world.braze.store.points.total(WORKSPACE)
    return stage


def _make_projects(stage: Stage) -> None:
    """CONN-2, CONN-3. The first project's plan, and the others with theirs."""
    amplitude, scenario = stage.world.amplitude, stage.scenario
    if amplitude.store.projects.named(MAIN).plan != scenario.plan:
        amplitude.store.projects.change_plan(MAIN, str(scenario.plan))
    for name, each in scenario.projects.items():
        amplitude.add_project(
            ProjectSettings(
                name, plan=str(each.plan), automated_syncs=each.automated_syncs, region=each.region,
                default_cohorts=each.default_cohorts,
            )
        )  # fmt: skip


def _connect(stage: Stage, name: str, connection: Connection) -> None:
    """CONN-1, CONN-3. A connection with a key or a receiver of its own. Raises SetupRefused."""
    world, hook = stage.world, connection.webhook
    if hook is not None:
        endpoint = f"http://receiver-{len(stage.receivers) + 1}.invalid"
        stage.receivers[name] = Receiver()
        world.endpoints.add(endpoint, stage.receivers[name])
        stage.connection_ids[name] = world.engine.create_webhook(
            name, url=f"{endpoint}{RECEIVER_PATH}", headers=hook.headers, properties=hook.properties,
            template=hook.template, amplitude_property=connection.identify_by[0].amplitude_property,
            project=connection.project,
        ).id  # fmt: skip
        return
    key = world.braze.keys.create_data_import_key(WORKSPACE, PARTNER)
    stage.keys[name] = [key]
    stage.connection_ids[name] = world.engine.create_connection(
        name,
        rest_endpoint=world.braze_endpoint,
        partner_api_key=world.braze.keys.partner_api_key,
        data_import_key=key,
        mappings=connection.identify_by,
        project=connection.project,
    ).id


def bound(stage: Stage, definition: Definition, project: str) -> Definition:
    """A definition with its people named by the ids under which the project knew them first."""
    return bind_people(definition, lambda person: next(iter(amplitude_ids_of(stage, person, project)), None))


def amplitude_ids_of(stage: Stage, person: str, project: str) -> list[int]:
    """The ids under which a project has known the person, the first one first."""
    begin, end = stage.world.amplitude.store.projects.named(project).id_range
    return [number for number in character(stage, person).amplitude_ids if begin <= number < end]


# --- people ----------------------------------------------------------------------------------------------------


def _seed_amplitude(stage: Stage) -> None:
    people, clock = stage.scenario.people, stage.now
    for name, person in people.items():
        stage.cast.enter(Character(name, _phone(person)))
    for project in (MAIN, *stage.scenario.projects):
        known = [name for name, person in people.items() if person.in_amplitude and project in person.projects]
        named = (_user_seed(people[name], clock) for name in known)
        crowd = (_generated_user(each, clock) for each in stage.population or ()) if project == MAIN else ()
        numbers = stage.world.amplitude.seed_users(project, chain(named, crowd))
        for name, number in zip(known, numbers, strict=False):
            stage.cast.know_amplitude(name, [number])
        for index, number in enumerate(numbers[len(known) :]):
            stage.cast.know_amplitude(generated_name(index), [number])


def generated_name(index: int) -> str:
    """The name of one of the people of a population."""
    return f"p{index:06d}"


def _phone(person: Person) -> Phone:
    devices = [device for profile in person.profiles for device in profile.device_ids]
    return Phone(person.user_id, person.device_id, devices[0] if devices else person.device_id)


def _user_seed(person: Person, clock: Instant) -> UserSeed:
    events = [
        SeedEvent(event.name, instant, event.properties) for event in person.events for instant in event.instants(clock)
    ]
    events.sort(key=lambda event: event.time)
    return UserSeed(person.user_id, person.device_id, person.properties, events)


def _generated_user(person: generated.Person, clock: Instant) -> UserSeed:
    user = person.user
    events = [SeedEvent(each.name, Instant(clock - each.age_ms)) for each in user.events]
    events.sort(key=lambda event: event.time)
    return UserSeed(user.user_id, user.device_id, user.properties, events)


def _seed_braze(stage: Stage) -> None:
    profiles = stage.world.braze.store.profiles
    row = profiles.next_row()
    owners: list[str] = []

    def seeds() -> Iterator[ProfileSeed]:
        for name, person in stage.scenario.people.items():
            for profile in person.profiles:
                owners.append(name)
                yield ProfileSeed(
                    profile.external_id, list(profile.aliases.items()), profile.device_ids, profile.once_anonymous,
                    profile.attributes,
                )  # fmt: skip
        for each in stage.population or ():
            for seed in each.profiles:
                owners.append(seed.person)
                yield ProfileSeed(
                    seed.external_id, seed.aliases, seed.device_ids, seed.once_anonymous, seed.attributes
                )  # fmt: skip

    stage.world.braze.seed_profiles(seeds(), WORKSPACE)
    for number, name in enumerate(owners):
        stage.cast.know_braze(name, [profiles.braze_id_of(WORKSPACE, row + number)])
    _deprecate(stage)


def _deprecate(stage: Stage) -> None:
    """MATCH-6. External ids that were renamed before the scenario begins."""
    store = stage.world.braze.store
    named = [
        (name, number, profile.deprecated_external_ids)
        for name, person in stage.scenario.people.items()
        for number, profile in enumerate(person.profiles)
    ]
    crowd = (
        (each.name, 0, each.profile.deprecated_external_ids)
        for each in stage.population or ()
        if each.profile is not None
    )
    for name, number, deprecated in chain(named, crowd):
        for external_id in deprecated:
            profile = store.profiles.by_braze_id(WORKSPACE, _braze_ids(stage, name)[number])
            if profile is not None:
                store.identifiers.deprecate(profile, external_id)


def _braze_ids(stage: Stage, name: str) -> Sequence[str]:
    return character(stage, name).braze_ids


def character(stage: Stage, name: str) -> Character:
    """A person of the file, or a generated one, who then holds a phone as well."""
    if name not in stage.cast:
        assert stage.population is not None, "the parser lets no other name through"
        person = stage.population.person(int(name[1:]))
        devices = person.profile.device_ids if person.profile else ()
        phone = Phone(person.user.user_id, person.user.device_id, devices[0] if devices else person.user.device_id)
        stage.cast.adopt(Character(name, phone))
    return stage.cast[name]


# --- cohorts ---------------------------------------------------------------------------------------------------


def _in_order(scenario: Scenario) -> list[str]:
    """The cohorts, each after those that its definition names."""
    ordered: dict[str, None] = {}

    def place(name: str) -> None:
        for other in scenario.cohorts[name].refers_to:
            if other in scenario.cohorts and other not in ordered:
                place(other)
        ordered[name] = None

    for name in scenario.cohorts:
        place(name)
    return list(ordered)
