"""Exports as jobs: how long they take, what is in the zip, who is called back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from simulator.fakes.braze.audience.exports import CONCURRENT_EXPORTS, ExportOrder, ExportRefused, Exports, is_loopback
from simulator.rules.instants import SECOND_MS
from simulator.rules.segments.tree import EVERYBODY


class Phonebook:
    """Notes who was called and answers as it is told to."""

    def __init__(self, answer: Callable[[], int]) -> None:
        self.calls: list[tuple[str, bytes]] = []
        self._answer = answer

    def post(self, url: str, body: bytes) -> int:
        self.calls.append((url, body))
        return self._answer()


def exports_with(house: Any, answer: Callable[[], int] = lambda: 200) -> tuple[Exports, Phonebook]:
    book = Phonebook(answer)
    audience = house.audience
    own = Exports(house.braze.service.room, audience.segments, audience.control_group, audience._shown, book.post)
    return own, book


def order(house: Any, **more: Any) -> ExportOrder:
    segment = house.audience.segments.by_name("main", "Everybody") or house.audience.create_segment(
        "Everybody", EVERYBODY
    )
    return ExportOrder("main", segment.segment_id, ("braze_id",), base_url="http://127.0.0.1:8002", **more)


def test_an_export_is_running_until_it_is_ready(house: Any) -> None:
    exports, _ = exports_with(house)
    export = exports.start(order(house))
    assert (export.running(export.started_at), export.running(export.ready_at)) == (True, False)


def test_few_people_take_ten_seconds(house: Any) -> None:
    exports, _ = exports_with(house)
    export = exports.start(order(house))
    assert export.ready_at - export.started_at == 10 * SECOND_MS


def test_nothing_is_due_without_exports_and_something_with_one(house: Any) -> None:
    exports, _ = exports_with(house)
    before = (exports.next_due(), exports.unfinished())
    export = exports.start(order(house))
    assert (before, exports.next_due(), exports.unfinished()) == ((None, False), export.ready_at, True)


def test_once_made_nothing_is_due_any_more(house: Any) -> None:
    exports, _ = exports_with(house)
    export = exports.start(order(house))
    house.clock.move_to(export.ready_at)
    exports.run_due(export.ready_at)
    made = exports.by_prefix(export.prefix)
    assert (exports.next_due(), made.people, made.finished_at) == (None, 4, export.ready_at)


@pytest.mark.parametrize(
    ("people", "files"), [(0, [0]), (4_999, [4_999]), (5_000, [5_000]), (5_001, [5_000, 1]), (10_000, [5_000, 5_000])]
)
def test_a_file_holds_five_thousand_people(house: Any, people: int, files: list[int]) -> None:
    room, audience = house.braze.service.room, house.audience
    crowd = [{"external_id": str(number)} for number in range(people)]
    exports = Exports(
        room, audience.segments, audience.control_group, lambda rows, fields, single: crowd, lambda u, b: 200
    )
    export = exports.start(order(house))
    house.clock.move_to(export.ready_at)
    exports.run_due(export.ready_at)
    archive = exports.archive(export)
    assert archive is not None
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        found = [opened.read(name) for name in opened.namelist()]
        assert all(name.startswith(export.prefix) for name in opened.namelist())
    assert [each.count(b"\n") for each in found] == files


def test_the_same_export_gives_the_same_bytes(make_braze: Any, clock: Any) -> None:
    archives = []
    for _ in range(2):
        braze = make_braze()
        braze.identified("ida-1001")
        audience = braze.service.audience
        segment = audience.create_segment("Everybody")
        export = audience.exports.start(ExportOrder("main", segment.segment_id, ("external_id",)))
        audience.exports.run_due(export.ready_at)
        archives.append(audience.exports.archive(export))
    assert archives[0] is not None
    assert archives[0] == archives[1]


def test_a_loopback_address_is_called_when_the_export_is_ready(house: Any) -> None:
    exports, book = exports_with(house)
    export = exports.start(order(house, callback="http://127.0.0.1:9000/exported"))
    before = list(book.calls)
    exports.run_due(export.ready_at)
    body = b'{"success":true,"url":"%s"}' % export.link.encode()
    assert (before, book.calls) == ([], [("http://127.0.0.1:9000/exported", body)])
    assert exports.by_prefix(export.prefix).called_back == "200"


def test_another_address_is_never_called(house: Any) -> None:
    exports, book = exports_with(house)
    export = exports.start(order(house, callback="https://example.org/exported"))
    exports.run_due(export.ready_at)
    assert (book.calls, exports.by_prefix(export.prefix).called_back) == (
        [],
        "not called: only loopback addresses are",
    )


def test_a_callback_that_nobody_answers_does_not_spoil_the_export(house: Any) -> None:
    def refuse() -> int:
        raise ConnectionError("refused")

    exports, _ = exports_with(house, refuse)
    export = exports.start(order(house, callback="http://localhost:1/exported"))
    exports.run_due(export.ready_at)
    assert (exports.by_prefix(export.prefix).called_back, exports.archive(export) is not None) == (
        "failed: refused",
        True,
    )


def test_no_transaction_is_open_during_a_callback(house: Any) -> None:
    depths: list[int] = []
    database = house.braze.database

    def look() -> int:
        depths.append(database._depth)
        return 200

    exports, _ = exports_with(house, look)
    export = exports.start(order(house, callback="http://[::1]:9000/exported"))
    exports.run_due(export.ready_at)
    assert depths == [0]


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:9000/x", True),
        ("http://127.8.9.1/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://10.0.0.1/x", False),
        ("http://localhost.example.org/x", False),
        ("http:///x", False),
    ],
)
def test_what_counts_as_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


@pytest.mark.parametrize("running", [CONCURRENT_EXPORTS - 1, CONCURRENT_EXPORTS])
def test_a_hundred_exports_of_a_workspace_at_once(house: Any, running: int) -> None:
    exports, _ = exports_with(house)
    for number in range(running):
        exports.start(ExportOrder("main", f"segment-{number}", ("braze_id",)))
    last = ExportOrder("main", "one more", ("braze_id",))
    if running < CONCURRENT_EXPORTS:
        assert exports.start(last).segment_id == "one more"
    else:
        with pytest.raises(ExportRefused, match="maximum number of concurrent"):
            exports.start(last)


def test_workspaces_do_not_wait_for_each_other(house: Any) -> None:
    exports, _ = exports_with(house)
    exports.start(ExportOrder("main", "same", ("braze_id",)))
    assert exports.start(ExportOrder("second", "same", ("braze_id",))).workspace == "second"


def test_cancelling_tells_how_many_were_running(house: Any) -> None:
    exports, _ = exports_with(house)
    export = exports.start(order(house))
    assert [exports.cancel("main", export.segment_id) for _ in range(2)] == [1, 0]
