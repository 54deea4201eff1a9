"""Whether one profile belongs to a segment at one instant.

Source: Braze, "Segmentation filters" (SEG-1). A cohort is read through the filter of the partner who sent it, so the
same cohort id of two partners is two cohorts. An event window is the given number of 24-hour days before the instant,
its far end excluded (inferred: the pages say "in the last Y days" and no more).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.segments.facts import ProfileFacts
from simulator.rules.segments.tree import AllOf, Comparison, Filter, Kind, Tree
from simulator.rules.segments.values import NEGATIVE, compare, count_holds

Segments = Mapping[str, Tree]
NO_SEGMENTS: Segments = {}


def judge(facts: ProfileFacts, tree: Tree, at: Instant, segments: Segments = NO_SEGMENTS) -> bool:
    """Whether the profile is in the segment at the instant.

    `segments` gives the trees that Segment Membership filters name. Raises KeyError when one of them is missing, which
    whoever saved the segment has to prevent.
    """
    if isinstance(tree, Filter):
        if tree.kind is Kind.SEGMENT_MEMBERSHIP:
            inside = judge(facts, segments[str(tree.value)], at)
            return inside is (tree.comparison is Comparison.INCLUDES_VALUE)
        return JUDGES[tree.kind](facts, tree, at)
    verdicts = (judge(facts, child, at, segments) for child in tree.children)
    return all(verdicts) if isinstance(tree, AllOf) else any(verdicts)


def _is_in(members: frozenset[str] | frozenset[tuple[str, str]], wanted: object, asked: Filter) -> bool:
    return (wanted in members) is not (asked.comparison in NEGATIVE)


def _partner_cohort(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return _is_in(facts.cohorts, (asked.subject, asked.value), asked)


def _custom_attribute(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return compare(_found(facts.custom_attributes, asked.subject), asked.comparison, asked.value, at)


def _found(attributes: Mapping[str, object], name: str) -> object:
    """The attribute of that name, else the nested value at that dotted path (keys of objects hold no dots)."""
    if name in attributes:
        return attributes[name]
    here: object = attributes
    for key in name.split("."):
        if not isinstance(here, Mapping) or key not in here:
            return None
        here = here[key]
    return here


def _count(instants: Sequence[Instant], within_days: int | None, at: Instant) -> int:
    until = bisect_right(instants, at)
    since = 0 if within_days is None else bisect_right(instants, at - within_days * DAY_MS)
    return until - since


def _custom_event(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    instants = facts.events.get(asked.subject, ())
    return count_holds(_count(instants, asked.within_days, at), asked.comparison, asked.value)


def _purchased_product(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    instants = facts.purchases.get(asked.subject, ())
    return count_holds(_count(instants, asked.within_days, at), asked.comparison, asked.value)


def _user_alias(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    has_one = any(not asked.subject or label == asked.subject for label, _ in facts.aliases)
    return has_one is (asked.comparison is Comparison.EXISTS)


def _external_user_id(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return compare(facts.external_id, asked.comparison, asked.value, at)


def _field(name: str) -> Callable[[ProfileFacts, Filter, Instant], bool]:
    def judge_field(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
        return compare(facts.fields.get(name or asked.subject), asked.comparison, asked.value, at)

    return judge_field


def _subscribed(name: str) -> Callable[[ProfileFacts, Filter, Instant], bool]:
    def judge_state(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
        return compare(facts.fields.get(name, "subscribed"), asked.comparison, asked.value, at)

    return judge_state


def _subscription_group(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return compare(facts.subscription_groups.get(asked.subject, "unknown"), asked.comparison, asked.value, at)


def _last_used_app(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    """Compared as an instant already; somebody who never used an app is neither before nor after."""
    if facts.last_used_app is None or not isinstance(asked.value, int):
        return False
    if asked.comparison is Comparison.AFTER:
        return facts.last_used_app > asked.value
    return facts.last_used_app < asked.value


def _used_app(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    wanted = asked.value if isinstance(asked.value, tuple) else (str(asked.value),)
    return (not facts.apps.isdisjoint(wanted)) is not (asked.comparison in NEGATIVE)


def _random_bucket(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return compare(facts.random_bucket, asked.comparison, asked.value, at)


def _message_received(facts: ProfileFacts, asked: Filter, at: Instant) -> bool:
    return _is_in(facts.received, asked.value, asked)


JUDGES: dict[Kind, Callable[[ProfileFacts, Filter, Instant], bool]] = {
    Kind.PARTNER_COHORT: _partner_cohort,
    Kind.CUSTOM_ATTRIBUTE: _custom_attribute,
    Kind.CUSTOM_EVENT: _custom_event,
    Kind.PURCHASED_PRODUCT: _purchased_product,
    Kind.USER_ALIAS: _user_alias,
    Kind.EXTERNAL_USER_ID: _external_user_id,
    Kind.COUNTRY: _field("country"),
    Kind.LANGUAGE: _field("language"),
    Kind.PROFILE_FIELD: _field(""),
    Kind.EMAIL_SUBSCRIPTION: _subscribed("email_subscribe"),
    Kind.PUSH_SUBSCRIPTION: _subscribed("push_subscribe"),
    Kind.SUBSCRIPTION_GROUP: _subscription_group,
    Kind.LAST_USED_APP: _last_used_app,
    Kind.USED_APP: _used_app,
    Kind.RANDOM_BUCKET: _random_bucket,
    Kind.MESSAGE_RECEIVED: _message_received,
}
