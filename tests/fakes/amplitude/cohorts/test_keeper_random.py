"""On random histories what is kept agrees with the full evaluation: events, backfills, merges, deletions and lists."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.rules.instants import DAY_MS, HOUR_MS, Instant

OPENERS = {"performed": "app_opened", "within": "7d"}
DEFINITIONS = [
    OPENERS,
    {"performed": "app_opened", "times": ">= 2", "within": "2d"},
    {"performed": "app_opened", "times": "< 3", "within": "2d"},
    {"not": {"performed": "purchase", "within": "1d"}},
    {"performed": "purchase", "sum": {"price": ">= 20"}, "within": "2d"},
    {"performed": "purchase", "distinct": {"sku": ">= 2"}, "within": "3d", "offset": "1d"},
    {"performed": "app_opened", "distinct_days": ">= 2", "within": "3d"},
    {"performed": "purchase", "nth_time": 2, "within": "1d"},
    {"performed": "purchase", "nth_time": 1},
    {"performed": "app_opened", "more_often_than": "purchase", "within": "2d"},
    {"sequence": ["app_opened", "purchase"], "within": "2d", "complete_in": "12h"},
    {"performed": "purchase", "within_first": "1d"},
    {"came_back": "app_opened", "from": "1d", "until": "2d"},
    {"active_within": "1d"},
    {"new_within": "1d"},
    {"new": {"between": ["2026-02-20", "2026-03-01"]}},
    {"property": {"plan": "pro"}},
    {"property": {"plan": "pro"}, "within": "1d"},
    {"property": {"user_id": None}, "any_time": True},
    {"performed": "app_opened", "where_user": {"plan": "pro"}, "since": "2026-03-01"},
    {"all": [OPENERS, {"not": {"property": {"plan": "pro"}}}]},
    {"all": [{"any": [{"in_cohort": "c0"}, {"property": {"plan": "pro"}}]}, {"not": {"in_cohort": "c1"}}]},
    {"all": [{"any": [{"in_cohort": "c3"}, {"in_cohort": "vips"}]}, {"not": {"in_cohort": "c21"}}]},
    {"performed": "app_opened", "within": "2d", "skip_today": True},
    {"performed": "purchase", "within": "2w", "skip_this_week": True},
    {"not": {"performed": "purchase", "within": "6h", "skip_this_hour": True}},
    {"any": [{"propensity": "churn", "percentile": ">= 80"}, {"performed": "purchase", "within": "1d"}]},
    {"performed": "_active", "distinct_days": ">= 1", "in_each": "1d", "within": "2d"},
]
NAMES = [f"c{number}" for number in range(len(DEFINITIONS))]


def even_hours(number):
    """Coarse times, so that windows often end at the very instant of asking."""
    return number * 2 * HOUR_MS


PEOPLE = ["ida-1001", "ben-1001", ":d-anna", ":d-noor", "ben-1001:d-anna", "kim-1001:d-noor"]
NAMED = ["ida-1001", "ben-1001", "kim-1001"]
WHEN = st.one_of(st.integers(-24, 12).map(even_hours), st.integers(-400, -5).map(lambda days: days * DAY_MS))
DID = st.tuples(
    st.just("did"), st.sampled_from(PEOPLE), st.sampled_from(["app_opened", "purchase"]), WHEN, st.sampled_from([5, 15])
)
PASSED = st.integers(1, 36).map(even_hours)
RARER = st.one_of(
    st.tuples(st.just("has"), st.sampled_from(PEOPLE), st.sampled_from(["pro", "free"])),
    st.tuples(st.just("erase"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("list"), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(st.just("map"), st.sampled_from(NAMED), st.sampled_from([*NAMED, None])),
    st.tuples(st.just("activity"), st.sampled_from(["app_opened", "purchase"]), st.booleans()),
    st.tuples(st.just("edit"), st.sampled_from([0, 1, 3]), st.sampled_from([0, 1, 3, 13, 16])),
    st.tuples(st.just("predict"), st.sampled_from(NAMED), st.sampled_from([79, 80])),
    st.tuples(st.just("later"), PASSED),
    st.tuples(st.just("jump"), PASSED),
)
STEPS = st.lists(st.one_of(DID, RARER, RARER), min_size=10, max_size=20)


def perform(shop, step):
    """One step of a random history."""
    match step:
        case "did", person, event, offset, price:
            shop.did(person, event, at=shop.clock.now + offset, price=price, sku=f"sku-{price}")
        case "has", person, plan:
            shop.has(person, plan=plan)
        case "erase", person:
            shop.erase(person)
        case "list", person, inside:
            move = shop.cohorts.add_members if inside else shop.cohorts.remove_members
            move("vips", shop.known(person))
        case "map", user_id, global_user_id:
            shop.maps(user_id, global_user_id)
        case "predict", person, percentile if shop.known(person):
            shop.predicts("churn", person, percentile)
        case "activity", event, active:
            shop.mark_active(event, active)
        case "edit", number, other:
            shop.cohorts.edit(f"c{number}", DEFINITIONS[other])
        case "later", duration_ms:
            shop.agenda.advance_to(Instant(shop.clock.now + duration_ms))
        case "jump", duration_ms:  # nobody runs what was due before somebody asks
            shop.clock.move_to(Instant(shop.clock.now + duration_ms))


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"rolling_window": "whole_days"},
        {"property_most_recently": "latest_active_event"},
        {"mapped_users": "apart"},
    ],
    ids=str,
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_kept_agrees_with_the_full_evaluation(shop_under, switches, steps):
    shop = shop_under(**switches)
    shop.cohorts.create_static("vips", [])
    for name, definition in zip(NAMES, DEFINITIONS, strict=True):
        shop.cohorts.create(name, definition)
        shop.cohorts.compute(name)
    for step in steps:
        perform(shop, step)
        assert shop.evaluated(NAMES) == {name: shop.cohorts.members(name) for name in NAMES}
        assert [len(shop.cohorts.members(n)) for n in NAMES] == [shop.cohorts.describe(n).size for n in NAMES]
