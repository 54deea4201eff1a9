"""A whole reading of the documents: the switches of Braze's side and those of Amplitude's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from simulator.rules.switches.braze import BrazeReadings
from simulator.rules.switches.declaring import switch


class UnknownSwitch(ValueError):
    """A switch or a value of one that does not exist; the message lists what does."""


@dataclass(frozen=True, slots=True)
class RuleSet(BrazeReadings):
    """One reading of the documents. Every field is a switch; `SWITCHES` describes each."""

    property_most_recently: str = switch(
        "profile",
        "latest_active_event",
        rule="COHORT-1",
        confidence="documented, two readings",
        source="Amplitude, Identify API; Define a cohort",
        doc="what a property's most recent value is: the profile's, or the one on the latest active event",
    )
    rolling_window: str = switch(
        "sliding",
        "whole_days",
        rule="COHORT-2",
        confidence="inferred",
        source="Amplitude, Define a cohort",
        doc="whether 'in the last 7 days' slides with the clock or counts whole UTC days and moves at midnight",
    )
    mapped_users: str = switch(
        "joined",
        "apart",
        rule="ID-6",
        confidence="inferred",
        source="Amplitude, User Mapping (Aliasing) API",
        doc="whether the events of a mapped user also count for the user it is mapped to when cohorts are computed",
    )
    short_ids: str = switch(
        "refuse",
        "strip",
        rule="INGEST-1",
        confidence="live, against the documents",
        source="Amplitude, HTTP V2 API",
        doc="what becomes of an event whose user id or device id is too short: a 400, or the id is removed from it",
    )
    error_indexes: str = switch(
        "all",
        "first",
        rule="INGEST-1",
        confidence="documented, contradictory",
        source="Amplitude, Batch Event Upload API; HTTP V2 API",
        doc="which events a 400 blames for a field: all that are wrong, or the first",
    )
    property_operations: str = switch(
        "every_event",
        "identify_only",
        rule="INGEST-1",
        confidence="documented, clients do otherwise",
        source="Amplitude, Identify API",
        doc="where $set and the other operations work: on every event, or on $identify only",
    )
    dedupe_key: str = switch(
        "device_and_insert_id",
        "insert_id",
        rule="INGEST-2",
        confidence="documented, contradictory",
        source="Amplitude, HTTP V2 API; Batch Event Upload API",
        doc="what makes an event a duplicate within 7 days",
    )
    ingested_count: str = switch(
        "all",
        "new_only",
        rule="INGEST-2",
        confidence="inferred",
        source="Amplitude, HTTP V2 API",
        doc="whether events_ingested counts duplicates that were silently ignored",
    )
    device_scope: str = switch(
        "organisation",
        "project",
        rule="ID-4",
        confidence="documented; projects may also be looked at apart",
        source="Amplitude, Track unique users",
        doc="whether a device that has a user in another project counts as that user's here too",
    )
    wrong_key_status: str = switch(
        "403",
        "401",
        rule="READ-1",
        confidence="live, against the documents",
        source="Amplitude, User Privacy API",
        doc="how wrong keys are answered outside ingestion",
    )
    export_delay: str = switch(
        "two_hours",
        "none",
        rule="READ-1",
        confidence="documented, roughly",
        source="Amplitude, Export API",
        doc="how long after its end an upload hour can be exported",
    )
    profile_age: str = switch(
        "any",
        "earliest_page",
        rule="PROF-1",
        confidence="documented, of the earliest page only",
        source="Amplitude, User Profile API",
        doc="whom the user profile API knows: everybody at once; or nobody younger than 5 minutes, and recommendations "
        "from 2 hours of age until 90 days without an event",
    )
    profile_prefix: str = switch(
        "none",
        "gp",
        rule="PROF-1",
        confidence="documented, contradictory",
        source="Amplitude, User Profile API; Use recommendations",
        doc="whether custom properties carry the prefix gp: in the user profile API",
    )
    activity_limit: str = switch(
        "exact",
        "zero_indexed",
        rule="READ-1",
        confidence="documented, contradictory",
        source="Amplitude, Dashboard REST API",
        doc="whether limit=1 of useractivity gives one event or two",
    )

    def with_switches(self, values: Mapping[str, str]) -> RuleSet:
        """A copy with some switches set. Raises UnknownSwitch for a name or value that does not exist."""
        for name, value in values.items():
            if name not in SWITCHES:
                raise UnknownSwitch(f"unknown switch {name!r}; there are {', '.join(SWITCHES)}")
            if value not in SWITCHES[name].values:
                choices = ", ".join(SWITCHES[name].values)
                raise UnknownSwitch(f"switch {name} has no value {value!r}; it takes {choices}")
        return replace(self, **values)

    def as_mapping(self) -> dict[str, str]:
        """Every switch and its value, in declaration order."""
        return {name: getattr(self, name) for name in SWITCHES}


@dataclass(frozen=True, slots=True)
class Switch:
    """What one switch means: its values (the default first), rule, confidence and source."""

    name: str
    values: tuple[str, ...]
    rule: str
    confidence: str
    source: str
    doc: str


SWITCHES: dict[str, Switch] = {f.name: Switch(name=f.name, **f.metadata) for f in fields(RuleSet)}
