"""Who is in a segment: one filter at a time, then AND, OR and nesting."""

from __future__ import annotations

import pytest

from simulator.rules.instants import DAY_MS, Instant, parse_instant
from simulator.rules.segments.facts import ProfileFacts
from simulator.rules.segments.judge import judge
from simulator.rules.segments.tree import (
    EVERYBODY,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Kind,
    Tree,
    anonymous,
    attribute,
    has_alias,
    identified,
    in_cohort,
    not_in_cohort,
    performed,
)

AT = parse_instant("2026-03-02T10:00:00Z")
BEN = ProfileFacts("ben")
IDA = ProfileFacts(
    "ida",
    external_id="ida-1001",
    fields={"country": "DE", "language": "de", "email_subscribe": "opted_in", "first_name": "Ida"},
    custom_attributes={"plan": "gold", "visits": 7, "tags": ["a", "b"], "pet": {"name": "Rex"}, "a.b": "flat"},
    events={"app_opened": [Instant(AT - 8 * DAY_MS), Instant(AT - 7 * DAY_MS), Instant(AT - DAY_MS), AT]},
    purchases={"mug": [Instant(AT - DAY_MS)]},
    cohorts=frozenset({("amplitude", "openers")}),
    apps=frozenset({"ios"}),
    last_used_app=Instant(AT - DAY_MS),
    subscription_groups={"news": "subscribed"},
    received=frozenset({"campaign-1"}),
    random_bucket=4_200,
)
KIM = ProfileFacts("kim", aliases=frozenset({("crm", "kim-7")}))


def everyone_in(tree: Tree) -> list[str]:
    return [person.braze_id for person in (BEN, IDA, KIM) if judge(person, tree, AT)]


def test_a_segment_without_filters_is_all_users() -> None:
    assert everyone_in(EVERYBODY) == ["ben", "ida", "kim"]


def test_includes_finds_the_members_of_a_cohort() -> None:
    assert everyone_in(in_cohort("amplitude", "openers")) == ["ida"]


def test_does_not_include_finds_everybody_else() -> None:
    assert everyone_in(not_in_cohort("amplitude", "openers")) == ["ben", "kim"]


def test_the_same_cohort_id_of_another_partner_is_another_cohort() -> None:
    assert everyone_in(in_cohort("segment", "openers")) == []


def test_identified_and_anonymous_divide_everybody() -> None:
    assert (everyone_in(identified()), everyone_in(anonymous())) == (["ida"], ["ben", "kim"])


def test_an_external_id_may_be_compared() -> None:
    assert everyone_in(Filter(Kind.EXTERNAL_USER_ID, Comparison.MATCHES_REGEX, "^ida-")) == ["ida"]


def test_has_alias_under_any_label_or_under_one() -> None:
    assert (everyone_in(has_alias()), everyone_in(has_alias("crm")), everyone_in(has_alias("amplitude"))) == (
        ["kim"],
        ["kim"],
        [],
    )


def test_has_no_alias() -> None:
    assert everyone_in(Filter(Kind.USER_ALIAS, Comparison.DOES_NOT_EXIST)) == ["ben", "ida"]


@pytest.mark.parametrize(
    ("asked", "people"),
    [
        (Filter(Kind.COUNTRY, Comparison.IS, "DE"), ["ida"]),
        (Filter(Kind.COUNTRY, Comparison.IS_NOT, "DE"), ["ben", "kim"]),
        (Filter(Kind.COUNTRY, Comparison.IS, ("FR", "DE")), ["ida"]),
        (Filter(Kind.LANGUAGE, Comparison.IS, "de"), ["ida"]),
        (Filter(Kind.LANGUAGE, Comparison.DOES_NOT_EXIST), ["ben", "kim"]),
        (Filter(Kind.PROFILE_FIELD, Comparison.EQUALS, "Ida", "first_name"), ["ida"]),
        (Filter(Kind.EMAIL_SUBSCRIPTION, Comparison.IS, "opted_in"), ["ida"]),
        (Filter(Kind.EMAIL_SUBSCRIPTION, Comparison.IS, "subscribed"), ["ben", "kim"]),
        (Filter(Kind.PUSH_SUBSCRIPTION, Comparison.IS_NOT, "unsubscribed"), ["ben", "ida", "kim"]),
        (Filter(Kind.SUBSCRIPTION_GROUP, Comparison.IS, "subscribed", "news"), ["ida"]),
        (Filter(Kind.SUBSCRIPTION_GROUP, Comparison.IS, "unknown", "news"), ["ben", "kim"]),
        (Filter(Kind.RANDOM_BUCKET, Comparison.GREATER_THAN, 4_000), ["ida"]),
        (Filter(Kind.MESSAGE_RECEIVED, Comparison.INCLUDES_VALUE, "campaign-1"), ["ida"]),
        (Filter(Kind.MESSAGE_RECEIVED, Comparison.DOES_NOT_INCLUDE_VALUE, "campaign-1"), ["ben", "kim"]),
        (Filter(Kind.USED_APP, Comparison.INCLUDES_VALUE, ("ios", "web")), ["ida"]),
        (Filter(Kind.USED_APP, Comparison.INCLUDES_VALUE, "web"), []),
        (Filter(Kind.USED_APP, Comparison.DOES_NOT_INCLUDE_VALUE, "ios"), ["ben", "kim"]),
        (Filter(Kind.LAST_USED_APP, Comparison.AFTER, Instant(AT - 2 * DAY_MS)), ["ida"]),
        (Filter(Kind.LAST_USED_APP, Comparison.BEFORE, Instant(AT - DAY_MS)), []),
        (Filter(Kind.LAST_USED_APP, Comparison.BEFORE, AT), ["ida"]),
        (Filter(Kind.LAST_USED_APP, Comparison.BEFORE, "not an instant"), []),
        (Filter(Kind.PURCHASED_PRODUCT, Comparison.EXISTS, subject="mug"), ["ida"]),
        (attribute("plan", Comparison.EQUALS, "gold"), ["ida"]),
        (attribute("plan", Comparison.NOT_EQUAL, "gold"), ["ben", "kim"]),
        (attribute("visits", Comparison.GREATER_THAN_OR_EQUAL_TO, 7), ["ida"]),
        (attribute("tags", Comparison.INCLUDES_VALUE, "b"), ["ida"]),
        (attribute("pet.name", Comparison.EQUALS, "Rex"), ["ida"]),
        (attribute("a.b", Comparison.EQUALS, "flat"), ["ida"]),
        (attribute("pet.name.first", Comparison.EXISTS), []),
    ],
)
def test_one_filter(asked: Filter, people: list[str]) -> None:
    assert everyone_in(asked) == people


def test_events_ever_are_all_of_them() -> None:
    assert everyone_in(performed("app_opened", Comparison.EQUALS, 4)) == ["ida"]


def test_an_event_exactly_a_window_ago_is_outside() -> None:
    assert everyone_in(performed("app_opened", Comparison.EQUALS, 2, within_days=7)) == ["ida"]


def test_a_millisecond_earlier_it_was_inside() -> None:
    week = performed("app_opened", Comparison.EQUALS, 2, within_days=7)
    assert judge(IDA, week, Instant(AT - 1))


def test_events_after_the_instant_do_not_count() -> None:
    assert not judge(IDA, performed("app_opened", Comparison.EQUALS, 4), Instant(AT - 1))


def test_never_performed_is_a_count_of_zero() -> None:
    assert everyone_in(Filter(Kind.CUSTOM_EVENT, Comparison.DOES_NOT_EXIST, subject="app_opened")) == ["ben", "kim"]


def test_fewer_than_once_includes_people_without_any() -> None:
    assert everyone_in(performed("app_opened", Comparison.LESS_THAN, 1, within_days=7)) == ["ben", "kim"]


def test_and_wants_every_filter() -> None:
    assert everyone_in(AllOf((identified(), in_cohort("amplitude", "other")))) == []


def test_or_wants_one() -> None:
    assert everyone_in(AnyOf((identified(), has_alias()))) == ["ida", "kim"]


def test_groups_nest() -> None:
    tree = AllOf((AnyOf((identified(), has_alias())), not_in_cohort("amplitude", "openers")))
    assert everyone_in(tree) == ["kim"]


def test_a_segment_may_look_at_another_segment() -> None:
    inside = Filter(Kind.SEGMENT_MEMBERSHIP, Comparison.INCLUDES_VALUE, "known")
    outside = Filter(Kind.SEGMENT_MEMBERSHIP, Comparison.DOES_NOT_INCLUDE_VALUE, "known")
    segments = {"known": identified()}
    assert [judge(IDA, tree, AT, segments) for tree in (inside, outside)] == [True, False]
