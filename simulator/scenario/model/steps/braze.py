"""Steps that change people in Braze through its REST API, and its segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Json, ListOf, MapOf, Reader, Text
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import IDENTIFIER, LABEL, PERSON

_OBJECTS = ListOf(MapOf(Text("a field name"), Json()), single=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAlias(Step):
    """`POST /users/alias/new`: the person's profile gets an alias."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("add_alias: {person: ida, label: crm, name: crm-7}",)

    person: str = key(PERSON, "Whose profile; it needs an external id.")
    label: str = key(LABEL, "The alias label.")
    name: str = key(IDENTIFIER, "The alias name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify(Step):
    """`POST /users/identify` in Braze: an alias-only profile gets an external id, or is merged into the profile that
    has it. (Amplitude's identify call is the step `change_property`.)"""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("identify: {person: kim, external_id: kim-1001}",)

    person: str = key(PERSON, "Whose profile; it is named by an alias.")
    external_id: str = key(IDENTIFIER, "The external id.")
    label: str | None = key(LABEL, "Which alias, if the profile has several.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Step):
    """`POST /users/merge`: the profile of `person` disappears into that of `into`."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("merge: {person: kim, into: ida}",)

    person: str = key(PERSON, "Whose profile ends.")
    into: str = key(PERSON, "Whose profile stays.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Step):
    """`POST /users/delete`: every profile of the person is deleted from Braze."""

    SHORT: ClassVar[str] = "person"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("delete: ida",)

    person: str = key(PERSON, "Who.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameExternalId(Step):
    """`POST /users/external_ids/rename`: the profile gets a new external id, the old one becomes deprecated."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("rename_external_id: {person: ida, to: ida-2002}",)

    person: str = key(PERSON, "Who.")
    to: str = key(IDENTIFIER, "The new external id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Track(Step):
    """`POST /users/track` with a good REST key, the objects as Braze's page describes them; anything but full success
    fails the step."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "track: {attributes: [{external_id: ida-1001, first_name: Ida}]}",
        "track: {events: [{external_id: ida-1001, name: rated, time: 2026-03-02T10:00:00Z}]}",
    )

    attributes: tuple[Mapping[str, object], ...] = key(_OBJECTS, "Attributes objects.", default=())
    events: tuple[Mapping[str, object], ...] = key(_OBJECTS, "Event objects.", default=())
    purchases: tuple[Mapping[str, object], ...] = key(_OBJECTS, "Purchase objects.", default=())

    def problems(self, reader: Reader) -> None:
        if not (self.attributes or self.events or self.purchases):
            reader.refuse("nothing to track", self.where, "give attributes, events or purchases")
