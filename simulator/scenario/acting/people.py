"""People and their phones: what Braze's SDK does at once and what Amplitude's SDK sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.fakes.amplitude.ingestion.uploads import UploadRefused
from simulator.fakes.braze.phone import PhoneRefused
from simulator.scenario.acting.cast import Phone
from simulator.scenario.acting.stage import Stage, StepRefused, amplitude_ids_of, character
from simulator.scenario.model.steps.people import (
    Appears,
    ChangeProperty,
    Enters,
    Event,
    Learns,
    Leaves,
    LogIn,
    LogOut,
    NewDevice,
    WipeData,
)


def log_in(stage: Stage, step: LogIn) -> None:
    """LIFE-1, LIFE-2 in Braze; ID-2 to ID-5 in Amplitude once it is told."""
    person = character(stage, step.person)
    if step.learns is not Learns.AMPLITUDE:
        device_id = _braze_device(person.phone, step.person)
        try:
            profile = stage.world.braze.phone.log_in(device_id, step.user_id)
        except PhoneRefused as refused:
            raise StepRefused(str(refused)) from refused
        stage.cast.know_braze(step.person, [profile.braze_id])
    person.phone.user_id = step.user_id
    if step.learns is not Learns.BRAZE:
        _identify(stage, step.person, {})


def log_out(stage: Stage, step: LogOut) -> None:
    """Amplitude's SDK forgets the user id; Braze's SDK cannot log out."""
    phone = character(stage, step.person).phone
    phone.user_id = None
    phone.device_id = step.device_id or phone.device_id


def new_device(stage: Stage, step: NewDevice) -> None:
    """Nobody is logged in on a fresh installation."""
    phone = character(stage, step.person).phone
    phone.user_id, phone.device_id, phone.braze_device_id = None, step.device_id, step.device_id
    _appear(stage, step.person, step.device_id)


def appears(stage: Stage, step: Appears) -> None:
    """A device that only Braze sees."""
    phone = character(stage, step.person).phone
    device_id = step.device_id or phone.device_id
    if device_id is None:
        raise StepRefused(f"{step.person} has no device id; give one")
    phone.braze_device_id = device_id
    _appear(stage, step.person, device_id)


def wipe_data(stage: Stage, step: WipeData) -> None:
    """A new device record and a new anonymous profile."""
    phone = character(stage, step.person).phone
    device_id = _braze_device(phone, step.person)
    try:
        profile = stage.world.braze.phone.wipe_data(device_id, new_device_id=step.device_id)
    except PhoneRefused as refused:
        raise StepRefused(str(refused)) from refused
    phone.braze_device_id = step.device_id
    stage.cast.know_braze(step.person, [profile.braze_id])


def _appear(stage: Stage, name: str, device_id: str) -> None:
    try:
        profile = stage.world.braze.phone.appear(device_id)
    except PhoneRefused as refused:
        raise StepRefused(str(refused)) from refused
    stage.cast.know_braze(name, [profile.braze_id])


def _braze_device(phone: Phone, name: str) -> str:
    if phone.braze_device_id is None:
        raise StepRefused(f"{name} has no device; let one appear first: `new_device` or `appears`")
    return phone.braze_device_id


def event(stage: Stage, step: Event) -> None:
    """INGEST-1. Each event goes in as an SDK would send it, with the ids that the phone holds."""
    for name in step.person:
        ids = _ids(stage, name)
        sent = {**ids, "event_type": step.name, "time": int(stage.now), "event_properties": dict(step.properties)}
        for project in stage.projects_of(name):
            try:
                taken = stage.world.amplitude.ingest(project, [sent] * step.times, min_id_length=1)
            except UploadRefused as refused:
                raise StepRefused(f"Amplitude refuses the event: {refused}") from refused
            stage.cast.know_amplitude(name, [number for number in taken.amplitude_ids if number])


def change_property(stage: Stage, step: ChangeProperty) -> None:
    """An identify call with the ids that the phone holds."""
    operations: dict[str, Any] = {}
    if step.set:
        operations["$set"] = dict(step.set)
    if step.unset:
        operations["$unset"] = dict.fromkeys(step.unset, "-")
    for name in step.person:
        _identify(stage, name, operations)


def _identify(stage: Stage, name: str, operations: Mapping[str, Any]) -> None:
    identification = {**_ids(stage, name), "user_properties": dict(operations)}
    for project in stage.projects_of(name):
        taken = stage.world.amplitude.identify(project, [identification])
        stage.cast.know_amplitude(name, [number for number in taken.amplitude_ids if number])


def _ids(stage: Stage, name: str) -> dict[str, str]:
    phone = character(stage, name).phone
    ids = {"user_id": phone.user_id, "device_id": phone.device_id}
    known = {key: value for key, value in ids.items() if value is not None}
    if not known:
        raise StepRefused(f"{name}'s phone holds neither a user id nor a device id for Amplitude")
    return known


def enters(stage: Stage, step: Enters) -> None:
    """People are put into a list."""
    project, cohort_id = stage.project_of(step.cohort), stage.cohort_ids[step.cohort]
    stage.world.amplitude.cohorts.add_members(cohort_id, _users(stage, step.people, project), project=project)


def leaves(stage: Stage, step: Leaves) -> None:
    """People are taken off a list."""
    project, cohort_id = stage.project_of(step.cohort), stage.cohort_ids[step.cohort]
    stage.world.amplitude.cohorts.remove_members(cohort_id, _users(stage, step.people, project), project=project)


def _users(stage: Stage, people: tuple[str, ...], project: str) -> list[int]:
    numbers: list[int] = []
    for name in people:
        known = amplitude_ids_of(stage, name, project)
        if not known:
            raise StepRefused(f"Amplitude does not know {name}")
        # The latest id is the one that the person's events go to now.
        numbers.append(known[-1])
    return numbers
