"""Trait sync (TRAIT-1): who is sent, what their attributes say, and that everybody is sent each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.outcomes import RunStatus
from simulator.sync.connections import SetupRefused
from simulator.sync.ports import Response
from simulator.sync.traits.selection import TraitIdentity


class People:
    """Amplitude's people with the instant of their last activity."""

    def __init__(self) -> None:
        self.active: dict[AmplitudeUser, Instant] = {}
        self.people_by_id: list[tuple[AmplitudeUser, int]] = []

    def unknown(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name == "nowhere"]

    def people(
        self, active_since: Instant, at: Instant, properties: Sequence[str], computations: Sequence[str]
    ) -> Iterator[AmplitudeUser]:
        asked = {*properties, *computations}
        for user, last in self.people_by_id:
            if last >= active_since:
                yield user._replace(properties={name: user.properties[name] for name in asked & user.properties.keys()})


@pytest.fixture
def traits(build: Callable[..., Any]) -> Callable[..., tuple[Any, People]]:
    def make(**switches: str) -> tuple[Any, People]:
        bench, people = build(**switches), People()
        bench.engine._traits = bench.engine._planner._traits = lambda project: people
        return bench, people

    return make


def connect(bench: Any) -> str:
    connection = bench.engine.create_trait_connection(
        "traits", rest_endpoint="https://rest.iad-01.braze.com", rest_api_key="rest-key-0001"
    )
    return str(connection.id)


def test_values_become_attributes_of_the_same_name_under_the_user_id(traits: Any) -> None:
    """TRAIT-1."""
    bench, people = traits()
    ida = AmplitudeUser(102, "ida-1001", "d-ida", {"plan": "gold", "orders": 3, "city": None})
    people.people_by_id = [(ida, bench.clock.now)]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["plan", "city"], computations=["orders"])
    (request,) = bench.braze.requests
    assert ("/users/track", "Bearer rest-key-0001") == (request.path, request.headers["authorization"])
    assert {"attributes": [{"plan": "gold", "orders": 3, "external_id": "ida-1001"}]} == orjson.loads(request.body)
    assert [("102", "external_id ida-1001", "sent_attributes")] == bench.stories("delivered")


def test_somebody_without_a_user_id_is_skipped_and_somebody_without_values_is_passed_over(traits: Any) -> None:
    bench, people = traits()
    ben, ann = AmplitudeUser(101, None, "d-ben", {"plan": "free"}), AmplitudeUser(105, "ann-1001", "d-ann")
    people.people_by_id = [(ben, bench.clock.now), (ann, bench.clock.now)]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["plan"])
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.SUCCESS, 0, 1, 0) == (run.status, run.added, run.skipped, run.requests)


@pytest.mark.parametrize(("idle_ms", "sent"), [(90 * DAY_MS - 1, 1), (90 * DAY_MS, 1), (90 * DAY_MS + 1, 0)])
def test_only_people_active_in_the_last_ninety_days_are_sent(traits: Any, idle_ms: int, sent: int) -> None:
    """TRAIT-1."""
    bench, people = traits()
    people.people_by_id = [(AmplitudeUser(1, "user-1", None, {"plan": "free"}), bench.clock.now - idle_ms)]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["plan"])
    assert sent == len(bench.braze.requests)


@pytest.mark.parametrize(("count", "sizes"), [(74, [74]), (75, [75]), (76, [75, 1])])
def test_a_request_holds_seventy_five_objects(traits: Any, count: int, sizes: list[int]) -> None:
    bench, people = traits()
    people.people_by_id = [
        (AmplitudeUser(n, f"user-{n}", None, {"plan": "free"}), bench.clock.now) for n in range(count)
    ]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["plan"])
    assert sizes == [len(body["attributes"]) for body in bench.braze.bodies]


def test_every_run_sends_everybody_again(traits: Any) -> None:
    bench, people = traits()
    people.people_by_id = [(AmplitudeUser(1, "user-1", None, {"plan": "free"}), bench.clock.now)]
    bench.engine.sync_traits(connect(bench), Cadence.DAILY, properties=["plan"])
    bench.advance(3 * DAY_MS)
    assert 4 == len(bench.braze.requests)


def test_objects_that_braze_blames_were_rejected_by_the_partner(traits: Any) -> None:
    bench, people = traits()
    people.people_by_id = [(AmplitudeUser(n, f"user-{n}", None, {"email": "x"}), bench.clock.now) for n in (1, 2)]
    blame = {"message": "success", "errors": [{"type": "bad email", "input_array": "attributes", "index": 1}]}
    bench.braze.answers = [Response(201, {}, orjson.dumps(blame))]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["email"])
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.SUCCESS, 1, 1) == (run.status, run.added, run.skipped)
    rows = bench.engine.history.vendor_csv(bench.engine.sync("sync-1"), 1, bench.clock.now).splitlines()
    assert ["1,added,user-1,false,", "2,added,user-2,true,Rejected by partner"] == rows[1:]
    full = bench.engine.history.full_csv(bench.engine.sync("sync-1"), 1, bench.clock.now)
    assert "2,added,external_id,user-2,,skipped,HIST-1,rejected_by_partner: bad email" in full


def test_a_bad_key_fails_the_run_and_the_next_sends_all(traits: Any) -> None:
    bench, people = traits()
    people.people_by_id = [(AmplitudeUser(1, "user-1", None, {"plan": "free"}), bench.clock.now)]
    bench.braze.answers = [401]
    bench.engine.sync_traits(connect(bench), Cadence.HOURLY, properties=["plan"])
    bench.advance(DAY_MS)
    assert [RunStatus.FAILED, RunStatus.SUCCESS] == [run.status for run in bench.engine.runs("sync-1")][:2]


@pytest.mark.parametrize(
    ("identity", "keys"),
    [
        (TraitIdentity("user_id", "braze_id"), {"braze_id": "user-1"}),
        (TraitIdentity("mail", "email"), {"email": "u@example.test"}),
        (
            TraitIdentity("user_id", "alias", "crm"),
            {"user_alias": {"alias_name": "user-1", "alias_label": "crm"}, "_update_existing_only": False},
        ),
    ],
)
def test_the_newer_list_of_identities_is_a_switch(traits: Any, identity: TraitIdentity, keys: dict[str, Any]) -> None:
    bench, people = traits(trait_identifier="any")
    person = AmplitudeUser(1, "user-1", None, {"plan": "free", "mail": "u@example.test"})
    people.people_by_id = [(person, bench.clock.now)]
    bench.engine.sync_traits(connect(bench), Cadence.ONE_TIME, properties=["plan"], identity=identity)
    assert {"attributes": [{"plan": "free", **keys}]} == bench.braze.bodies[0]
    rows = bench.engine.history.vendor_csv(bench.engine.sync("sync-1"), 1, bench.clock.now).splitlines()
    value = person.user_id if identity.amplitude_property == "user_id" else "u@example.test"
    assert [
        f"Amplitude_id,Operation,{identity.amplitude_property},Skip_detected,Skip_reason", f"1,added,{value},false,"
    ] == rows  # fmt: skip


@pytest.mark.parametrize(
    ("switch", "changes", "sentence"),
    [
        ("user_id", {"cadence": Cadence.REAL_TIME}, "never real-time"),
        ("user_id", {"properties": []}, "at least one"),
        ("user_id", {"identity": TraitIdentity("mail", "email")}, "by user id only"),
        ("any", {"identity": TraitIdentity("mail", "phone")}, "none of external_id"),
        ("any", {"identity": TraitIdentity("mail", "alias")}, "alias label"),
    ],
)
def test_a_trait_sync_that_amplitude_would_not_save_is_refused(
    traits: Any, switch: str, changes: dict[str, Any], sentence: str
) -> None:
    bench, _ = traits(trait_identifier=switch)
    wanted = {"cadence": Cadence.DAILY, "properties": ["plan"]} | changes
    with pytest.raises(SetupRefused, match=sentence):
        bench.engine.sync_traits(connect(bench), wanted.pop("cadence"), **wanted)


def test_a_world_without_traits_says_so(bench: Any) -> None:
    with pytest.raises(SetupRefused, match="no source of traits"):
        bench.engine.sync_traits(connect(bench), Cadence.DAILY, properties=["plan"])
