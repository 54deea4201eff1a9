"""A segment's filters in plain words, as /segments/details shows them in `text_description`."""

from __future__ import annotations

from simulator.rules.instants import format_instant
from simulator.rules.segments.tree import AllOf, Comparison, Filter, Kind, Tree

NOUNS: dict[Kind, str] = {
    Kind.CUSTOM_ATTRIBUTE: "custom attribute",
    Kind.CUSTOM_EVENT: "custom event",
    Kind.PURCHASED_PRODUCT: "purchases of",
    Kind.USER_ALIAS: "user alias",
    Kind.EXTERNAL_USER_ID: "external user ID",
    Kind.COUNTRY: "country",
    Kind.LANGUAGE: "language",
    Kind.PROFILE_FIELD: "profile field",
    Kind.EMAIL_SUBSCRIPTION: "email subscription status",
    Kind.PUSH_SUBSCRIPTION: "push subscription status",
    Kind.SUBSCRIPTION_GROUP: "subscription group",
    Kind.LAST_USED_APP: "last used app",
    Kind.USED_APP: "apps used",
    Kind.RANDOM_BUCKET: "random bucket number",
    Kind.MESSAGE_RECEIVED: "messages received",
    Kind.SEGMENT_MEMBERSHIP: "segment membership",
}

DAYS = " x days "
"""What stands for a number of days in the name of a comparison."""


def describe(tree: Tree) -> str:
    """One sentence part for the whole tree; an empty one reads `all users`."""
    if isinstance(tree, Filter):
        return _describe_filter(tree)
    if not tree.children:
        return "all users"
    return (" and " if isinstance(tree, AllOf) else " or ").join(_nested(child) for child in tree.children)


def _nested(tree: Tree) -> str:
    inner = describe(tree)
    return inner if isinstance(tree, Filter) or len(tree.children) < 2 else f"({inner})"


def _describe_filter(asked: Filter) -> str:
    parts = [NOUNS.get(asked.kind, f"{partner_name(asked.subject)} Cohorts")]
    if asked.kind is not Kind.PARTNER_COHORT and asked.subject:
        parts.append(f'"{asked.subject}"')
    words = asked.comparison.value.replace("_", " ")
    if DAYS in words:
        return " ".join([*parts, words.replace(DAYS, f" {asked.value} days ")])
    parts.append(words)
    if asked.value is not None:
        parts.append(_value_in_words(asked))
    if asked.within_days is not None:
        parts.append(f"in the last {asked.within_days} days")
    return " ".join(parts)


def _value_in_words(asked: Filter) -> str:
    value = asked.value
    if isinstance(value, tuple):
        return " or ".join(f'"{one}"' for one in value)
    if asked.comparison in (Comparison.AFTER, Comparison.BEFORE) and isinstance(value, int):
        return format_instant(value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def partner_name(partner: str) -> str:
    """A partner as its filter is headed: `amplitude` is Amplitude, `treasure_data` is Treasure Data."""
    return " ".join(word[:1].upper() + word[1:] for word in partner.replace("-", " ").replace("_", " ").split())


def cohort_title(partner: str, name: str, cohort_id: str) -> str:
    """A cohort in the filter's list: `[Amplitude] NAME: ID` (SEG-1; Braze, "Amplitude for Currents").

    That Braze puts the partner in front, and not the partner itself, is inferred.
    """
    return f"[{partner_name(partner)}] {name}: {cohort_id}"
