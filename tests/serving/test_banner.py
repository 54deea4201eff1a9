"""The banner names addresses, keys, limits and the way out; on disk the keys are masked."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.exchange import Exchange
from simulator.journal import Journal
from simulator.rules.instants import Instant
from simulator.serving.banner import KINDS_TOLD, Announcement, Warner, show

KEYS = {
    "amplitude_api_key": "a1f0" + 28 * "f",
    "amplitude_secret_key": "a2f0" + 28 * "f",
    "braze_api_key": "b1f0ffff-ffff-4fff-bfff-ffffffffffff",
    "braze_data_import_key": "b2f0ffff-ffff",
    "braze_partner_api_key": "b3f0ffff-ffff",
}
ANNOUNCEMENT = Announcement(
    version="0.1.0",
    world="main",
    seed=7,
    rules="default",
    now="2026-03-02T10:00:00Z",
    pace="1x",
    amplitude_url="http://127.0.0.1:8001",
    braze_url="http://127.0.0.1:8002",
    control_url="http://127.0.0.1:8003",
    keys=KEYS,
    limits=("amplitude cohort requests 60 in 1m", "braze track 3000 in 3s", "braze delete 20000 in 1m"),
    ready_file="ready.json",
)


@pytest.fixture
def shown() -> str:
    stream = io.StringIO()
    show(ANNOUNCEMENT, stream)
    return stream.getvalue()


def test_it_begins_with_the_world_and_its_seed(shown: str) -> None:
    first = shown.splitlines()[0]

    assert first == "absim 0.1.0 · world main · seed 7 · rules default · clock 2026-03-02T10:00:00Z at 1x"


def test_it_names_every_address_and_key(shown: str) -> None:
    wanted = ["http://127.0.0.1:8001", "http://127.0.0.1:8002", "http://127.0.0.1:8003/_sim/", *KEYS.values()]

    assert [each for each in wanted if each not in shown] == []


def test_it_lists_the_limits_and_says_how_to_stop(shown: str) -> None:
    assert (
        "authentication, validation and limits are on (limits off with --no-limits):\n"
        "  amplitude  cohort requests 60 in 1m\n"
        "  braze      track 3000 in 3s; delete 20000 in 1m\n"
    ) in shown
    assert "ready file ready.json (keys in clear, readable by you alone, gone at the end)" in shown
    assert shown.splitlines()[-1] == "stop with Ctrl-C"


def test_on_a_narrow_terminal_limits_are_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    show(ANNOUNCEMENT, stream)

    assert "  braze      track 3000 in 3s; delete\n             20000 in 1m\n" in stream.getvalue()


def test_limits_that_are_off_are_said_to_be_off() -> None:
    stream = io.StringIO()
    show(replace(ANNOUNCEMENT, limits=(), ready_file="", state="world.sqlite"), stream)

    assert "authentication and validation are on, limits off" in stream.getvalue()
    assert "the world lives in world.sqlite" in stream.getvalue()


def test_in_a_file_on_disk_the_keys_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "serve.log"
    with path.open("w", encoding="utf-8") as log:
        show(ANNOUNCEMENT, log)
    written = path.read_text(encoding="utf-8")

    assert [key for key in KEYS.values() if key in written] == []
    assert "a1f0…" in written
    assert "keys are masked, as this goes to a file" in written


def exchange(operation: str = "trackUsers") -> Exchange:
    return Exchange("braze", operation, Instant(0), "r1", "POST", "/users/track", "", {}, b"{}", 201, {}, b"{}")


@pytest.fixture
def warned() -> tuple[Journal, io.StringIO]:
    stream, journal = io.StringIO(), Journal()
    journal.watch(Warner(stream).hear)
    return journal, stream


def test_each_way_of_breaking_a_contract_is_told_once(warned: tuple[Journal, io.StringIO]) -> None:
    journal, stream = warned
    journal.record(exchange())
    for _ in range(3):
        journal.record(exchange(), ["request body.attributes: is not an array [type]"])
    journal.record(exchange("identifyUsers"), ["request body.attributes: is not an array [type]"])

    assert stream.getvalue().splitlines() == [
        "contract: braze trackUsers (201, journal 2): request body.attributes: is not an array [type]",
        "contract: braze identifyUsers (201, journal 5): request body.attributes: is not an array [type]",
    ]


def test_a_call_to_what_no_contract_has_is_told_by_its_address(warned: tuple[Journal, io.StringIO]) -> None:
    journal, stream = warned
    journal.record(replace(exchange(""), path="/users/trak", query="a=1"), ["request path: no operation is here"])

    assert ["contract: braze POST /users/trak (201, journal 1): request path: no operation is here"] == (
        stream.getvalue().splitlines()
    )


def test_noise_is_cut_off_and_said_to_be(warned: tuple[Journal, io.StringIO]) -> None:
    journal, stream = warned
    for number in range(KINDS_TOLD + 50):
        journal.record(exchange(), [f"request body[{number}]: is wrong"])

    lines = stream.getvalue().splitlines()
    assert len(lines) == KINDS_TOLD + 1
    assert lines[-1] == "contract: from here on only the journal tells"
