"""The people of a served world: who a scenario puts there, and the story of anybody by any identifier of theirs."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.braze.store.profiles import Profile
from simulator.rules.identity import Identifier, Kind
from simulator.scenario.acting.cast import Cast, Character
from simulator.scenario.acting.stage import WORKSPACE, set_up
from simulator.scenario.acting.stage import Stage as Scene
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.parse import load_text
from simulator.scenario.story import story, story_lines
from simulator.world import World

# Never run: it only lends the tellers a world without people of its own.
_NOBODY = """
scenario: A served world
steps:
  - expect: {profiles_created: 0}
"""


class Stories:
    """Remembers which scenario furnished which world; worlds without one are told about by identifiers alone."""

    def __init__(self, scenario: Scenario | None = None) -> None:
        self._scenario = scenario
        self._scenes: WeakKeyDictionary[World, Scene] = WeakKeyDictionary()

    def furnish(self, world: World) -> None:
        """Put people, cohorts and connections of the scenario into a new world; one from a file has them already."""
        if self._scenario is not None and not world.engine.store.connections() and not world.ledger.last_page():
            self._scenes[world] = set_up(self._scenario, world)

    def tell(self, world: World, reference: str) -> dict[str, object] | None:
        """The story of the person whom `reference` names or identifies; None when nobody is known by it."""
        scene = self._scenes.get(world) or _empty_scene(world)
        if reference not in scene.scenario.people:
            found = _whoever(world, reference)
            if found is None:
                return None
            cast = Cast()
            cast.enter(found)
            scene = replace(scene, cast=cast)
        lines = story(scene, reference)
        told: dict[str, object] = {"person": reference, "steps": [line.as_plain() for line in lines]}
        return told | {"text": "\n".join(list(story_lines(scene, reference))[1:])}


def _empty_scene(world: World) -> Scene:
    projects = world.amplitude.store.projects.all()
    cohorts = [cohort for project in projects for cohort in world.amplitude.cohorts.all(project.name)]
    scene = Scene(load_text(_NOBODY)[0], world)
    scene.cohort_ids = {cohort.name: cohort.cohort_id for cohort in cohorts}
    return scene


def _whoever(world: World, reference: str) -> Character | None:
    amplitude, profiles = world.amplitude, world.braze.store.profiles
    projects = [project.name for project in amplitude.store.projects.all()]
    users = [amplitude.find(each, **{kind: reference}) for each in projects for kind in ("user_id", "device_id")]
    if reference.isdecimal() and len(reference) < 16:
        users += [amplitude.user(each, int(reference)) for each in projects]
    label, _, name = reference.partition(":")
    aliases = world.braze.store.candidates.near_aliases(WORKSPACE, [Identifier(Kind.ALIAS, reference)])
    label, name = next(iter(aliases.values()), (label, name))
    found = [
        profiles.by_external_id(WORKSPACE, reference),
        profiles.by_alias(WORKSPACE, label, name),
        profiles.by_braze_id(WORKSPACE, reference),
        *profiles.by_device(WORKSPACE, reference),
    ]
    known = [user for user in users if user is not None]
    reached = [profile for profile in found if profile is not None]
    # Either system may be asked about by an identifier that only the other one keeps.
    if not reached:
        reached = [profile for user in known for profile in _profiles_of(world, user)]
    if not known:
        names = [profile.external_id for profile in reached if profile.external_id]
        same = (amplitude.find(each, user_id=name) for each in projects for name in names)
        known = [user for user in same if user is not None]
    person = Character(
        reference,
        amplitude_ids=list(dict.fromkeys(user.amplitude_id for user in known)),
        braze_ids=list(dict.fromkeys(profile.braze_id for profile in reached)),
    )
    return person if person.amplitude_ids or person.braze_ids else None


def _profiles_of(world: World, user: UserRecord) -> list[Profile]:
    """The profiles of an Amplitude user: by user id, else whoever is anonymous on the device."""
    profiles = world.braze.store.profiles
    named = profiles.by_external_id(WORKSPACE, user.user_id) if user.user_id else None
    if named is not None:
        return [named]
    on_device = profiles.by_device(WORKSPACE, user.device_id) if user.device_id else []
    return [profile for profile in on_device if profile.external_id is None]
