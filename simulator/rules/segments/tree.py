"""A segment's filters as a tree of plain values: filters joined by AND and OR, nested as deep as wanted.

Source: Braze, "Segmentation filters", "Creating a segment" and "Connected audience object" (SEG-1). Braze joins
filters with AND and OR and lets groups be mixed; it has no NOT, each filter brings its own negative comparison.
Segments are made on the dashboard only, so the tree has no documented API form; ours is in `form`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a filter looks at. The value is the key of its saved form, except for cohorts (`<partner>_cohorts`)."""

    PARTNER_COHORT = "partner_cohorts"
    CUSTOM_ATTRIBUTE = "custom_attribute"
    CUSTOM_EVENT = "custom_event"
    PURCHASED_PRODUCT = "purchased_product"
    USER_ALIAS = "user_alias"
    EXTERNAL_USER_ID = "external_user_id"
    COUNTRY = "country"
    LANGUAGE = "language"
    PROFILE_FIELD = "profile_field"
    EMAIL_SUBSCRIPTION = "email_subscription_status"
    PUSH_SUBSCRIPTION = "push_subscription_status"
    SUBSCRIPTION_GROUP = "subscription_group"
    LAST_USED_APP = "last_used_app"
    USED_APP = "used_app"
    RANDOM_BUCKET = "random_bucket"
    MESSAGE_RECEIVED = "message_received"
    SEGMENT_MEMBERSHIP = "segment_membership"


class Comparison(StrEnum):
    """The comparisons of Braze's filters, in the spelling of the connected audience object where it has one."""

    EXISTS = "exists"
    DOES_NOT_EXIST = "does_not_exist"
    EQUALS = "equals"
    NOT_EQUAL = "not_equal"
    DOES_NOT_EQUAL = "does_not_equal"
    IS = "is"
    IS_NOT = "is_not"
    MATCHES_REGEX = "matches_regex"
    DOES_NOT_MATCH_REGEX = "does_not_match_regex"
    INCLUDES_VALUE = "includes_value"
    DOES_NOT_INCLUDE_VALUE = "does_not_include_value"
    GREATER_THAN = "greater_than"
    GREATER_THAN_OR_EQUAL_TO = "greater_than_or_equal_to"
    LESS_THAN = "less_than"
    LESS_THAN_OR_EQUAL_TO = "less_than_or_equal_to"
    AFTER = "after"
    BEFORE = "before"
    LESS_THAN_X_DAYS_AGO = "less_than_x_days_ago"
    GREATER_THAN_X_DAYS_AGO = "greater_than_x_days_ago"
    LESS_THAN_X_DAYS_IN_THE_FUTURE = "less_than_x_days_in_the_future"
    GREATER_THAN_X_DAYS_IN_THE_FUTURE = "greater_than_x_days_in_the_future"


Value = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter.

    `subject` names what is compared where a kind has many: the partner, the attribute, the event, the product, the
    alias label, the profile field, the subscription group. `within_days` limits event counts to the days before the
    instant of judgement; None means ever.
    """

    kind: Kind
    comparison: Comparison
    value: Value = None
    subject: str = ""
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """AND: everybody when empty, as a segment without filters is all users."""

    children: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """OR: never empty (the form refuses it)."""

    children: tuple[Tree, ...]


Tree = Filter | AllOf | AnyOf

EVERYBODY = AllOf()


def filters_of(tree: Tree) -> tuple[Filter, ...]:
    """Every filter of the tree, from left to right."""
    if isinstance(tree, Filter):
        return (tree,)
    return tuple(found for child in tree.children for found in filters_of(child))


def in_cohort(partner: str, cohort_id: str) -> Filter:
    """The partner's own filter, "includes": members of one of its cohorts (SEG-1)."""
    return Filter(Kind.PARTNER_COHORT, Comparison.INCLUDES_VALUE, cohort_id, partner.lower())


def not_in_cohort(partner: str, cohort_id: str) -> Filter:
    """The partner's own filter, "does not include": everybody else, strangers to the cohort too (SEG-1)."""
    return Filter(Kind.PARTNER_COHORT, Comparison.DOES_NOT_INCLUDE_VALUE, cohort_id, partner.lower())


def identified() -> Filter:
    """Profiles with an external_id."""
    return Filter(Kind.EXTERNAL_USER_ID, Comparison.EXISTS)


def anonymous() -> Filter:
    """Profiles without an external_id, whatever made them."""
    return Filter(Kind.EXTERNAL_USER_ID, Comparison.DOES_NOT_EXIST)


def has_alias(label: str = "") -> Filter:
    """Profiles with any alias, or with one under this label."""
    return Filter(Kind.USER_ALIAS, Comparison.EXISTS, subject=label)


def attribute(name: str, comparison: Comparison, value: Value = None) -> Filter:
    """A custom attribute compared with a value."""
    return Filter(Kind.CUSTOM_ATTRIBUTE, comparison, value, name)


def performed(event: str, comparison: Comparison, times: int, within_days: int | None = None) -> Filter:
    """A custom event counted over the last days, or ever."""
    return Filter(Kind.CUSTOM_EVENT, comparison, times, event, within_days)
