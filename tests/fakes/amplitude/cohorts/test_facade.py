"""Cohorts as the application's user handles them, and what is refused."""

import pytest

from simulator.fakes.amplitude.cohorts.catalogue import CohortRefused
from simulator.fakes.amplitude.projects import ProjectSettings
from simulator.feeds import UnknownCohort
from simulator.rules.cohorts.definition import DefinitionError

OPENERS = {"performed": "app_opened"}


def test_a_cohort_is_found_by_id_and_by_name(shop):
    cohort = shop.cohorts.create("openers", OPENERS, owners=["ida@example.com"], description="who opened")
    assert shop.cohorts.describe(cohort.cohort_id) == shop.cohorts.describe("openers") == cohort
    assert len(cohort.cohort_id) == 8


def test_the_newest_of_two_cohorts_of_one_name_is_meant(shop):
    shop.cohorts.create("openers", OPENERS)
    newer = shop.cohorts.create("openers", OPENERS)
    assert shop.cohorts.describe("openers") == newer


def test_a_list_of_people_is_a_static_cohort(shop):
    ida = shop.did("ida-1001")
    cohort = shop.cohorts.create(
        "vips", {"any": [{"user_ids": ["ida-1001", "noor-1001"]}, {"amplitude_ids": [ida, 7]}]}
    )
    assert (cohort.static, cohort.size, shop.who("vips")) == (True, 1, ["ida-1001"])
    shop.did("noor-1001")
    assert shop.who("vips") == ["ida-1001"]


def test_people_are_moved_by_hand(shop):
    ida, ben = shop.did("ida-1001"), shop.did("ben-1001")
    shop.cohorts.create_static("vips", [ida])
    assert shop.cohorts.add_members("vips", [ida, ben]).size == 2
    assert shop.cohorts.remove_members("vips", [ida]).size == 1
    assert shop.who("vips") == ["ben-1001"]
    assert shop.cohorts.replace_members("vips", [ida]).size == 1
    assert shop.who("vips") == ["ida-1001"]


def test_people_of_a_computed_cohort_cannot_be_moved_by_hand(shop):
    shop.cohorts.create("openers", OPENERS)
    with pytest.raises(CohortRefused, match="has a definition"):
        shop.cohorts.add_members("openers", [1])


def test_a_list_may_be_edited_into_another_list_only(shop):
    shop.did("ida-1001")
    shop.did("ben-1001")
    shop.cohorts.create("vips", {"user_ids": ["ida-1001"]})
    shop.cohorts.edit("vips", {"user_ids": ["ben-1001"]})
    assert shop.who("vips") == ["ben-1001"]
    with pytest.raises(CohortRefused, match="cannot turn"):
        shop.cohorts.edit("vips", OPENERS)


def test_editing_a_cohort_that_nobody_computed_computes_nothing(shop):
    shop.cohorts.create("openers", OPENERS)
    assert shop.cohorts.edit("openers", {"performed": "signed_up"}).computed_at is None


@pytest.mark.parametrize("name", ["", "  "])
def test_a_cohort_needs_a_name(shop, name):
    with pytest.raises(CohortRefused, match="needs a name"):
        shop.cohorts.create(name, OPENERS)
    shop.cohorts.create("openers", OPENERS)
    with pytest.raises(CohortRefused, match="needs a name"):
        shop.cohorts.rename("openers", name)


def test_a_definition_may_not_rest_on_itself_or_on_nothing(shop):
    with pytest.raises(CohortRefused, match="no cohort 'nobody'"):
        shop.cohorts.create("openers", {"in_cohort": "nobody"})
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.create("second", {"in_cohort": "openers"})
    shop.cohorts.create("third", {"in_cohort": "second"})
    with pytest.raises(CohortRefused, match="depend on itself"):
        shop.cohorts.edit("openers", {"in_cohort": "third"})


def test_names_of_people_have_to_be_bound_first(shop):
    with pytest.raises(CohortRefused, match="bind people"):
        shop.cohorts.create("vips", {"people": ["ida"]})


def test_a_definition_that_cannot_be_read_is_refused_with_its_path(shop):
    with pytest.raises(DefinitionError) as refused:
        shop.cohorts.create("openers", {"performed": "app_opened", "within": "soon"})
    assert refused.value.path == ("within",)


def test_a_cohort_that_others_name_cannot_be_deleted(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.create("second", {"in_cohort": "openers"})
    with pytest.raises(CohortRefused, match="part of the definition of second"):
        shop.cohorts.delete("openers")
    shop.cohorts.delete("second")
    shop.cohorts.delete("openers")
    assert shop.cohorts.all() == []
    with pytest.raises(UnknownCohort):
        shop.cohorts.describe("openers")


def test_a_deleted_cohort_has_nobody_and_nothing_due(shop):
    shop.did("ida-1001")
    shop.cohorts.create("openers", {**OPENERS, "within": "7d"})
    shop.cohorts.compute("openers")
    shop.cohorts.delete("openers")
    assert shop.cohorts.due_work.next_due() is None
    assert shop.database.value("SELECT count(*) FROM amplitude_membership") == 0


def test_archiving_keeps_members(shop):
    shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    assert shop.cohorts.archive("openers").archived
    assert shop.who("openers") == ["ida-1001"]
    assert not shop.cohorts.archive("openers", archived=False).archived


def test_the_ledger_tells_what_became_of_a_cohort(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.rename("openers", "people who opened")
    shop.cohorts.edit("people who opened", {"performed": "signed_up"})
    shop.cohorts.archive("people who opened")
    shop.cohorts.archive("people who opened", archived=False)
    shop.cohorts.delete("people who opened")
    assert [page.event for page in shop.ledger.pages(rooms=["amplitude"])] == [
        "cohort_created",
        "cohort_renamed",
        "cohort_edited",
        "cohort_archived",
        "cohort_restored",
        "cohort_deleted",
    ]


def test_the_cohorts_of_a_person_and_since_when(shop, start):
    ida = shop.did("ida-1001")
    shop.cohorts.create("openers", {**OPENERS, "within": "7d"})
    shop.cohorts.compute("openers")
    assert [(each.name, since) for each, since in shop.cohorts.cohorts_of(ida)] == [("openers", start)]
    shop.later("7d")
    assert shop.cohorts.cohorts_of(ida) == []


def test_projects_keep_their_cohorts_apart(shop):
    shop.projects.add(ProjectSettings("second"))
    shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.create("openers", OPENERS, project="second")
    assert shop.cohorts.members("openers", project="second") == []
    assert len(shop.cohorts.members("openers")) == 1
    assert [each.project for each in shop.cohorts.all("second")] == ["second"]


def test_other_switches_work_members_out_anew(shop):
    shop.did("ida-1001", at=shop.clock.now - 13 * 3_600_000)
    shop.cohorts.create("openers", {**OPENERS, "within": "1d"})
    assert shop.who("openers") == ["ida-1001"]
    shop.cohorts.use_rules(shop.rules.with_switches({"rolling_window": "whole_days"}))
    assert shop.who("openers") == []
