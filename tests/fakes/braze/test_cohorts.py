"""Partner cohort import, to the letter of Braze's page."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rules.identity import Identifier, Kind

NAME = {"cohort_id": "openers", "name": "Openers", "created_at": "2021-01-21T19:20:30+05:00"}
WRONG_CHANGES = (
    "`cohort_changes` must be an array of objects each with key `user_ids` and/or `device_ids` mapping to an array of "
    "strings, or an `aliases` object"
)


def test_a_cohort_gets_a_name_and_another_one_later(braze: Any) -> None:
    later = {**NAME, "name": "People who open", "created_at": "2026-03-02T10:00:00Z"}
    for named in (NAME, NAME, later):
        answer = braze.post("/partners/amplitude/cohorts", braze.cohort_body(**named), key="")
        assert (answer.status, answer.body) == (201, {"message": "success"})
    cohort = braze.store.membership.cohort("main", "amplitude", "openers")
    assert (cohort.name, cohort.created_at) == ("People who open", NAME["created_at"])


def test_a_cohort_that_was_never_named_shows_its_id(braze: Any) -> None:
    braze.change()
    assert braze.store.membership.cohort("main", "amplitude", "openers").shown_name == "openers"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cohort_id": 7}, "`cohort_id` must be a valid string"),
        ({"cohort_id": ""}, "`cohort_id` must be a valid string"),
        ({"name": ""}, "`name` must be a non-empty string"),
        ({"name": None}, "`name` must be a non-empty string"),
        ({"created_at": "yesterday"}, "`created_at` must be a valid time as an ISO-8601 string"),
        ({"created_at": "03/02/2026"}, "`created_at` must be a valid time as an ISO-8601 string"),
        ({"created_at": None}, "`created_at` must be a valid time as an ISO-8601 string"),
        ({"created_at": 1611239999}, "`created_at` must be a valid time as an ISO-8601 string"),
    ],
)
def test_a_name_call_with_a_wrong_field_says_which(braze: Any, wrong: dict[str, object], message: str) -> None:
    answer = braze.post("/partners/amplitude/cohorts", braze.cohort_body(**{**NAME, **wrong}), key="")
    assert (answer.status, answer.body) == (400, {"message": message})


def test_identified_people_enter_and_leave_by_external_id(braze: Any) -> None:
    braze.identified("ida-1001")
    assert braze.change({"user_ids": ["ida-1001"]}).body == {"message": "success"}
    assert braze.members() == ["ida-1001"]
    braze.change({"user_ids": ["ida-1001"], "should_remove": True})
    assert braze.members() == []


def test_an_anonymous_profile_enters_by_its_device(braze: Any) -> None:
    ben = braze.anonymous("d-ben-0001")
    braze.change({"device_ids": ["d-ben-0001"]})
    assert braze.members() == [ben.braze_id]


def test_an_alias_reaches_identified_and_alias_only_profiles(braze: Any) -> None:
    braze.identified("ida-1001")
    aliases = [
        {"external_id": "ida-1001", "alias_label": "crm", "alias_name": "7"},
        {"alias_label": "crm", "alias_name": "8"},
    ]
    braze.post("/users/alias/new", {"user_aliases": aliases})
    braze.change({"aliases": [{"alias_label": "crm", "alias_name": name} for name in ("7", "8", "9")]})
    kim = braze.store.profiles.by_alias("main", "crm", "8")
    assert braze.members() == ["ida-1001", kim.braze_id]


def test_a_lone_alias_object_counts_as_an_array_of_one(braze: Any) -> None:
    braze.post("/users/alias/new", {"user_aliases": [{"alias_label": "crm", "alias_name": "8"}]})
    assert braze.change({"aliases": {"alias_label": "crm", "alias_name": "8"}}).status == 201
    assert len(braze.members()) == 1


def test_by_switch_a_lone_alias_object_is_refused(braze: Any) -> None:
    braze.rules(lone_alias="refuse")
    answer = braze.change({"aliases": {"alias_label": "crm", "alias_name": "8"}})
    assert (answer.status, answer.body) == (400, {"message": WRONG_CHANGES})
    assert braze.change({"aliases": [{"alias_label": "crm", "alias_name": "8"}]}).status == 201


def test_by_switch_user_ids_may_hold_device_ids(braze: Any) -> None:
    """MATCH-1. The page's table says so; its error text and every client send three keys."""
    ben = braze.anonymous("d-ben-0001")
    braze.anonymous("d-ann-0001")
    braze.phone.log_in("d-ann-0001", "ann-1001")
    braze.identified("ida-1001")
    sent = {"user_ids": ["ida-1001", "d-ben-0001", "d-ann-0001", "d-nobody-1"]}
    braze.change(sent)
    assert braze.members() == ["ida-1001"]
    braze.rules(user_ids_hold="any_identifier")
    braze.change(sent)
    assert braze.members() == [ben.braze_id, "ida-1001"]
    assert [
        (entry.identifier.value, entry.outcome, entry.rules[0]) for entry in braze.entries("cohort_changed")[4:]
    ] == [
        ("ida-1001", "already_there", "MATCH-1"),
        ("d-ben-0001", "added", "MATCH-3"),
        ("d-ann-0001", "dropped", "MATCH-4"),
        ("d-nobody-1", "dropped", "MATCH-5"),
    ]


def test_a_device_of_an_identified_profile_is_dropped_on_the_way_in_and_out(braze: Any) -> None:
    braze.anonymous("d-ben-0001")
    braze.change({"device_ids": ["d-ben-0001"]})
    braze.phone.log_in("d-ben-0001", "ben-1001")
    braze.change({"device_ids": ["d-ben-0001"], "should_remove": True})
    assert braze.members() == ["ben-1001"]
    dropped = braze.entries("cohort_changed")[-1]
    assert (dropped.outcome, dropped.rules[0], dropped.note) == (
        "dropped",
        "MATCH-4",
        "device_of_identified_profile: it belongs to identified profile ben-1001",
    )
    assert dropped.profile == braze.user("ben-1001").braze_id


def test_nobody_is_created_whatever_is_sent(braze: Any) -> None:
    braze.change(
        {"user_ids": ["noor"], "device_ids": ["d-noor"], "aliases": [{"alias_label": "crm", "alias_name": "noor"}]}
    )
    assert braze.store.profiles.count("main") == 0
    assert [entry.note for entry in braze.entries("cohort_changed")] == [
        "unknown_external_id",
        "unknown_device",
        "unknown_alias",
    ]


@pytest.mark.parametrize(
    ("sent", "note"),
    [
        ({"user_ids": ["IDA-1001"]}, "differs_only_in_case: a profile with external id 'ida-1001' exists"),
        ({"user_ids": [" ida-1001 "]}, "differs_only_in_blanks: a profile with external id 'ida-1001' exists"),
        (
            {"user_ids": ["d-ida-0001"]},
            "unknown_external_id: it is the device id of a profile, and user_ids match external ids only",
        ),
        (
            {"aliases": [{"alias_label": "CRM", "alias_name": "7"}]},
            "unknown_alias: the alias crm:7 exists",
        ),
        (
            {"aliases": [{"alias_label": "crm", "alias_name": "seven "}]},
            "unknown_alias: the alias crm:seven exists",
        ),
    ],
)
def test_a_near_miss_is_dropped_and_explained(braze: Any, sent: dict[str, object], note: str) -> None:
    braze.identified("ida-1001")
    braze.anonymous("d-ida-0001")
    for name in ("7", "seven"):
        braze.post("/users/alias/new", {"user_aliases": [{"alias_label": "crm", "alias_name": name}]})
    braze.change(sent)
    (entry,) = braze.entries("cohort_changed")
    assert (entry.outcome, entry.note) == ("dropped", note)


def test_case_differs_beyond_ascii_too(braze: Any) -> None:
    braze.identified("øyvind")
    braze.change({"user_ids": ["ØYVIND"]})
    (entry,) = braze.entries("cohort_changed")
    assert entry.note == "differs_only_in_case: a profile with external id 'øyvind' exists"


def test_a_deprecated_id_reaches_its_profile_unless_the_switch_says_no(braze: Any) -> None:
    braze.identified("ida-1001")
    renames = [{"current_external_id": "ida-1001", "new_external_id": "ida-2002"}]
    braze.post("/users/external_ids/rename", {"external_id_renames": renames})
    braze.change({"user_ids": ["ida-1001"]})
    assert braze.members() == ["ida-2002"]
    assert braze.entries("cohort_changed")[-1].rules[0] == "MATCH-6"
    braze.rules(deprecated_external_ids="ignore")
    braze.change({"user_ids": ["ida-1001"], "should_remove": True})
    assert braze.members() == ["ida-2002"]
    assert braze.entries("cohort_changed")[-1].note == "deprecated_external_id: its profile is now ida-2002"


def test_groups_take_effect_in_list_order(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]}, {"user_ids": ["ida-1001"], "should_remove": True})
    assert braze.members() == []
    braze.change({"user_ids": ["ida-1001"], "should_remove": True}, {"user_ids": ["ida-1001"]})
    assert braze.members() == ["ida-1001"]
    assert [entry.outcome for entry in braze.entries("cohort_changed")] == ["added", "removed", "already_gone", "added"]


def test_adding_twice_is_already_there_and_removing_twice_is_already_gone(braze: Any) -> None:
    braze.identified("ida-1001")
    for _ in range(2):
        braze.change({"user_ids": ["ida-1001"]})
    for _ in range(2):
        braze.change({"user_ids": ["ida-1001"], "should_remove": True})
    outcomes = [(entry.outcome, entry.rules) for entry in braze.entries("cohort_changed")]
    assert outcomes == [
        ("added", ("MATCH-1", "DP-1")),
        ("already_there", ("MATCH-1", "SYNC-6", "DP-1")),
        ("removed", ("MATCH-1", "DP-1")),
        ("already_gone", ("MATCH-1", "SYNC-6", "DP-1")),
    ]


def test_one_page_a_request_names_every_identifier(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001", "noor"]})
    (page,) = braze.ledger.pages(events=["cohort_changed"])
    assert (page.room, page.cohort, page.detail["partner"], page.detail["sent"]) == ("braze", "openers", "amplitude", 2)
    assert [entry.identifier for entry in page.entries] == [
        Identifier(Kind.EXTERNAL_ID, "ida-1001"),
        Identifier(Kind.EXTERNAL_ID, "noor"),
    ]
    assert [entry.profile for entry in page.entries] == [ida.braze_id, ""]


def test_the_request_id_of_the_sender_is_on_the_page(braze: Any) -> None:
    body = braze.cohort_body(cohort_id="openers", cohort_changes=[])
    braze.post("/partners/amplitude/cohorts/users", body, key="", headers={"X-Request-Id": "run-1-batch-1"})
    (page,) = braze.ledger.pages(events=["cohort_changed"])
    assert page.request == "run-1-batch-1"


@pytest.mark.parametrize("count", [0, 1, 999, 1000])
def test_up_to_a_thousand_identifiers_of_all_kinds_are_taken(unlimited: Any, count: int) -> None:
    third = count // 3
    answer = unlimited.change(
        {"user_ids": [f"u{n}" for n in range(third)], "device_ids": [f"d{n}" for n in range(third)]},
        {
            "aliases": [{"alias_label": "crm", "alias_name": str(n)} for n in range(count - 2 * third)],
            "should_remove": True,
        },
    )
    assert answer.status == 201
    assert len(unlimited.entries("cohort_changed")) == count


def test_a_thousand_and_one_are_refused_and_nothing_is_applied(braze: Any) -> None:
    braze.identified("ida-1001")
    answer = braze.change({"user_ids": ["ida-1001"] * 500}, {"device_ids": ["d"] * 501})
    assert (answer.status, answer.body["message"]) == (
        400,
        "Only 1,000 `user_ids`, `device_ids`, and `aliases` are allowed per request",
    )
    assert braze.members() == []


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {},
        "[]",
        ["ida-1001"],
        [{}],
        [{"should_remove": True}],
        [{"user_ids": "ida-1001"}],
        [{"user_ids": [7]}],
        [{"user_ids": None}],
        [{"device_ids": [["d"]]}],
        [{"aliases": ["kim"]}],
        [{"aliases": [{"alias_name": "kim"}]}],
        [{"aliases": [{"alias_name": 7, "alias_label": "crm"}]}],
        [{"user_ids": [], "should_remove": "yes"}],
    ],
)
def test_changes_of_a_wrong_shape_are_refused(braze: Any, changes: object) -> None:
    body = braze.cohort_body(cohort_id="openers", cohort_changes=changes)
    answer = braze.post("/partners/amplitude/cohorts/users", body, key="")
    assert (answer.status, answer.body) == (400, {"message": WRONG_CHANGES})


@pytest.mark.parametrize("cohort_id", [None, 7, "", ["a"]])
def test_a_cohort_id_must_be_a_string(braze: Any, cohort_id: object) -> None:
    body = braze.cohort_body(cohort_id=cohort_id, cohort_changes=[])
    answer = braze.post("/partners/amplitude/cohorts/users", body, key="")
    assert (answer.status, answer.body) == (400, {"message": "`cohort_id` must be a valid string"})


def test_empty_arrays_inside_an_item_are_normal(braze: Any) -> None:
    assert braze.change({"user_ids": [], "device_ids": [], "aliases": []}).status == 201


def test_a_body_that_is_not_json_is_refused_in_braze_s_words(braze: Any) -> None:
    answer = braze.post("/partners/amplitude/cohorts/users", b'{"cohort_id": "a",}', key="")
    assert (answer.status, answer.body["message"]) == (400, "Bad Request")
    assert answer.body["error"] == "Error while parsing request body. Please check your syntax."


def test_a_body_that_is_no_object_is_refused(braze: Any) -> None:
    assert braze.post("/partners/amplitude/cohorts/users", [], key="").status == 400


def test_a_data_point_is_logged_for_every_hit_and_none_for_a_drop(braze: Any) -> None:
    braze.identified("ida-1001")
    for _ in range(2):
        braze.change({"user_ids": ["ida-1001", "noor"]})
    points = braze.store.points
    assert points.total("main", cause="cohort") == 2
    (line,) = points.lines("main", request=next(braze.ledger.pages(events=["cohort_changed"])).request)
    assert (line.rule, line.each, line.total, line.cohort_id, line.profiles) == ("DP-1", 1, 1, "openers", (1,))


def test_a_profile_that_one_request_names_twice_is_billed_for_both(braze: Any) -> None:
    """DP-1. Every assignment that hits a profile counts, whatever it changes."""
    ida = braze.identified("ida-1001")
    braze.store.identifiers.add_alias(ida, "crm", "crm-ida", braze.clock.now)
    braze.change({"user_ids": ["ida-1001"], "aliases": [{"alias_label": "crm", "alias_name": "crm-ida"}]})
    assert (1, 2) == (len(braze.members()), braze.store.points.total("main", cause="cohort"))


def test_newer_contracts_log_no_data_points_for_cohorts(braze: Any) -> None:
    braze.rules(cohort_data_points="off")
    braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]})
    assert braze.store.points.total("main", cause="cohort") == 0


def test_the_same_cohort_id_of_two_partners_is_two_cohorts(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.identified("ben-1001")
    braze.change({"user_ids": ["ida-1001"]}, partner="segment")
    braze.change({"user_ids": ["ben-1001"]})
    assert (braze.members(partner="segment"), braze.members()) == (["ida-1001"], ["ben-1001"])


def test_the_partner_in_the_path_is_the_same_in_any_case(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]}, partner="Amplitude")
    assert braze.members(partner="amplitude") == ["ida-1001"]


def test_ids_and_names_of_cohorts_may_be_long(braze: Any) -> None:
    long = "x" * 10_000
    answer = braze.post("/partners/amplitude/cohorts", braze.cohort_body(**{**NAME, "cohort_id": long, "name": long}))
    assert answer.status == 201
    assert braze.store.membership.cohort("main", "amplitude", long).name == long


def test_a_device_id_is_compared_with_its_case(braze: Any) -> None:
    braze.anonymous("d-ben-0001")
    braze.change({"device_ids": ["D-BEN-0001"]})
    assert braze.members() == []


def test_membership_stays_through_a_new_external_id_and_ends_with_the_profile(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]})
    rename = {"current_external_id": "ida-1001", "new_external_id": "ida-2002"}
    braze.post("/users/external_ids/rename", {"external_id_renames": [rename]})
    assert braze.members() == ["ida-2002"]
    braze.post("/users/delete", {"external_ids": ["ida-2002"]})
    assert braze.members() == []


def test_membership_at_a_past_instant_can_be_asked(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    instants = [braze.clock.now]
    for remove in (False, True, False):
        braze.clock.move_to(braze.clock.now + 60_000)
        braze.change({"user_ids": ["ida-1001"], "should_remove": remove})
        instants.append(braze.clock.now)
    members = [braze.store.membership.members("main", "amplitude", "openers", at) for at in instants]
    assert members == [[], [ida.row], [], [ida.row]]


def test_a_write_that_is_not_visible_yet_shows_later(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.rules(write_visibility="processing")
    assert braze.change({"user_ids": ["ida-1001"]}).status == 201
    assert braze.members() == []
    due = braze.service.room.writes.next_due()
    assert 10 <= due - braze.clock.now <= 100
    braze.clock.move_to(due)
    braze.service.room.writes.run_due(due)
    assert braze.members() == ["ida-1001"]


def test_keys_do_not_wait_in_the_queue(braze: Any) -> None:
    braze.rules(write_visibility="export_lag")
    braze.change({"user_ids": ["ida-1001"]})
    (body,) = braze.database.row("SELECT body FROM braze_pending_write")
    assert braze.keys.data_import_keys["main"].encode() not in body
