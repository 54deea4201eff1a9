"""What is worked out in one statement agrees with the judge; what SQL cannot say is left to the judge."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.fakes.amplitude.cohorts.bulk import PlainCount, everybody, fill_wanted, plain_count
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.membership import next_change
from simulator.rules.instants import DAY_MS, HOUR_MS
from simulator.rules.switches import RuleSet

WHOLE_DAYS = RuleSet().with_switches({"rolling_window": "whole_days"})


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ({"performed": "a"}, PlainCount("a", 1, None)),
        ({"performed": "a", "times": ">= 3", "within": "7d"}, PlainCount("a", 3, 7 * DAY_MS)),
        ({"performed": "a", "times": ">= 2.5"}, None),
        ({"performed": "a", "times": ">= 0"}, None),
        ({"performed": "a", "times": f">= {2**62}"}, PlainCount("a", 2**62, None)),
        ({"performed": "a", "times": f">= {2**62 + 1}"}, None),
        ({"performed": "a", "times": "> 2"}, None),
        ({"performed": "a", "sum": {"price": ">= 1"}}, None),
        ({"performed": "a", "where": {"x": 1}}, None),
        ({"performed": "_active", "within": "7d"}, None),
        ({"performed": "a", "within": "7d", "offset": "1d"}, None),
        ({"performed": "a", "within": "7d", "skip_today": True}, None),
        ({"performed": "a", "since": "2026-03-01"}, None),
        ({"not": {"performed": "a"}}, None),
        ({"all": [{"performed": "a"}, {"performed": "b"}]}, None),
        ({"any": [{"performed": "a"}, {"performed": "b"}]}, None),
        ({"property": {"plan": "pro"}}, None),
    ],
    ids=str,
)
def test_only_plain_counts_are_taken(written, plain):
    assert plain_count(from_language(written), RuleSet()) == plain


def test_whole_days_are_left_to_the_judge():
    assert plain_count(from_language({"performed": "a", "within": "7d"}), WHOLE_DAYS) is None
    assert plain_count(from_language({"performed": "a"}), WHOLE_DAYS) == PlainCount("a", 1, None)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ida-1001", "ben-1001:d-1", ":d-1", ":d-2", "ida-1001:d-2"]),
        st.sampled_from(["a", "b"]),
        st.integers(-40, 20),
    ),
    max_size=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=EVENTS,
    times=st.integers(1, 3),
    within=st.sampled_from([None, "1d"]),
    mapping=st.sampled_from([{}, {"ben-1001": "ida-1001"}]),
)
def test_one_statement_says_what_the_judge_says(shop_under, events, times, within, mapping):
    shop = shop_under()
    for person, event, hours in events:
        shop.did(person, event, at=shop.clock.now + hours * HOUR_MS)
    for user_id, global_user_id in mapping.items():
        shop.maps(user_id, global_user_id)
    written = {"performed": "a", "times": f">= {times}", **({"within": within} if within else {})}
    cohort = shop.cohorts.create("plain", written)
    sources = shop.relations.sources(shop.project)
    fill_wanted(shop.database, cohort, plain_count(cohort.definition, RuleSet()), shop.clock.now, sources)
    wanted = shop.database.rows("SELECT amplitude_id, inside, due_at FROM temp.wanted ORDER BY 1")
    assert [person for person, inside, _ in wanted if inside] == shop.judged("plain")
    dues = {
        history.amplitude_id: next_change(cohort.definition, history, shop.clock.now) for history in shop.read(cohort)
    }
    named = {person: due for person, _, due in wanted if due}
    # It may say to look again sooner than the judge, who looks further ahead, and never later.
    assert [person for person, due in dues.items() if due and named.get(person, due + 1) > due] == []


def test_a_first_computation_logs_no_change_and_a_later_one_does(shop, start):
    shop.did_all([f"user-{number:05}" for number in range(20)])
    shop.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    shop.cohorts.compute("openers")
    assert (shop.cohorts.describe("openers").size, shop.cohorts.members_table.last_change()) == (20, 0)
    shop.cohorts.edit("openers", {"performed": "app_opened", "times": ">= 2"})
    assert (shop.cohorts.describe("openers").size, shop.cohorts.members_table.last_change()) == (0, 20)


def test_thousands_who_are_due_at_once_leave_in_one_statement(shop):
    shop.did_all([f"user-{number:05}" for number in range(6_000)])
    shop.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    shop.cohorts.create("quiet", {"not": {"in_cohort": "openers"}})
    shop.cohorts.compute("quiet")
    shop.later("6d")
    shop.did("user-00007")
    shop.later("1d")
    assert shop.who("openers") == ["user-00007"]
    assert len(shop.cohorts.members("quiet")) == 5_999
    pages = shop.ledger.pages(events=["left"])
    assert {entry.rules for page in pages for entry in page.entries} == {("COHORT-2",)}


def test_everybody_is_paged_without_the_merged(shop):
    ida, anonymous = shop.did("ida-1001:d-1"), shop.did(":d-2")
    assert list(everybody(shop.database, shop.project, 1)) == [[ida], [anonymous]]
    shop.did("ida-1001:d-2")
    assert list(everybody(shop.database, shop.project, 1)) == [[ida]]
