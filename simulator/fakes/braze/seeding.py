"""Puts many profiles into Braze at once, as they would stand after a long life, without a call for each.

Rows go through `executemany` in chunks; a million profiles take seconds. One ledger page is written per chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import orjson

from simulator.fakes.braze.store.room import Room
from simulator.rules.attributes.fields import FIELDS, STORED_AS
from simulator.rules.attributes.objects import custom_of, fields_of

CHUNK = 20_000
_REBUILT = ("braze_profile_external_id", "braze_device_profile", "braze_alias_profile")
"""Indexes that are cheaper to build once at the end than to keep while many rows come in."""
MAIN = "main"


@dataclass(frozen=True, slots=True)
class ProfileSeed:
    """One profile to be: `aliases` are (label, name) pairs; `attributes` is an attributes object of users/track."""

    external_id: str | None = None
    aliases: Sequence[tuple[str, str]] = ()
    device_ids: Sequence[str] = ()
    once_anonymous: bool = False
    attributes: Mapping[str, object] = field(default_factory=dict)


class Seeding:
    """Identifiers are taken as they come: whoever makes the seeds keeps external ids and aliases unique."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def seed(self, seeds: Iterable[ProfileSeed], workspace: str = MAIN) -> int:
        """Add profiles in order; how many there were."""
        iterator, added = iter(seeds), 0
        indexes: list[str] = []
        with self._room.database.transaction():
            while chunk := list(islice(iterator, CHUNK)):
                if len(chunk) == CHUNK and self._room.store.profiles.next_row() == 1:
                    indexes = self._drop_indexes()
                self._add(chunk, workspace)
                added += len(chunk)
            for definition in indexes:
                self._room.database.execute(definition)
        return added

    def _drop_indexes(self) -> list[str]:
        """Drop the indexes that are rebuilt; the statements that build them."""
        definitions = []
        for name in _REBUILT:
            definitions.append(self._room.database.value("SELECT sql FROM sqlite_master WHERE name = ?", (name,)))
            self._room.database.execute(f"DROP INDEX {name}")
        return definitions

    def _add(self, chunk: Sequence[ProfileSeed], workspace: str) -> None:
        profiles, database, at = self._room.store.profiles, self._room.database, self._room.clock.now
        first = profiles.next_row()
        database.executemany(
            "INSERT INTO braze_profile (profile, workspace, external_id, email, phone, created_at, "
            "updated_at, once_anonymous, fields, custom) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (row, workspace, seed.external_id, email, phone, at, at, seed.once_anonymous, fields, custom)
                for row, seed in enumerate(chunk, first)
                for email, phone, fields, custom in (_stored(seed),)
            ],
        )  # fmt: skip
        database.executemany(
            "INSERT INTO braze_alias (workspace, label, name, profile) VALUES (?, ?, ?, ?)",
            sorted(
                (workspace, label, name, row) for row, seed in enumerate(chunk, first) for label, name in seed.aliases
            ),
        )
        database.executemany(
            "INSERT OR IGNORE INTO braze_device (workspace, device_id, profile) VALUES (?, ?, ?)",
            # In the order of the table, so that neighbours land on one page.
            sorted(_devices(chunk, first, workspace)),
        )
        self._room.ledger.write(
            at, room="braze", event="profiles_seeded", detail={"workspace": workspace, "profiles": len(chunk)}
        )


def _devices(chunk: Sequence[ProfileSeed], first: int, workspace: str) -> Iterator[tuple[str, str, int]]:
    for row, seed in enumerate(chunk, first):
        for device_id in seed.device_ids:
            yield workspace, device_id, row


def _stored(seed: ProfileSeed) -> tuple[object, object, str, str]:
    """Email, phone, profile fields and custom attributes as they are stored."""
    if not seed.attributes:
        return None, None, "{}", "{}"
    fields = {name: value for name, value in fields_of(seed.attributes).items() if value is not None}
    email, phone = fields.pop("email", None), fields.pop("phone", None)
    stored = {STORED_AS.get(name, name): value for name, value in fields.items() if name in FIELDS}
    return email, phone, orjson.dumps(stored).decode(), orjson.dumps(custom_of(seed.attributes)).decode()
