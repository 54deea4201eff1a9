"""What a run sends: from who entered and left, and what was sent before, to adds, removals and skips."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress, islice
from typing import Any, NamedTuple

from simulator.rules import mapping as mapping_rules
from simulator.rules.identity import AmplitudeUser, Identifier
from simulator.rules.outcomes import SkipReason

IDENTIFIERS_PER_REQUEST = 1_000
"""SYNC-3. Braze counts user ids, device ids and aliases of all groups of a request together."""


class Direction(StrEnum):
    """Whether a change puts somebody into the cohort or takes them out."""

    ADD = "add"
    REMOVE = "remove"
    RELEASE = "release"
    """Nothing is sent: the identifier of somebody who left is somebody else's entry in the same run."""


class Change(NamedTuple):
    """One identifier to send for one person; `rank` is the mapping it came from (-1 for a removal)."""

    amplitude_id: int
    direction: Direction
    identifier: Identifier
    rank: int


class Skip(NamedTuple):
    """MAP-3. A person Amplitude could not name; nothing is sent."""

    amplitude_id: int
    reason: SkipReason
    tried: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What one run, or one chunk of it, will do."""

    changes: tuple[Change, ...]
    skips: tuple[Skip, ...]


def plan(
    entered: Iterable[AmplitudeUser],
    left: Iterable[int],
    sent: Mapping[int, Identifier],
    hierarchy: Sequence[mapping_rules.Mapping],
    fallback: str,
) -> SyncPlan:
    """SYNC-1, MAP-5. Additions under the mapping of now, removals under the identifier stored at entry.

    `sent` maps amplitude ids to the identifier the last successful delivery used. Somebody who left and was never
    sent (a skip) needs no removal.
    """
    changes: list[Change] = []
    skips: list[Skip] = []
    for user in entered:
        resolved = mapping_rules.resolve(user, hierarchy, fallback)
        if isinstance(resolved, mapping_rules.Unresolved):
            skips.append(Skip(user.amplitude_id, SkipReason.UNRESOLVED_MAPPING, resolved.tried))
        else:
            changes.append(Change(user.amplitude_id, Direction.ADD, resolved.identifier, resolved.rank))
    for amplitude_id in left:
        stored = sent.get(amplitude_id)
        if stored is not None:
            changes.append(Change(amplitude_id, Direction.REMOVE, stored, -1))
    return SyncPlan(tuple(changes), tuple(skips))


def batches(changes: Iterable[Change], size: int = IDENTIFIERS_PER_REQUEST) -> Iterator[tuple[Change, ...]]:
    """SYNC-3. Changes in order, cut into requests of at most `size` identifiers."""
    iterator = iter(changes)
    while batch := tuple(islice(iterator, size)):
        yield batch


class Standing(NamedTuple):
    """What earlier requests left, or may have left, in Braze for one person."""

    identifier: Identifier
    certain: bool
    """False when a request was sent whose fate is unknown: no answer, or a server error (SYNC-6)."""


def reconcile(
    wanted: Iterable[AmplitudeUser],
    unwanted: Iterable[int],
    standing: Mapping[int, Sequence[Standing]],
    hierarchy: Sequence[mapping_rules.Mapping],
    fallback: str,
) -> SyncPlan:
    """SYNC-5, SYNC-6. As `plan`, but some of it may be there already because an earlier run failed half-way.

    Somebody wanted who certainly is there needs nothing; somebody who perhaps is there is sent again under the
    mapping of now. Whoever is unwanted is removed under every identifier that may be there.
    """
    missing = wanted
    if standing:
        missing = [user for user in wanted if not any(known.certain for known in standing.get(user.amplitude_id, ()))]
    fresh = plan(missing, (), {}, hierarchy, fallback)
    removals = tuple(
        Change(amplitude_id, Direction.REMOVE, known.identifier, -1)
        for amplitude_id in unwanted
        for known in standing.get(amplitude_id, ())
    )
    return SyncPlan(fresh.changes + removals, fresh.skips)


class Additions(NamedTuple):
    """People who enter, column by column: whom to send, by which identifier, and the mapping that it came from."""

    people: list[int]
    values: list[str]
    ranks: list[int]
    skips: list[Skip]


def additions(users: Iterable[AmplitudeUser], hierarchy: Sequence[mapping_rules.Mapping], fallback: str) -> Additions:
    """MAP-2, MAP-3. As `plan` for people of whom nothing is known.

    Plain columns, since a first run makes a million of them. Says the same as `mapping.resolve`, with the hierarchy
    taken apart once instead of for each person.
    """
    names = [each.amplitude_property for each in (hierarchy[:1] if fallback == "off" else hierarchy)]
    columns: list[Sequence[Any]] = list(zip(*users, strict=True)) or [()] * len(AmplitudeUser._fields)
    everybody: Sequence[int] = columns[0]
    found = _texts(columns, names[0], range(len(everybody)))
    ranks = [0] * len(everybody)
    pending = [place for place, text in enumerate(found) if text is None]
    for rank, name in enumerate(names[1:], 1):
        for place, text in zip(pending, _texts(columns, name, pending), strict=True):
            if text is not None:
                found[place], ranks[place] = text, rank
        pending = [place for place in pending if found[place] is None]
    skips = [Skip(everybody[place], SkipReason.UNRESOLVED_MAPPING, tuple(names)) for place in pending]
    people = list(everybody)
    if skips:
        named = [text is not None for text in found]
        people, ranks = list(compress(people, named)), list(compress(ranks, named))
    return Additions(people, [text for text in found if text is not None], ranks, skips)


_PROPERTIES = AmplitudeUser._fields.index("properties")
_TEXT_OR_NOTHING = frozenset((str, type(None)))


def _texts(columns: Sequence[Sequence[Any]], name: str, chosen: Sequence[int]) -> list[str | None]:
    """MAP-6. As `mapping.value_of` for each who is chosen; texts that are no blanks are spared the call."""
    column = mapping_rules.PLACES.get(name)
    values = columns[_PROPERTIES if column is None else column]
    raws = [values[place].get(name) for place in chosen] if column is None else [values[place] for place in chosen]
    plain = _TEXT_OR_NOTHING.issuperset(map(type, raws)) and "" not in raws
    if plain and not any(map(str.isspace, filter(None, raws))):
        return raws
    return [None if raw is None else mapping_rules.text_of(raw) for raw in raws]


def release_reused(removals: Iterable[Change], entering: Collection[Identifier]) -> list[Change]:
    """A removal would undo the entry of somebody else under the same identifier in this run; it is let go.

    Two people of one device, or of one external id, may swap places between two runs. Braze leaves the order
    within a request open, so the entry, which is what should be true afterwards, wins.
    """
    return [
        change._replace(direction=Direction.RELEASE) if change.identifier in entering else change for change in removals
    ]
