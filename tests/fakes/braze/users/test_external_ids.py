"""users/external_ids/rename and users/external_ids/remove."""

from __future__ import annotations

from typing import Any

import pytest


def rename(braze: Any, *pairs: tuple[object, object]) -> Any:
    renames = [{"current_external_id": current, "new_external_id": new} for current, new in pairs]
    return braze.post("/users/external_ids/rename", {"external_id_renames": renames})


def test_a_renamed_user_is_found_under_both_ids_and_shown_under_the_new_one(braze: Any) -> None:
    braze.identified("ida-1001", plan="gold")
    answer = rename(braze, ("ida-1001", "ida-2002"))
    assert (answer.status, answer.body) == (
        201,
        {
            "message": "success",
            "external_ids": [{"current_external_id": "ida-1001", "new_external_id": "ida-2002"}],
            "rename_errors": [],
        },
    )
    assert braze.export("ida-1001")["external_id"] == braze.export("ida-2002")["external_id"] == "ida-2002"


def test_tracking_a_deprecated_id_reaches_its_profile(braze: Any) -> None:
    braze.identified("ida-1001")
    rename(braze, ("ida-1001", "ida-2002"))
    braze.post("/users/track", {"attributes": [{"external_id": "ida-1001", "plan": "gold"}]})
    assert braze.user("ida-2002").custom == {"plan": "gold"}
    assert braze.store.profiles.count("main") == 1


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("deprecated", "x"), "current_external_id is deprecated"),
        (("noor", "x"), "current_external_id does not exist"),
        (("ida", "ida"), "current_external_id and new_external_id are the same"),
        (("ida", "ben"), "new_external_id is already in use"),
        (("ida", "deprecated"), "new_external_id is already in use"),
        (("ida", ""), "'external_id' must be a non-empty string"),
        (("ida", 7.5), "'external_id' must be a non-empty string"),
        (("ida", "x" * 988), "'external_id' must be fewer than 988 bytes"),
    ],
)
def test_a_rename_that_cannot_be_is_listed(braze: Any, pair: tuple[object, object], message: str) -> None:
    for external_id in ("ida", "ben", "deprecated"):
        braze.identified(external_id)
    rename(braze, ("deprecated", "current"))
    answer = rename(braze, pair, ("ben", "ben-2"))
    renamed = [{"current_external_id": "ben", "new_external_id": "ben-2"}]
    assert (answer.status, answer.body["external_ids"]) == (201, renamed)
    assert answer.body["rename_errors"] == [[str(pair[0]), message]]


@pytest.mark.parametrize("renames", [None, [], {}, ["x"]])
def test_a_rename_of_a_wrong_shape_is_refused(braze: Any, renames: object) -> None:
    answer = braze.post("/users/external_ids/rename", {"external_id_renames": renames})
    assert (answer.status, answer.body["message"]) == (
        400,
        "'external_id_renames' must be a non-empty array of objects",
    )


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
@pytest.mark.parametrize("path", ["rename", "remove"])
def test_fifty_are_taken(braze: Any, path: str, count: int, status: int) -> None:
    renames = [{"current_external_id": f"u{n}", "new_external_id": f"v{n}"} for n in range(count)]
    body = {"external_id_renames": renames, "external_ids": [f"u{n}" for n in range(count)]}
    answer = braze.post(f"/users/external_ids/{path}", body)
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": "The max number of ids per request was exceeded"}


def test_a_removed_id_resolves_no_longer_and_is_free_again(braze: Any) -> None:
    braze.identified("ida-1001")
    rename(braze, ("ida-1001", "ida-2002"))
    answer = braze.post("/users/external_ids/remove", {"external_ids": ["ida-1001"]})
    assert (answer.status, answer.body) == (
        201,
        {"message": "success", "removed_ids": ["ida-1001"], "removal_errors": []},
    )
    assert braze.store.profiles.by_external_id("main", "ida-1001") is None


def test_a_primary_or_unknown_id_cannot_be_removed(braze: Any) -> None:
    braze.identified("ida-1001")
    answer = braze.post("/users/external_ids/remove", {"external_ids": ["ida-1001", "noor"]})
    assert answer.body == {
        "message": "success",
        "removed_ids": [],
        "removal_errors": [["ida-1001", "external_id is not deprecated"], ["noor", "external_id does not exist"]],
    }


@pytest.mark.parametrize("external_ids", [None, [], "ida", [7.5], [True], [""]])
def test_a_removal_of_a_wrong_shape_is_refused(braze: Any, external_ids: object) -> None:
    answer = braze.post("/users/external_ids/remove", {"external_ids": external_ids})
    assert (answer.status, answer.body) == (400, {"message": "'external_ids' must be a non-empty array of strings"})


def test_renaming_is_told_and_logs_no_data_points(braze: Any) -> None:
    braze.identified("ida-1001")
    rename(braze, ("ida-1001", "ida-2002"))
    (entry,) = braze.entries("external_id_renamed")
    assert (entry.identifier.value, entry.note, entry.rules) == ("ida-2002", "was ida-1001", ("LIFE-3", "MATCH-6"))
    assert braze.store.points.total("main") == 0


def test_by_switch_a_rename_answers_with_the_new_ids(braze: Any) -> None:
    braze.rules(renamed_ids="new_ids")
    braze.identified("ida-1001")
    rename = {"current_external_id": "ida-1001", "new_external_id": "ida-2002"}
    assert braze.post("/users/external_ids/rename", {"external_id_renames": [rename]}).body["external_ids"] == [
        "ida-2002"
    ]


def test_whole_numbers_are_ids_too(braze: Any) -> None:
    braze.identified("1001")
    rename = {"current_external_id": 1001, "new_external_id": 2002}
    assert braze.post("/users/external_ids/rename", {"external_id_renames": [rename]}).body["rename_errors"] == []
    assert braze.post("/users/external_ids/remove", {"external_ids": [1001]}).body["removed_ids"] == ["1001"]
