"""Rows of members, changes and dues: what is written is read back, in order."""

import pytest

from simulator.fakes.amplitude.cohorts.members import Move


@pytest.fixture
def table(shop):
    return shop.cohorts.members_table


@pytest.fixture
def vips(shop):
    return shop.cohorts.create_static("vips", [])


def put(table, cohort, *people, at=0):
    table.enter(cohort, [Move(person, at) for person in people])


def take(table, cohort, *people, at=0):
    table.leave(cohort, [Move(person, at) for person in people])


def test_members_are_paged_ascending_from_anywhere(table, vips):
    put(table, vips, 5, 1, 3)
    assert list(table.pages(vips, 2)) == [[1, 3], [5]]
    assert list(table.pages(vips, 2, 1)) == [[3, 5]]
    assert (table.inside(vips, [1, 2, 3]), table.count(vips)) == ({1, 3}, 3)


def test_since_when_somebody_is_in_what(table, vips, shop):
    other = shop.cohorts.create_static("others", [])
    put(table, vips, 1, at=5)
    put(table, other, 1, 2, at=6)
    assert table.cohorts_of([1]) == {vips.number: {1: 5}, other.number: {1: 6}}


def test_net_changes_cancel_what_came_and_went(table, vips):
    put(table, vips, 1, 2)
    start = table.last_change()
    put(table, vips, 3, 4)
    take(table, vips, 1, 2, 4)
    put(table, vips, 2)
    assert table.net_changes(vips, start, table.last_change()) == ([3], [1])
    assert table.net_changes(vips, 0, start) == ([1, 2], [])


def test_members_of_a_point_of_the_log_are_read_back_page_by_page(table, vips):
    put(table, vips, *range(10, 20))
    then = table.last_change()
    take(table, vips, 10, 13, 19)
    put(table, vips, 1, 14_000, 30)
    pages = list(table.pages_at(vips, then, 3))
    assert [person for page in pages for person in page] == list(range(10, 20))
    take(table, vips, *(set(range(10, 20)) - {10, 13, 19}), 1, 14_000, 30)
    assert [person for page in table.pages_at(vips, then, 3) for person in page] == list(range(10, 20))


def test_dues_are_kept_per_person_and_cohort_and_forgotten(table, vips, shop):
    other = shop.cohorts.create_static("others", [])
    table.set_due(vips, {1: 50, 2: 40, 3: None})
    table.set_due(other, {1: 50})
    assert (table.first_due(), table.due(45, 10)) == (40, {2: (40, [vips.number])})
    assert table.due(50, 10)[1] == (50, [vips.number, other.number])
    assert table.count_due(vips, 45) == 1
    table.set_due(vips, {2: None, 1: 60})
    assert table.due(99, 10) == {1: (50, [other.number])}
    table.forget_dues_of([1])
    assert table.first_due() is None
    table.set_due(vips, {1: 50})
    table.forget_dues(vips)
    assert (table.next_due(), table.due(99, 10)) == (None, {})
