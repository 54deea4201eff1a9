"""People by name: what each system knows of one human before the first step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.feeds import MAIN
from simulator.rules.instants import HOUR_MS, SECOND_MS, Instant
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.records import Record, RecordOf, key
from simulator.scenario.language.shapes import Broken, Choice, Either, ListOf, MapOf, Reader, SchemaBook, Shape
from simulator.scenario.language.source import Problem
from simulator.scenario.model.words import (
    COUNT,
    DEVICE,
    DURATION,
    FLAG,
    IDENTIFIER,
    INSTANT,
    LABEL,
    PROJECT,
    PROPERTIES,
    TEXT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent(Record):
    """An event that the person performed before the scenario's clock starts."""

    SHORT: ClassVar[str] = "name"

    name: str = key(TEXT, "The event type.")
    ago_ms: int = key(DURATION, "How long before the scenario's clock it happened.", default=HOUR_MS, shown="1h")
    at: Instant | None = key(INSTANT, "When it happened, in place of `ago`.", default=None)
    times: int = key(COUNT, "How many such events; the last one happened at that time.", default=1)
    every_ms: int = key(DURATION, "The distance between them.", default=SECOND_MS, shown="1s")
    properties: Mapping[str, object] = key(PROPERTIES, "Event properties.", default={})

    def problems(self) -> Iterator[Problem]:
        if self.at is not None and "ago" in self.spots:
            yield Problem("`at` and `ago` both say when", self.spots["ago"], "keep one of them")

    def instants(self, clock: Instant) -> list[Instant]:
        """When the events happened, the earliest first."""
        last = self.at if self.at is not None else clock - self.ago_ms
        return [Instant(last - self.every_ms * back) for back in reversed(range(self.times))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Record):
    """A profile that Braze has of a person before the first step: exactly what is written, nothing is filled in."""

    external_id: str | None = key(IDENTIFIER, "The external id; a profile that has one is identified.", default=None)
    aliases: Mapping[str, str] = key(MapOf(LABEL, IDENTIFIER), "Aliases, as label: name.", default={})
    device_ids: tuple[str, ...] = key(ListOf(DEVICE, single=True), "Devices that belong to the profile.", default=())
    once_anonymous: bool = key(
        FLAG, "Whether an identified profile began as an anonymous one (MATCH-4).", default=False
    )
    deprecated_external_ids: tuple[str, ...] = key(
        ListOf(IDENTIFIER, single=True), "Former external ids, from before a rename (MATCH-6).", default=()
    )
    attributes: Mapping[str, object] = key(PROPERTIES, "Attributes, standard ones such as email too.", default={})

    def problems(self) -> Iterator[Problem]:
        if self.external_id is None and self.once_anonymous:
            yield Problem(
                "only an identified profile can have been anonymous once",
                self.spots["once_anonymous"],
                "add an external_id, or leave once_anonymous out: this profile is anonymous now",
            )
        if not (self.external_id or self.aliases or self.device_ids or self.attributes):
            yield Problem("an empty profile", self.where, "write `braze: none` for somebody whom Braze does not know")


class BrazeSide(Shape):
    """One profile, several, or none."""

    words = "a profile, a list of profiles, or `none`"
    _profile = RecordOf(Profile)
    _any = Either(Choice(("none",)), ListOf(_profile, least=1), _profile)

    def read(self, node: Node, reader: Reader) -> tuple[Profile, ...] | Broken:
        value = self._any.read(node, reader)
        if isinstance(value, Broken | tuple):
            return value
        return () if isinstance(node, Scalar) else (value,)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return self._any.schema(book)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Record):
    """One human. What is not written does not exist, with one exception: the default of `braze`."""

    user_id: str | None = key(IDENTIFIER, "The user id that Amplitude knows.", default=None)
    device_id: str | None = key(DEVICE, "The device id that Amplitude knows.", default=None)
    projects: tuple[str, ...] = key(
        ListOf(PROJECT, single=True, least=1),
        "The Amplitude projects that their app sends to: properties and events below, and those of steps, go to each.",
        default=(MAIN,), shown=MAIN,
    )  # fmt: skip
    properties: Mapping[str, object] = key(PROPERTIES, "User properties in Amplitude.", default={})
    events: tuple[PastEvent, ...] = key(
        ListOf(RecordOf(PastEvent), single=True), "Events before the clock starts.", default=()
    )
    braze: tuple[Profile, ...] | None = key(
        BrazeSide(), "What Braze knows.", default=None, shown="one profile: external_id is the user_id, the device_id "
        "its device; anonymous without a user_id"
    )  # fmt: skip

    def problems(self) -> Iterator[Problem]:
        if self.user_id is None and self.device_id is None and not self.braze:
            hint = "give a user_id, a device_id, or a profile under braze"
            yield Problem("this person exists in neither system", self.where, hint)
        if self.user_id is None and self.device_id is None and (self.events or self.properties):
            spot = self.spots.get("events") or self.spots["properties"]
            yield Problem("Amplitude cannot know these without a user_id or device_id", spot)

    @property
    def in_amplitude(self) -> bool:
        """Whether Amplitude knows the person."""
        return self.user_id is not None or self.device_id is not None

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What Braze has before the first step, defaults applied."""
        if self.braze is not None:
            return self.braze
        devices = () if self.device_id is None else (self.device_id,)
        return (Profile(where=self.where, external_id=self.user_id, device_ids=devices),)
