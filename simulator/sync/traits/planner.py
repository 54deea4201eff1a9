"""Planning a trait run: everybody active is sent again, each time (TRAIT-1)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant
from simulator.rules.outcomes import SkipReason
from simulator.rules.planning import Change, Direction, Skip
from simulator.sync.ports import TraitSource
from simulator.sync.store.records import Sync
from simulator.sync.traits.selection import TraitIdentity, active_since, identity_of, values_of

CHUNK = 1_000


class Chunk:
    """Some people of a run: changes with the attributes object of each, and skips."""

    __slots__ = ("changes", "objects", "skips")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.objects: dict[int, dict[str, object]] = {}
        self.skips: list[Skip] = []


def chunks(source: TraitSource, sync: Sync, at: Instant) -> Iterator[Chunk]:
    """TRAIT-1, MAP-3. People active in the last 90 days by ascending id; who has nothing to send is passed over."""
    identity = TraitIdentity(*sync.settings["identity"])
    properties, computations = sync.settings["properties"], sync.settings["computations"]
    # What names a person is read too, although it is not sent among the values.
    asked = list(dict.fromkeys([*properties, identity.amplitude_property]))
    people = source.people(active_since(at), at, asked, computations)
    names = [*properties, *computations]
    while users := list(islice(people, CHUNK)):
        chunk = Chunk()
        for user in users:
            values = values_of(user, names)
            if not values:
                continue
            keys = identity_of(user, identity)
            if keys is None:
                chunk.skips.append(
                    Skip(user.amplitude_id, SkipReason.UNRESOLVED_MAPPING, (identity.amplitude_property,))
                )
                continue
            chunk.objects[user.amplitude_id] = {**values, **keys}
            chunk.changes.append(Change(user.amplitude_id, Direction.ADD, _identifier(keys, identity), 0))
        yield chunk


def _identifier(keys: object, identity: TraitIdentity) -> Identifier:
    """How the ledger names what was sent; e-mail and Braze id are no identifiers of a cohort, so their value stands."""
    assert isinstance(keys, dict)
    if identity.target == "alias":
        return Identifier(Kind.ALIAS, str(keys["user_alias"]["alias_name"]), identity.alias_label)
    return Identifier(Kind.EXTERNAL_ID, str(keys[identity.target]))
