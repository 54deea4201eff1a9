"""users/alias/new and users/alias/update."""

from __future__ import annotations

from typing import Any

import pytest

KIM = {"alias_name": "kim-7", "alias_label": "crm"}

TOO_MANY = "The max number of external_ids and aliases per request was exceeded"


def alias(name: str = "7", label: str = "crm", **more: object) -> dict[str, object]:
    return {"alias_name": name, "alias_label": label, **more}


def new(braze: Any, *aliases: object) -> Any:
    return braze.post("/users/alias/new", {"user_aliases": list(aliases)})


def rename(braze: Any, old: str, name: str, label: str = "crm") -> Any:
    update = {"alias_label": label, "old_alias_name": old, "new_alias_name": name}
    return braze.post("/users/alias/update", {"alias_updates": [update]})


def aliases_of(braze: Any, profile: Any) -> list[tuple[str, str]]:
    return braze.store.identifiers.aliases_of([profile.row]).get(profile.row, [])


def test_without_an_external_id_an_alias_only_user_is_made(braze: Any) -> None:
    answer = new(braze, alias())
    assert (answer.status, answer.body) == (201, {"message": "success", "aliases_processed": 1})
    assert braze.store.profiles.by_alias("main", "crm", "7").external_id is None


def test_with_an_external_id_the_user_gets_the_alias(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    new(braze, alias(external_id="ida-1001"))
    assert aliases_of(braze, ida) == [("crm", "7")]


def test_an_unknown_external_id_gets_nothing_and_nobody_is_made(braze: Any) -> None:
    answer = new(braze, alias(external_id="noor"))
    assert (answer.status, answer.body) == (201, {"message": "success", "aliases_processed": 1})
    assert braze.store.profiles.count("main") == 0


def test_a_pair_that_is_taken_changes_nothing(braze: Any) -> None:
    new(braze, alias())
    ida = braze.identified("ida-1001")
    assert new(braze, alias(external_id="ida-1001")).status == 201
    assert new(braze, alias()).status == 201
    assert aliases_of(braze, ida) == []
    assert braze.store.profiles.count("main") == 2


def test_a_user_has_one_name_per_label(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    new(
        braze,
        alias("7", external_id="ida-1001"),
        alias("8", external_id="ida-1001"),
        alias("8", "shop", external_id="ida-1001"),
    )
    assert aliases_of(braze, ida) == [("crm", "7"), ("shop", "8")]


@pytest.mark.parametrize(("size", "status"), [(235, 201), (236, 201), (237, 400)])
@pytest.mark.parametrize("field", ["alias_name", "alias_label"])
def test_names_and_labels_have_at_most_236_bytes(braze: Any, field: str, size: int, status: int) -> None:
    assert new(braze, {**alias(), field: "x" * size}).status == status


def test_bytes_are_counted_not_characters(braze: Any) -> None:
    assert new(braze, alias("雷" * 79)).status == 400


@pytest.mark.parametrize("wrong", [{"alias_name": ""}, {"alias_label": None}, {"alias_name": 7}, {"external_id": 7.5}])
def test_a_bad_alias_is_listed_and_the_others_are_processed(braze: Any, wrong: dict[str, object]) -> None:
    answer = new(braze, alias(), {**alias("8"), **wrong})
    assert (answer.status, answer.body["aliases_processed"]) == (201, 1)
    ((error,),) = [answer.body["errors"]]
    assert (error["input_array"], error["index"]) == ("user_aliases", 1)


@pytest.mark.parametrize("path", ["/users/alias/new", "/users/alias/update"])
@pytest.mark.parametrize(
    "body", [{}, {"user_aliases": [], "alias_updates": []}, {"user_aliases": {}, "alias_updates": "x"}]
)
def test_a_request_of_a_wrong_shape_is_refused(braze: Any, path: str, body: dict[str, object]) -> None:
    assert braze.post(path, body).status == 400


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_aliases_are_taken(braze: Any, count: int, status: int) -> None:
    answer = new(braze, *[alias(str(n)) for n in range(count)])
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": TOO_MANY}


def test_an_alias_is_renamed(braze: Any) -> None:
    new(braze, alias())
    answer = rename(braze, "7", "8")
    assert (answer.status, answer.body) == (201, {"message": "success"})
    assert braze.store.profiles.by_alias("main", "crm", "7") is None
    assert braze.store.profiles.by_alias("main", "crm", "8") is not None
    assert braze.entries("alias_renamed")[0].note == "was 7"


def test_renaming_what_nobody_has_or_to_what_is_taken_changes_nothing(braze: Any) -> None:
    new(braze, alias("7"), alias("8"))
    assert rename(braze, "9", "10").body == {"message": "success"}
    assert rename(braze, "7", "8").body == {"message": "success"}
    assert {name for name in ("7", "8") if braze.store.profiles.by_alias("main", "crm", name)} == {"7", "8"}


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_renames_are_taken(braze: Any, count: int, status: int) -> None:
    updates = [{"alias_label": "crm", "old_alias_name": str(n), "new_alias_name": f"{n}b"} for n in range(count)]
    assert braze.post("/users/alias/update", {"alias_updates": updates}).status == status


def test_a_bad_rename_is_listed_and_all_bad_is_a_400(braze: Any) -> None:
    good = {"alias_label": "crm", "old_alias_name": "7", "new_alias_name": "8"}
    answer = braze.post("/users/alias/update", {"alias_updates": [good, {**good, "new_alias_name": ""}]})
    assert (answer.status, answer.body["errors"][0]["index"]) == (201, 1)
    assert braze.post("/users/alias/update", {"alias_updates": [{**good, "new_alias_name": ""}]}).status == 400


def test_aliases_log_no_data_points(braze: Any) -> None:
    new(braze, alias())
    rename(braze, "7", "8")
    assert braze.store.points.total("main") == 0


def test_an_alias_under_a_key_of_its_own_counts(braze: Any) -> None:
    answer = braze.post("/users/alias/new", {"user_aliases": [{"user_alias": KIM}]})
    assert (answer.status, answer.body) == (201, {"aliases_processed": 1, "message": "success"})
    assert braze.store.profiles.by_alias("main", KIM["alias_label"], KIM["alias_name"]) is not None


def test_a_whole_number_is_an_external_id_too(braze: Any) -> None:
    braze.identified("1001")
    braze.post("/users/alias/new", {"user_aliases": [{"external_id": 1001, **KIM}]})
    found = braze.store.profiles.by_alias("main", KIM["alias_label"], KIM["alias_name"])
    assert found.external_id == "1001"
