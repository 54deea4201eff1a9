"""The user and device tables: batches, merges, prefixes, pages, erasing."""

from __future__ import annotations

import pytest

from simulator.fakes.amplitude.store.users import UserRecord, json_list, packed
from simulator.rules.resolution import Device


@pytest.fixture
def people(amplitude):
    """ida (with an anonymous user merged into her), ben without a user id, and 李雷."""
    users, main, first = amplitude.service.store.users, amplitude.main, amplitude.main.first_id
    users.save(
        main,
        [
            UserRecord(first, "ida-1001", "d-ida-0001", {"plan": "plus"}, {"platform": "iOS", "plan": "built in"}),
            UserRecord(first + 1, None, "d-old-0001", merged_into=first, last_event_at=9),
            UserRecord(first + 2, None, "d-ben-0001", last_event_at=5),
            UserRecord(first + 3, "李雷", "d-lei-0001"),
        ],
    )
    return users, main, first


def test_users_are_read_by_either_id_and_unknown_ones_left_out(people) -> None:
    users, main, first = people
    assert list(users.by_amplitude_id(main, [first + 3, 1, first])) == [first, first + 3]
    assert list(users.by_user_id(main, ["李雷", "IDA-1001", "noor-3003"])) == ["李雷"]


def test_custom_properties_win_over_built_in_ones(people) -> None:
    users, main, first = people
    user = users.by_amplitude_id(main, [first])[first].as_amplitude_user()
    assert (user.user_id, user.properties) == ("ida-1001", {"platform": "iOS", "plan": "plus"})


def test_saving_again_replaces(people) -> None:
    users, main, first = people
    users.save(main, [UserRecord(first, "ida-1001", "d-ida-0002")])
    assert users.by_amplitude_id(main, [first])[first] == UserRecord(first, "ida-1001", "d-ida-0002")


def test_merged_ids_read_as_whom_they_became(people) -> None:
    users, main, first = people
    assert users.canonical(main, [first, first + 1, 1]) == {first: first, first + 1: first}
    assert users.merged_ids([first, first + 2]) == {first: [first + 1]}
    assert users.count(main) == 3


def test_pages_leave_out_the_merged(people) -> None:
    users, main, first = people
    assert [[each.amplitude_id - first for each in page] for page in users.pages(main, size=2)] == [[0, 2], [3]]
    assert [each.amplitude_id - first for each in users.iterate(main, after=first)] == [2, 3]


def test_active_people_include_those_active_under_a_merged_id(people) -> None:
    users, main, first = people
    assert [[each.amplitude_id - first for each in page] for page in users.active_pages(main, 6)] == [[0]]
    assert [[each.amplitude_id - first for each in page] for page in users.active_pages(main, 5, 1)] == [[0], [2]]


def test_prefixes_know_every_script(people) -> None:
    users, main, _ = people
    assert [each.user_id for each in users.by_user_id_prefix(main, "李", 10)] == ["李雷"]
    assert [each.user_id for each in users.by_user_id_prefix(main, "", 1)] == ["ida-1001"]


def test_devices_are_kept_and_forgotten_with_their_users(people) -> None:
    users, main, first = people
    users.save_devices(
        main, {"d-1": Device(first, first), "d-2": Device(first + 2, None), "d-3": Device(first, first + 2)}
    )
    users.erase(main, [first])
    assert users.devices(main, ["d-1", "d-2", "d-3"]) == {"d-2": Device(first + 2), "d-3": Device(None, first + 2)}
    assert users.by_user_id(main, ["ida-1001"]) == {}


def test_columns_hold_texts() -> None:
    assert (packed({}), packed({"a": [1]}), json_list(("a", 1))) == (None, '{"a":[1]}', '["a",1]')
