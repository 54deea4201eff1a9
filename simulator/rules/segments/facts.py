"""What a filter may know of one profile: the facts of one person at one instant.

Whoever keeps the profiles fills this in as of the instant asked about; the judge never looks anything up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.rules.instants import Instant


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """One profile as the filters see it.

    `fields` holds the profile fields by their export names (country, language, email, email_subscribe ...);
    `events` and `purchases` hold the instants of each name, oldest first; `cohorts` the (partner, cohort id) pairs the
    profile belongs to; `apps` the apps with a session; `received` the ids of campaigns and Canvases that reached it.
    """

    braze_id: str
    external_id: str | None = None
    aliases: frozenset[tuple[str, str]] = frozenset()
    fields: Mapping[str, object] = field(default_factory=dict)
    custom_attributes: Mapping[str, object] = field(default_factory=dict)
    events: Mapping[str, Sequence[Instant]] = field(default_factory=dict)
    purchases: Mapping[str, Sequence[Instant]] = field(default_factory=dict)
    cohorts: frozenset[tuple[str, str]] = frozenset()
    apps: frozenset[str] = frozenset()
    last_used_app: Instant | None = None
    subscription_groups: Mapping[str, str] = field(default_factory=dict)
    received: frozenset[str] = frozenset()
    random_bucket: int = 0
