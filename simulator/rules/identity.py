"""The few words both sides share: identifiers, and how each side sees one person."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Kind(StrEnum):
    """What an identifier is on the wire of the cohort import."""

    EXTERNAL_ID = "external_id"
    ALIAS = "alias"
    DEVICE_ID = "device_id"


class Identifier(NamedTuple):
    """A kind and a value; an alias also has a label."""

    kind: Kind
    value: str
    label: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.label}:{self.value}" if self.label else f"{self.kind} {self.value}"


NO_PROPERTIES: Mapping[str, object] = MappingProxyType({})


class AmplitudeUser(NamedTuple):
    """Amplitude's record of a person, as a sync reads it; a tuple, because millions are made."""

    amplitude_id: int
    user_id: str | None = None
    device_id: str | None = None
    properties: Mapping[str, object] = NO_PROPERTIES


class BrazeProfile(NamedTuple):
    """Braze's record of a person, as far as matching looks at it; a tuple, because millions are made."""

    braze_id: str
    external_id: str | None = None
    deprecated_external_ids: frozenset[str] = frozenset()
    aliases: frozenset[tuple[str, str]] = frozenset()
    device_ids: frozenset[str] = frozenset()
    once_anonymous: bool = False

    @property
    def identified(self) -> bool:
        """A profile is identified when it has an external id, whatever else it carries."""
        return self.external_id is not None
