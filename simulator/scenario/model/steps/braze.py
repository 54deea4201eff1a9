"""Steps that change people in Braze through its REST API, and its segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import ListOf, MapOf, Text
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import COHORT, IDENTIFIER, LABEL, PERSON, TEMPLATE, TEXT

_OBJECTS = ListOf(MapOf(Text("a field name"), TEMPLATE), single=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAlias(Step):
    """The person's profile gets an alias: by `POST /users/alias/new` when it has an external id, by the SDK on the
    person's phone otherwise."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("add_alias: {person: ida, label: crm, name: crm-7}",)

    person: str = key(PERSON, "Whose profile.")
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

    def problems(self) -> Iterator[Problem]:
        if not (self.attributes or self.events or self.purchases):
            yield Problem("nothing to track", self.where, "give attributes, events or purchases")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSegment(Step):
    """Saves a segment in Braze (SEG-1): people who are members of all cohorts under `includes`, of none under
    `excludes`, and whom the filters let in. The filter is Amplitude Cohorts; who is in is asked when it is expected."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "create_segment: {name: in_app, includes: openers}",
        "create_segment: {name: rest, includes: [openers], excludes: [vips]}",
        """create_segment:
  name: everybody
  filters:
    OR:
      - amplitude_cohorts: {comparison: includes_value, value: "{cohort:openers}"}
      - country: {comparison: exists}""",
    )

    name: str = key(TEXT, "The name.")
    includes: tuple[str, ...] = key(
        ListOf(COHORT, single=True), "Cohorts, all of which must include a person.", default=()
    )
    excludes: tuple[str, ...] = key(
        ListOf(COHORT, single=True), "Cohorts, none of which may include a person.", default=()
    )
    filters: object = key(
        TEMPLATE, "Further filters in Braze's saved form: AND, OR, one key a filter; `{cohort:NAME}` is a cohort's id.",
        default=None,
    )  # fmt: skip

    def problems(self) -> Iterator[Problem]:
        if not self.includes and not self.excludes and self.filters is None:
            yield Problem("a segment without filters is everybody", self.where, "give includes, excludes or filters")
        if self.filters is not None and not isinstance(self.filters, Mapping):
            yield Problem("filters are a mapping such as {AND: [...]}", self.spots["filters"])
