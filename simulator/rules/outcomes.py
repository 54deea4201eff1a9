"""Closed lists: how a person's sync can end, why, and the sentence that says so."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How one person fared in one delivery of one sync."""

    ADDED = "added"
    ALREADY_THERE = "already_there"
    REMOVED = "removed"
    ALREADY_GONE = "already_gone"
    SKIPPED = "skipped"
    DROPPED = "dropped"
    UNDELIVERED = "undelivered"


class SkipReason(StrEnum):
    """Why Amplitude could not name a person; nothing was sent."""

    UNRESOLVED_MAPPING = "unresolved_mapping"
    REJECTED_BY_PARTNER = "rejected_by_partner"


REMOVAL = "removal"
"""The word with which the note of somebody undelivered begins who was to be taken out."""


class DropReason(StrEnum):
    """Why Braze matched nobody although something was sent; the sender cannot know."""

    UNKNOWN_EXTERNAL_ID = "unknown_external_id"
    UNKNOWN_ALIAS = "unknown_alias"
    UNKNOWN_DEVICE = "unknown_device"
    DEVICE_OF_IDENTIFIED_PROFILE = "device_of_identified_profile"
    ALIAS_ONLY_PROFILE = "alias_only_profile"
    DEPRECATED_EXTERNAL_ID = "deprecated_external_id"
    DIFFERS_ONLY_IN_CASE = "differs_only_in_case"
    DIFFERS_ONLY_IN_BLANKS = "differs_only_in_blanks"
    KIND_IGNORED = "kind_ignored"


class RunStatus(StrEnum):
    """Where one execution of a sync stands."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


SKIP_RULES: dict[SkipReason, tuple[str, ...]] = {
    SkipReason.UNRESOLVED_MAPPING: ("MAP-3",),
    SkipReason.REJECTED_BY_PARTNER: ("HIST-1",),
}
DROP_RULES: dict[DropReason, tuple[str, ...]] = {
    DropReason.UNKNOWN_EXTERNAL_ID: ("MATCH-5", "MATCH-1", "NOCREATE-1"),
    DropReason.UNKNOWN_ALIAS: ("MATCH-5", "MATCH-2", "NOCREATE-1"),
    DropReason.UNKNOWN_DEVICE: ("MATCH-5", "MATCH-3", "NOCREATE-1"),
    DropReason.DEVICE_OF_IDENTIFIED_PROFILE: ("MATCH-4", "MATCH-5"),
    DropReason.ALIAS_ONLY_PROFILE: ("MATCH-2", "MATCH-5"),
    DropReason.DEPRECATED_EXTERNAL_ID: ("MATCH-6", "MATCH-5"),
    DropReason.DIFFERS_ONLY_IN_CASE: ("MATCH-1", "MATCH-5", "NOCREATE-1"),
    DropReason.DIFFERS_ONLY_IN_BLANKS: ("MATCH-1", "MATCH-5", "NOCREATE-1"),
    DropReason.KIND_IGNORED: ("MATCH-5", "MATCH-1"),
}
"""The rules a row cites for a reason, the deciding one first."""

SENTENCES: dict[str, str] = {
    Outcome.ADDED: "Braze found the profile and added it to the cohort",
    Outcome.ALREADY_THERE: "Braze found the profile; it was a member already",
    Outcome.REMOVED: "Braze found the profile and removed it from the cohort",
    Outcome.ALREADY_GONE: "Braze found the profile; it was not a member",
    Outcome.UNDELIVERED: "the request that carried this person was never accepted",
    SkipReason.UNRESOLVED_MAPPING: "Amplitude has no value for any mapping, so nothing was sent",
    SkipReason.REJECTED_BY_PARTNER: "Braze refused the request that carried this person",
    DropReason.UNKNOWN_EXTERNAL_ID: "no Braze profile has this external id, and a cohort import creates none",
    DropReason.UNKNOWN_ALIAS: "no Braze profile has this alias under this label",
    DropReason.UNKNOWN_DEVICE: "no Braze profile has this device id",
    DropReason.DEVICE_OF_IDENTIFIED_PROFILE: (
        "the device belongs to an identified profile; only external_id or alias can reach it"
    ),
    DropReason.ALIAS_ONLY_PROFILE: "the alias belongs to an alias-only profile, which this rule set does not match",
    DropReason.DEPRECATED_EXTERNAL_ID: "the external id was renamed, and this rule set ignores deprecated ids",
    DropReason.DIFFERS_ONLY_IN_CASE: "a profile exists whose external id differs only in case; Braze compares exactly",
    DropReason.KIND_IGNORED: "under this rule set a cohort import looks at external ids only",
    DropReason.DIFFERS_ONLY_IN_BLANKS: (
        "a profile exists whose external id differs only in blanks; Braze compares exactly"
    ),
}
