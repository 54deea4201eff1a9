"""What a run sends: from who entered and left, and what was sent before, to adds, removals and skips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from simulator.rules import mapping as mapping_rules
from simulator.rules.identity import AmplitudeUser, Identifier
from simulator.rules.outcomes import SkipReason

IDENTIFIERS_PER_REQUEST = 1_000
"""SYNC-3. Braze counts user ids, device ids and aliases of all groups of a request together."""


class Direction(StrEnum):
    """Whether a change puts somebody into the cohort or takes them out."""

    ADD = "add"
    REMOVE = "remove"


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
