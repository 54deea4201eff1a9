"""The event table: order, merges at reading time, duplicates, uploads by time, the stream, types."""

from __future__ import annotations

import pytest

from simulator.fakes.amplitude.store.events import Kind, NewEvent
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.rules.instants import DAY_MS


@pytest.fixture
def table(amplitude):
    return amplitude.service.store.events, amplitude.main, amplitude.main.first_id


def row(
    amplitude_id: int, name: str, time: int, *, kind: Kind = Kind.EVENT, insert_id: str | None = None, at: int = 100
):
    return NewEvent(amplitude_id, kind, name, time, at, None, "d-1", insert_id, -1, '{"a":1}', None, None, None)


def test_events_ascend_by_time_and_arrival_with_those_of_merged_ids(amplitude, table) -> None:
    events, main, first = table
    amplitude.service.store.users.save(main, [UserRecord(first), UserRecord(first + 1, merged_into=first)])
    events.add(
        main,
        [
            row(first, "b", 2),
            row(first + 1, "a", 1),
            row(first, "c", 2),
            row(first, "$identify", 0, kind=Kind.IDENTIFY),
        ],
    )
    found = events.of_users([first, first + 1])
    assert [each.event_type for each in found[first]] == ["a", "b", "c"]
    assert [each.event_type for each in events.of_users([first], ["c", "x"])[first]] == ["c"]
    assert events.of_users([first], []) == {}
    assert found[first][0].properties() == {"a": 1}
    assert (found[first][0].stamped(), found[first][0].extra()) == ({}, {})


def test_duplicates_are_known_by_device_and_insert_id_or_by_insert_id_alone(table) -> None:
    events, main, first = table
    events.add(main, [row(first, "a", 1, insert_id="i-1", at=DAY_MS)])
    keys = {("d-1", "i-1"), ("d-2", "i-1"), ("d-1", "i-2"), (None, "i-1")}
    assert events.known_inserts(main, keys, 8 * DAY_MS - 1, by_device=True) == {("d-1", "i-1")}
    assert events.known_inserts(main, keys, 8 * DAY_MS, by_device=True) == set()
    assert events.known_inserts(main, {(None, "i-1")}, DAY_MS, by_device=False) == {(None, "i-1")}
    assert events.known_inserts(main, set(), DAY_MS, by_device=True) == set()


def test_uploads_are_read_in_order_of_arrival_from_a_start_to_an_end(table) -> None:
    events, main, first = table
    events.add(main, [row(first, "late", 1, at=20), row(first, "early", 2, at=10), row(first, "also early", 0, at=10)])
    assert [each.event_type for each in events.uploaded(main, 10, 20)] == ["early", "also early"]
    assert [each.event_type for each in events.uploaded(main, 11, 21)] == ["late"]


def test_the_stream_has_identify_calls_and_never_a_number_twice(table) -> None:
    events, main, first = table
    events.add(main, [row(first, "a", 1), row(first, "$identify", 1, kind=Kind.IDENTIFY), row(first + 1, "b", 1)])
    assert [each.event_type for each in events.after(main, 1, 5)] == ["$identify", "b"]
    assert (events.last_sequence(main), len(events.after(main, 0, 2))) == (3, 2)
    events.erase(main, [first + 1])
    events.add(main, [row(first, "c", 1)])
    assert events.last_sequence(main) == 4


def test_types_are_counted_and_marked(table) -> None:
    events, main, first = table
    events.add(main, [row(first, "a", 1), row(first, "b", 1), row(first, "a", 1, at=200)])
    events.mark_active(main, "b", False, 300)
    events.mark_active(main, "not yet seen", False, 300)
    assert events.types(main) == [(1, "a", 2, 100, True), (2, "b", 1, 100, False), (3, "not yet seen", 0, 300, False)]
    assert events.inactive_types(main) == {"b", "not yet seen"}
    assert events.totals_since(main, 150) == {"a": 1}


def test_devices_of_users_oldest_first(table) -> None:
    events, main, first = table
    events.add(main, [row(first, "a", 5)._replace(device_id=name) for name in ("d-2", "d-1", "d-2", None)])
    assert events.device_ids([first]) == ["d-2", "d-1"]
