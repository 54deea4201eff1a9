"""What a sync reads: everybody first, then who came and went, net, from any point it still remembers."""

import pytest

from simulator.feeds import UnknownCohort
from simulator.sync.ports import Source

OPENERS = {"performed": "app_opened", "within": "7d"}


def feed(shop, cohort, since=None):
    answer = shop.cohorts.source().changes(cohort.cohort_id, since, shop.clock.now)
    return answer.cursor, [person.user_id for person in answer.entered], list(answer.left)


def test_the_source_has_the_shape_the_engine_asks_for(shop):
    source: Source = shop.cohorts.source()
    assert callable(source.changes)


def test_the_first_time_everybody_comes(shop):
    shop.did("ida-1001")
    shop.did("ben-1001", "signed_up")
    cohort = shop.cohorts.create("openers", OPENERS)
    assert feed(shop, cohort)[1:] == (["ida-1001"], [])


def test_people_come_with_the_properties_they_have_now_in_order_of_their_id(shop):
    shop.has("ida-1001", plan="pro")
    shop.has("ben-1001", plan="pro")
    cohort = shop.cohorts.create("pros", {"property": {"plan": "pro"}})
    answer = shop.cohorts.source().changes(cohort.cohort_id, None, shop.clock.now)
    shop.has("ida-1001", name="Ida")
    people = list(answer.entered)
    assert [(each.user_id, dict(each.properties)) for each in people] == [
        ("ida-1001", {"plan": "pro", "name": "Ida"}),
        ("ben-1001", {"plan": "pro"}),
    ]
    assert [each.amplitude_id for each in people] == sorted(each.amplitude_id for each in people)


def test_later_only_the_changes_come(shop):
    ida = shop.did("ida-1001")
    cohort = shop.cohorts.create("openers", OPENERS)
    cursor, _, _ = feed(shop, cohort)
    assert feed(shop, cohort, cursor) == (cursor, [], [])
    shop.later("1d")
    shop.did("ben-1001")
    assert feed(shop, cohort, cursor)[1:] == (["ben-1001"], [])
    shop.later("6d")
    assert feed(shop, cohort, cursor)[1:] == (["ben-1001"], [ida])


def test_who_leaves_and_returns_moves_nothing(shop):
    shop.did("ida-1001")
    cohort = shop.cohorts.create("openers", OPENERS)
    cursor, _, _ = feed(shop, cohort)
    shop.later("8d")
    between, _, _ = feed(shop, cohort, cursor)
    shop.did("ida-1001")
    assert feed(shop, cohort, cursor)[1:] == ([], [])
    assert feed(shop, cohort, between)[1:] == (["ida-1001"], [])


def test_who_enters_and_leaves_again_moves_nothing(shop):
    cohort = shop.cohorts.create("openers", OPENERS)
    cursor, _, _ = feed(shop, cohort)
    shop.did("ida-1001")
    shop.later("8d")
    assert feed(shop, cohort, cursor)[1:] == ([], [])


def test_an_old_cursor_may_be_asked_again(shop):
    cohort = shop.cohorts.create("openers", OPENERS)
    cursor, _, _ = feed(shop, cohort)
    shop.did("ida-1001")
    first = feed(shop, cohort, cursor)
    shop.did("ben-1001")
    assert (first[1], feed(shop, cohort, cursor)[1]) == (["ida-1001"], ["ida-1001", "ben-1001"])


def test_a_long_first_run_sends_the_cohort_as_it_was_when_it_began(shop):
    people = [f"user-{number:05}" for number in range(5_000)]
    ids = shop.did_all(people)
    cohort = shop.cohorts.create_static("vips", ids)
    answer = shop.cohorts.source().changes(cohort.cohort_id, None, shop.clock.now)
    drawn = [next(answer.entered).user_id for _ in range(10)]
    late = shop.did("late-1001")
    shop.cohorts.remove_members("vips", [ids[0], ids[2_000], ids[4_999]])
    shop.cohorts.add_members("vips", [late])
    drawn += [person.user_id for person in answer.entered]
    assert drawn == people
    after = shop.cohorts.source().changes(cohort.cohort_id, answer.cursor, shop.clock.now)
    assert ([each.user_id for each in after.entered], list(after.left)) == (
        ["late-1001"],
        [ids[0], ids[2_000], ids[4_999]],
    )


def test_the_source_brings_a_cohort_up_to_the_instant_of_asking(shop):
    ida = shop.did("ida-1001")
    cohort = shop.cohorts.create("openers", OPENERS)
    cursor, _, _ = feed(shop, cohort)
    shop.clock.move_to(shop.clock.now + 7 * 86_400_000)
    assert feed(shop, cohort, cursor)[1:] == ([], [ida])
    assert shop.cohorts.source().size(cohort.cohort_id) == 0


def test_people_who_were_erased_or_merged_are_not_among_the_users(shop):
    ida = shop.did("ida-1001:d-1")
    anonymous = shop.did(":d-2")
    shop.did("ida-1001:d-2")
    users = shop.cohorts.source().users([anonymous, ida, 1])
    assert [each.amplitude_id for each in users] == [ida]


def test_what_a_real_time_sync_refuses_is_said(shop):
    plain = shop.cohorts.create("openers", OPENERS)
    funnel = shop.cohorts.create("funnel", {"sequence": ["a", "b"], "within_first": "1d"})
    source = shop.cohorts.source()
    assert source.cohort_info(plain.cohort_id).real_time_blockers == ()
    assert source.cohort_info(funnel.cohort_id).real_time_blockers == ("event_within", "funnel")


def test_a_rename_shows_and_a_deleted_cohort_is_unknown(shop):
    cohort = shop.cohorts.create("openers", OPENERS)
    shop.cohorts.rename(cohort.cohort_id, "people who opened")
    source = shop.cohorts.source()
    assert source.cohort_info(cohort.cohort_id).name == "people who opened"
    shop.cohorts.delete(cohort.cohort_id)
    with pytest.raises(UnknownCohort):
        source.cohort_info(cohort.cohort_id)
    with pytest.raises(UnknownCohort):
        source.changes(cohort.cohort_id, None, shop.clock.now)
