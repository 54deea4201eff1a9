"""The first story of a restart: 2,100 people are synced, and each hour some enter, leave, or leave and return.

In the end Braze's members must be the cohort, every change must have been delivered once, and must have had its effect
in Braze, and been billed, once.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.world import World, WorldSettings

PEOPLE = 2_100
HOURS = 4
COHORT = "everybody"
EFFECTS = ("added", "removed")
Told = dict[str, Counter[tuple[object, ...]]]


def settings(state: Path) -> WorldSettings:
    """The world of the story."""
    return WorldSettings(seed=3, state=state)


def prepare(state: Path) -> None:
    """People, a cohort and a connection; nothing synced yet."""
    with World(settings(state)) as world:
        known = [f"user-{number:05}" for number in range(PEOPLE + 10 * HOURS)]
        world.braze.seed_profiles([ProfileSeed(external_id=user_id) for user_id in known])
        people = world.amplitude.seed_users("main", [UserSeed(user_id) for user_id in known])
        world.amplitude.cohorts.create_static(COHORT, people[:PEOPLE])
        world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )


def play(world: World) -> None:
    """Tell the story from where the world stands."""
    start = world.settings.start
    if not world.engine.syncs():
        cohort = world.amplitude.cohorts.all()[-1].cohort_id
        world.engine.create_sync(cohort, "connection-1", Cadence.HOURLY)
    world.engine.run_due(world.clock.now)
    for hour in range(1, HOURS + 1):
        due = Instant(start + hour * HOUR_MS)
        if world.clock.now < due:
            churn(world, hour)
            world.agenda.advance_to(due)
    world.agenda.advance_to(Instant(start + (HOURS + 2) * HOUR_MS))


def churn(world: World, hour: int) -> None:
    """Ten enter, ten leave, ten leave and return; done twice it is as if done once."""
    everybody = [row[0] for row in world.database.rows("SELECT amplitude_id FROM amplitude_user ORDER BY amplitude_id")]
    cohort = world.amplitude.cohorts.all()[-1].cohort_id
    leaving = everybody[hour * 100 : hour * 100 + 10]
    returning = everybody[hour * 100 + 50 : hour * 100 + 60]
    entering = everybody[PEOPLE + 10 * (hour - 1) : PEOPLE + 10 * hour]
    world.amplitude.cohorts.remove_members(cohort, [*leaving, *returning])
    world.amplitude.cohorts.add_members(cohort, [*entering, *returning])


def told(state: Path) -> Told:
    """What the file says in the end: members, what was delivered, what took effect and what it cost."""
    with World(settings(state)) as world:
        sent: Counter[tuple[object, ...]] = Counter()
        effects: Counter[tuple[object, ...]] = Counter()
        for page in world.ledger.pages(events=["delivered", "cohort_changed"]):
            for entry in page.entries:
                if page.event == "delivered":
                    sent[page.run, entry.person, entry.outcome] += 1
                elif entry.outcome in EFFECTS and entry.identifier:
                    effects[entry.identifier.value, entry.outcome] += 1
        return {
            "members": Counter(
                world.database.rows(
                    "SELECT p.external_id FROM braze_member m JOIN braze_profile p ON p.profile = m.profile"
                )
            ),
            "delivered changes": sent,
            "effects": effects,
            "data points": Counter(world.database.rows("SELECT request, total FROM braze_data_point")),
            "mails": Counter(world.database.rows("SELECT subject, run FROM engine_mail")),
        }
