"""Members follow from what people do, from time passing, from merges and from other cohorts."""

import pytest

from simulator.rules.instants import DAY_MS, HOUR_MS, Instant

OPENERS = {"performed": "app_opened", "within": "7d"}


def test_an_event_puts_a_person_in(shop):
    shop.cohorts.create("openers", OPENERS)
    assert shop.who("openers") == []
    shop.did("ida-1001")
    assert shop.who("openers") == ["ida-1001"]


def test_a_cohort_made_after_the_event_finds_it(shop):
    shop.did("ida-1001")
    shop.did("ben-1001", "signed_up")
    shop.cohorts.create("openers", OPENERS)
    assert shop.who("openers") == ["ida-1001"]


@pytest.mark.parametrize(("passed", "expected"), [("6d 23h 59m 59s", ["ida-1001"]), ("7d", []), ("8d", [])])
def test_a_person_leaves_when_the_event_is_seven_days_old_with_no_event(shop, passed, expected):
    shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    shop.later(passed)
    assert shop.who("openers") == expected


def test_the_ledger_says_when_a_window_let_somebody_go_and_by_which_rule(shop, start):
    ida = shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    shop.later("30d")
    left = list(shop.ledger.pages(events=["left"]))
    assert [(page.at, page.entries[0].person, page.entries[0].rules) for page in left] == [
        (start + 7 * DAY_MS, str(ida), ("COHORT-2",))
    ]


def test_a_new_event_keeps_a_person_in(shop):
    shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    shop.later("6d")
    shop.did("ida-1001")
    shop.later("6d")
    assert shop.who("openers") == ["ida-1001"]
    shop.later("1d")
    assert shop.who("openers") == []


def test_a_person_enters_when_an_event_of_a_fast_clock_comes_true(shop, start):
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    shop.did("ida-1001", at=start + HOUR_MS)
    assert shop.who("openers") == []
    shop.later("1h")
    assert shop.who("openers") == ["ida-1001"]


def test_a_property_change_moves_a_person(shop):
    shop.has("ida-1001", plan="pro")
    shop.cohorts.create("pros", {"property": {"plan": "pro"}})
    assert shop.who("pros") == ["ida-1001"]
    shop.has("ida-1001", plan="free")
    assert shop.who("pros") == []


def test_under_the_stricter_reading_a_property_counts_from_the_next_event(shop_under):
    shop = shop_under(property_most_recently="latest_active_event")
    shop.cohorts.create("pros", {"property": {"plan": "pro"}})
    shop.did("ida-1001")
    shop.has("ida-1001", plan="pro")
    assert shop.who("pros") == []
    shop.did("ida-1001")
    assert shop.who("pros") == ["ida-1001"]


def test_who_did_nothing_is_in_a_cohort_of_people_who_did_not(shop):
    shop.has("ida-1001", plan="pro")
    shop.cohorts.create("quiet", {"not": {"performed": "app_opened"}})
    assert shop.who("quiet") == ["ida-1001"]
    shop.did("ida-1001")
    assert shop.who("quiet") == []


def test_count_zero_matches_nobody(shop):
    shop.has("ida-1001", plan="pro")
    shop.cohorts.create("zero", {"performed": "app_opened", "times": 0})
    shop.cohorts.create("less", {"performed": "app_opened", "times": "< 1"})
    assert shop.who("zero") == []
    assert shop.who("less") == []


def test_inactive_events_make_nobody_active(shop):
    shop.did("ida-1001", "email_sent")
    shop.events.mark_active(shop.project, "email_sent", active=False, at=shop.clock.now)
    shop.cohorts.create("active", {"active_within": "30d"})
    shop.cohorts.create("new", {"new_within": "30d"})
    assert shop.who("active") == []
    assert shop.who("new") == ["ida-1001"]


def test_a_merged_person_leaves_and_whom_they_turned_out_to_be_enters(shop):
    shop.did("ida-1001:d-1", "signed_up")
    anonymous = shop.did(":d-2")
    shop.cohorts.create("openers", OPENERS)
    assert shop.who("openers") == [":d-2"]
    ida = shop.did("ida-1001:d-2", "signed_up")
    assert ida != anonymous
    assert shop.who("openers") == ["ida-1001"]


def test_a_list_follows_a_merge(shop):
    shop.did("ida-1001:d-1")
    anonymous = shop.did(":d-2")
    shop.cohorts.create_static("vips", [anonymous])
    shop.did("ida-1001:d-2")
    assert shop.who("vips") == ["ida-1001"]


def test_naming_an_anonymous_person_moves_nobody(shop):
    ben = shop.did(":d-ben-0001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    before = shop.cohorts.members_table.last_change()
    assert shop.did("ben-1001:d-ben-0001", "signed_up") == ben
    assert (shop.cohorts.members("openers"), shop.cohorts.members_table.last_change()) == ([ben], before)


def test_an_erased_person_leaves(shop):
    ida = shop.did("ida-1001")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    with shop.database.transaction():
        shop.users.erase(shop.project, [ida])
        shop.events.erase(shop.project, [ida])
        shop.intake.tell(shop.project, [ida], shop.clock.now)
    assert shop.who("openers") == []
    assert shop.cohorts.due_work.next_due() is None


def test_a_cohort_that_names_another_follows_it(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.did("ida-1001")
    shop.did("ben-1001")
    staff = shop.cohorts.create_static("staff", [shop.did("ben-1001")])
    shop.cohorts.create("customers", {"all": [{"in_cohort": "openers"}, {"not": {"in_cohort": "staff"}}]})
    assert shop.who("customers") == ["ida-1001"]
    shop.cohorts.remove_members(staff.cohort_id, shop.cohorts.members("staff"))
    assert shop.who("customers") == ["ben-1001", "ida-1001"]
    shop.later("7d")
    assert shop.who("customers") == []


def test_editing_a_definition_moves_people_at_once(shop):
    shop.did("ida-1001")
    shop.did("ben-1001", "signed_up")
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.create("both", {"in_cohort": "openers"})
    assert shop.who("both") == ["ida-1001"]
    shop.cohorts.edit("openers", {"performed": "signed_up"})
    assert shop.who("openers") == ["ben-1001"]
    assert shop.who("both") == ["ben-1001"]


def test_a_cohort_nobody_asked_for_is_not_computed(shop):
    shop.did("ida-1001")
    cohort = shop.cohorts.create("openers", OPENERS)
    shop.did("ben-1001")
    assert (shop.cohorts.describe("openers").computed_at, cohort.size) == (None, 0)


def test_the_size_is_kept(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    shop.did_all(f"user-{number:04}" for number in range(30))
    assert shop.cohorts.describe("openers").size == 30
    shop.later("7d")
    assert shop.cohorts.describe("openers").size == 0


def test_many_people_at_once_take_the_bulk_path_and_agree_with_the_judge(shop, start):
    shop.cohorts.create("often", {"performed": "app_opened", "times": ">= 2", "within": "3d"})
    shop.cohorts.create("twice", {"performed": "app_opened", "times": 2})
    shop.cohorts.compute("often")
    shop.cohorts.compute("twice")
    people = [f"user-{number:05}" for number in range(6_000)]
    shop.did_all(people, at=start - HOUR_MS)
    shop.did_all(people[:2_500], at=start - 2 * DAY_MS)
    assert shop.cohorts.members("often") == shop.judged("often")
    assert shop.cohorts.members("twice") == shop.judged("twice")
    assert len(shop.cohorts.members("often")) == 2_500
    shop.later("1d")
    assert shop.cohorts.members("often") == shop.judged("often") == []


def test_with_many_dues_in_an_hour_the_agenda_is_called_once_and_readers_see_the_instant(shop, start):
    shop.cohorts.create("openers", OPENERS)
    shop.cohorts.compute("openers")
    for number in range(60):
        shop.did(f"user-{number:04}", at=start - 60_000 * number)
    assert (
        shop.cohorts.due_work.next_due()
        == start + 7 * DAY_MS - 59 * 60_000 - ((start - 59 * 60_000) % HOUR_MS) + HOUR_MS
    )
    shop.clock.move_to(Instant(start + 7 * DAY_MS - 30 * 60_000))
    assert len(shop.cohorts.members("openers")) == 30


def test_a_world_that_is_opened_again_forgets_no_due_and_no_cursor(shop_in, start):
    before = shop_in()
    ida = before.did("ida-1001")
    cohort = before.cohorts.create("openers", OPENERS)
    cursor = before.cohorts.source().changes(cohort.cohort_id, None, start).cursor
    before.database.close()
    after = shop_in(Instant(start + DAY_MS))
    ben = after.did("ben-1001")
    after.later("6d")
    feed = after.cohorts.source().changes(cohort.cohort_id, cursor, after.clock.now)
    assert ([person.amplitude_id for person in feed.entered], list(feed.left)) == ([ben], [ida])
    after.database.close()


def test_what_a_mapped_user_does_counts_for_both(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.did("ben-1001", "signed_up")
    shop.did("ida-1001", "signed_up")
    shop.maps("ben-1001", "ida-1001")
    assert shop.who("openers") == []
    shop.did("ben-1001")
    assert shop.who("openers") == ["ben-1001", "ida-1001"]
    shop.later("7d")
    assert shop.who("openers") == []


def test_a_mapping_moves_the_target_at_once_and_its_end_moves_it_back(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.did("ben-1001")
    shop.did("ida-1001", "signed_up")
    assert shop.who("openers") == ["ben-1001"]
    shop.maps("ben-1001", "ida-1001")
    assert shop.who("openers") == ["ben-1001", "ida-1001"]
    shop.maps("ben-1001", None)
    assert shop.who("openers") == ["ben-1001"]


def test_mappings_are_followed_through_others_and_round_in_circles(shop):
    shop.cohorts.create("openers", OPENERS)
    for person in ("ben-1001", "ida-1001", "kim-1001"):
        shop.did(person, "signed_up")
    shop.maps("ben-1001", "ida-1001")
    shop.maps("ida-1001", "kim-1001")
    shop.maps("kim-1001", "ben-1001")
    shop.did("ben-1001")
    assert shop.who("openers") == ["ben-1001", "ida-1001", "kim-1001"]


def test_under_the_other_reading_a_mapping_moves_nobody(shop_under):
    shop = shop_under(mapped_users="apart")
    shop.cohorts.create("openers", OPENERS)
    shop.did("ida-1001", "signed_up")
    shop.maps("ben-1001", "ida-1001")
    shop.did("ben-1001")
    assert shop.who("openers") == ["ben-1001"]


def test_properties_of_a_mapped_user_stay_its_own(shop):
    shop.cohorts.create("pros", {"property": {"plan": "pro"}})
    shop.did("ida-1001", "signed_up")
    shop.has("ben-1001", plan="pro")
    shop.maps("ben-1001", "ida-1001")
    assert shop.who("pros") == ["ben-1001"]


def test_whoever_counted_the_events_of_an_erased_user_loses_them(shop):
    shop.cohorts.create("openers", OPENERS)
    shop.did("ida-1001", "signed_up")
    shop.did("ben-1001")
    shop.maps("ben-1001", "ida-1001")
    assert shop.who("openers") == ["ben-1001", "ida-1001"]
    shop.erase("ben-1001")
    assert shop.who("openers") == []
    shop.did("ben-1001")
    assert shop.who("openers") == ["ben-1001"]


def test_an_event_type_set_inactive_moves_people_at_once(shop):
    shop.cohorts.create("active", {"active_within": "30d"})
    shop.cohorts.create("idle", {"not": {"in_cohort": "active"}})
    shop.did("ida-1001", "email_sent")
    assert (shop.who("active"), shop.who("idle")) == (["ida-1001"], [])
    shop.mark_active("email_sent", False)
    assert (shop.who("active"), shop.who("idle")) == ([], ["ida-1001"])
    shop.mark_active("email_sent", True)
    assert (shop.who("active"), shop.who("idle")) == (["ida-1001"], [])


def test_an_event_of_last_year_that_comes_in_late_shifts_the_nth_time(shop, start):
    shop.cohorts.create("second", {"performed": "purchase", "nth_time": 2, "within": "7d"})
    shop.did("ida-1001", "purchase")
    assert shop.who("second") == []
    shop.did("ida-1001", "purchase", at=start - 300 * DAY_MS)
    assert shop.who("second") == ["ida-1001"]
    shop.did("ida-1001", "purchase", at=start - 366 * DAY_MS)
    assert shop.who("second") == ["ida-1001"]
    shop.did("ida-1001", "purchase", at=start - 200 * DAY_MS)
    assert shop.who("second") == []


def test_an_old_event_that_comes_in_late_makes_a_user_less_new(shop, start):
    shop.cohorts.create("new", {"new_within": "7d"})
    shop.did("ida-1001")
    assert shop.who("new") == ["ida-1001"]
    shop.did("ida-1001", at=start - 30 * DAY_MS)
    assert shop.who("new") == []


def test_the_user_id_is_a_property_that_events_carried(shop):
    shop.cohorts.create("once anonymous", {"property": {"user_id": None}, "any_time": True})
    shop.did("ida-1001:d-ida-0001")
    shop.did(":d-ben-0001")
    shop.did("ben-1001:d-ben-0001")
    assert shop.who("once anonymous") == ["ben-1001"]


def test_a_propensity_that_changes_moves_a_person(shop):
    shop.did("ida-1001")
    shop.cohorts.create("likely", {"propensity": "churn", "percentile": ">= 80"})
    assert shop.who("likely") == []
    shop.predicts("churn", "ida-1001", 83)
    assert shop.who("likely") == ["ida-1001"]
    shop.predicts("churn", "ida-1001", 79)
    assert shop.who("likely") == []


def test_whoever_an_erased_anonymous_user_was_merged_into_loses_its_events(shop):
    shop.did("ida-1001:d-1", "signed_up")
    shop.did(":d-2")
    shop.cohorts.create("openers", OPENERS)
    shop.did("ida-1001:d-2", "signed_up")
    assert shop.who("openers") == ["ida-1001"]
    shop.erase(":d-2")
    assert shop.who("openers") == []


def test_a_count_that_nobody_reaches_is_no_trouble(shop):
    shop.did("ida-1001")
    shop.cohorts.create("tireless", {"performed": "app_opened", "times": f">= {10**30}", "within": "100000d"})
    assert shop.who("tireless") == []
