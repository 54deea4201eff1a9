"""Cohorts are rows; what one rests on is known, and a rolled back one was never there."""

import pytest

from simulator.fakes.amplitude.cohorts.catalogue import CohortRefused
from simulator.feeds import UnknownCohort
from simulator.rules.cohorts.definition import InCohort
from simulator.rules.cohorts.language.reading import from_language

OPENERS = from_language({"performed": "app_opened"})


@pytest.fixture
def catalogue(shop):
    return shop.cohorts.catalogue


def make(shop, name, definition=OPENERS):
    return shop.cohorts.catalogue.create(shop.project, name, definition, shop.clock.now)


def test_ids_are_eight_letters_and_digits_and_follow_from_the_seed(shop, shop_under):
    first, second = make(shop, "a"), make(shop, "b")
    assert (len(first.cohort_id), first.cohort_id.isalnum(), first.cohort_id != second.cohort_id) == (8, True, True)
    assert make(shop_under(), "a").cohort_id == first.cohort_id


def test_names_in_a_definition_become_ids_and_survive_a_rename(shop, catalogue):
    openers = make(shop, "openers")
    second = make(shop, "second", from_language({"in_cohort": "openers"}))
    catalogue.change(openers, name="renamed")
    assert second.definition.rows[0].clauses == (InCohort(openers.cohort_id),)
    assert catalogue.rank(second) == 1


def test_bases_come_before_those_that_rest_on_them(shop, catalogue):
    openers = make(shop, "openers")
    top = make(shop, "top", from_language({"in_cohort": "openers"}))
    base = make(shop, "base")
    catalogue.change(openers, definition=from_language({"in_cohort": base.cohort_id}))
    for cohort in (top, openers, base):
        catalogue.resize(cohort, 0, shop.clock.now)
    assert [each.name for each in catalogue.kept_up("main")] == ["base", "openers", "top"]


def test_only_computed_cohorts_with_a_definition_are_kept_up(shop, catalogue):
    make(shop, "openers")
    make(shop, "vips", None)
    assert catalogue.kept_up("main") == []


def test_a_circle_is_refused(shop, catalogue):
    openers = make(shop, "openers")
    with pytest.raises(CohortRefused, match="depend on itself"):
        catalogue.bound(shop.project, from_language({"in_cohort": "openers"}), openers)


def test_what_was_rolled_back_was_never_there(shop, catalogue):
    def make_and_fail():
        with shop.database.transaction():
            make(shop, "openers")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        make_and_fail()
    with pytest.raises(UnknownCohort):
        catalogue.find("main", "openers")


def test_a_deleted_cohort_keeps_its_number_and_nothing_else(shop, catalogue):
    cohort = catalogue.change(make(shop, "openers"), deleted_at=shop.clock.now)
    assert catalogue.numbered(cohort.number) == cohort
    with pytest.raises(UnknownCohort):
        catalogue.by_id("main", cohort.cohort_id)
