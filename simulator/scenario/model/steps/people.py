"""Steps in which people and their phones do something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Choice, ListOf
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import COHORT, COUNT, DEVICE, IDENTIFIER, PEOPLE, PERSON, PROPERTIES, TEXT


class Learns(StrEnum):
    """Which system is told of a login at once."""

    BRAZE = "braze"
    AMPLITUDE = "amplitude"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn(Step):
    """The person logs in on the phone they have.

    The app calls Braze's changeUser, which acts at once: an anonymous profile becomes this user, or is merged into the
    user's profile if Braze knows the id already (LIFE-1, LIFE-2). It happens on the first device of the person's first
    profile that has one, else on their Amplitude device, which then appears in Braze with an anonymous profile; without
    a device nobody logs in.

    The app also sets the user id in Amplitude's SDK, which sends nothing by itself: Amplitude learns the user id with
    the person's next `event` or `change_property`. `learns: both` tells Amplitude at once as well; `learns: amplitude`
    is an app that forgets to tell Braze.
    """

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "log_in: {person: ben, user_id: ben-1001}",
        "log_in: {person: ben, user_id: ben-1001, learns: both}",
    )

    person: str = key(PERSON, "Who.")
    user_id: str = key(IDENTIFIER, "The user id; Braze calls it external_id.")
    learns: Learns = key(Choice(Learns), "Who is told at once.", default=Learns.BRAZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut(Step):
    """The person logs out: Amplitude's SDK forgets the user id, and takes `device_id` if a fresh one is given. Braze's
    SDK has no logout; its profile stays as it is."""

    SHORT: ClassVar[str] = "person"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("log_out: ida", "log_out: {person: ida, device_id: d-ida-0002}")

    person: str = key(PERSON, "Who.")
    device_id: str | None = key(DEVICE, "A fresh device id for Amplitude.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice(Step):
    """The person starts the app on another phone, or reinstalls it: nobody is logged in there. Braze's SDK makes an
    anonymous profile with the device at once; Amplitude learns the device with the person's next event."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("new_device: {person: ida, device_id: d-ida-0002}",)

    person: str = key(PERSON, "Who.")
    device_id: str = key(DEVICE, "The device id, the same in both SDKs.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appears(Step):
    """A device appears in Braze alone: its SDK starts there for the first time and makes an anonymous profile."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("appears: {person: noor, device_id: d-noor-0001}",)

    person: str = key(PERSON, "Whose device it is.")
    device_id: str | None = key(DEVICE, "The device id.", default=None, shown="the person's device id")


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeData(Step):
    """Braze's SDK wipes its data on the person's phone and starts afresh: a new anonymous profile under a new device
    id."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("wipe_data: {person: ben, device_id: d-ben-0002}",)

    person: str = key(PERSON, "Who.")
    device_id: str = key(DEVICE, "The device id that Braze's SDK makes up after the wipe.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Step):
    """The person performs an event now; Amplitude receives it with the user id and device id that the phone holds."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "event: {person: ben, name: app_opened}",
        "event: {person: [ben, ida], name: order_placed, times: 2, properties: {amount: 12.5}}",
    )

    person: tuple[str, ...] = key(PEOPLE, "Who.")
    name: str = key(TEXT, "The event type.")
    times: int = key(COUNT, "How many such events.", default=1)
    properties: Mapping[str, object] = key(PROPERTIES, "Event properties.", default={})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProperty(Step):
    """The person's user properties change in Amplitude, by an identify call with the ids that the phone holds."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "change_property: {person: ida, set: {plan: pro, crm_id: c-7}}",
        "change_property: {person: ida, unset: [crm_id]}",
    )

    person: tuple[str, ...] = key(PEOPLE, "Who.")
    set: Mapping[str, object] = key(PROPERTIES, "Properties and their new values.", default={})
    unset: tuple[str, ...] = key(ListOf(TEXT, single=True), "Properties that lose their value.", default=())

    def problems(self) -> Iterator[Problem]:
        if not self.set and not self.unset:
            yield Problem("nothing changes", self.where, "give `set: {plan: pro}` or `unset: [plan]`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enters(Step):
    """People are put into a static cohort in Amplitude."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("enters: {cohort: vips, people: [ida]}",)

    cohort: str = key(COHORT, "A cohort defined by `people`.")
    people: tuple[str, ...] = key(PEOPLE, "Who.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves(Step):
    """People are taken out of a static cohort in Amplitude."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("leaves: {cohort: vips, people: [ida]}",)

    cohort: str = key(COHORT, "A cohort defined by `people`.")
    people: tuple[str, ...] = key(PEOPLE, "Who.")
