"""`absim clock` shows and moves the clock of a served world."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from simulator.cli.common import ExitCode
from simulator.cli.main import run
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.mapping import Mapping
from simulator.serving.server import Server
from simulator.serving.stage import Keys, world_settings
from simulator.world import World, WorldSettings

Clock = Callable[..., tuple[int, str]]


@pytest.fixture
def served() -> Iterator[Server]:
    """A world whose hourly sync has had its first run, frozen at ten o'clock."""
    server = Server(world_settings(WorldSettings(seed=7), Keys(), limits=True))
    server.main.start()
    sync(server.main.world)
    yield server
    server.stop()


def sync(world: World) -> None:
    person = world.amplitude.seed_people("main", [{"user_id": "ida-1001"}])
    cohort = world.amplitude.cohorts.create_static("vips", person)
    connection = world.engine.create_connection(
        "braze", rest_endpoint=world.braze_endpoint, partner_api_key=world.braze.keys.partner_api_key,
        data_import_key=world.braze.keys.data_import_keys["main"], mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
    )  # fmt: skip
    world.engine.create_sync(cohort.cohort_id, connection.id, Cadence.HOURLY)


@pytest.fixture
def clock(served: Server, capsys: pytest.CaptureFixture[str]) -> Clock:
    """Runs `absim clock`; its exit code and what it printed."""

    def call(*words: str) -> tuple[int, str]:
        code = run(["clock", "--url", served.main.urls["control"], *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


def test_it_shows_where_the_clock_stands(clock: Clock) -> None:
    code, told = clock()
    assert (0, True) == (code, told.startswith("it is 2026-03-02T10:00:00Z\npace frozen; next due: 2026-03-02T1"))


def test_it_lets_time_pass_and_lists_what_happened_in_order(clock: Clock) -> None:
    code, told = clock("advance", "2h")
    lines = told.splitlines()
    assert (0, "it is 2026-03-02T12:00:00Z, nothing is unfinished") == (code, lines[-1])
    assert 2 == sum("run_finished  sync-1 sync-1/" in line for line in lines)


def test_it_runs_until_the_next_thing_until_nothing_is_unfinished_and_until_an_instant(
    clock: Clock, served: Server
) -> None:
    due = served.main.world.agenda.next_due()
    code, told = clock("--format", "json", "until", "next")
    assert (0, due) == (code, served.main.world.clock.now)
    assert json.loads(told)["pages"] == 1
    assert "nothing is unfinished" in clock("until", "idle", "--at-most", "1d")[1]
    assert "it is 2026-03-09T00:00:00Z" in clock("until", "2026-03-09T00:00:00Z")[1]


def test_it_freezes_and_lets_the_clock_go_on(clock: Clock) -> None:
    assert "pace 60x" in clock("pace", "60x")[1]
    assert "pace frozen" in clock("freeze")[1]


def test_another_world_has_a_clock_of_its_own(clock: Clock, served: Server) -> None:
    served.create("second", served.main.settings)
    assert 0 == clock("--world", "second", "advance", "1d")[0]
    assert "it is 2026-03-02T10:00:00Z" in clock()[1]
    assert "it is 2026-03-03T10:00:00Z" in clock("--world", "second")[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["until", "2020-01-01T00:00:00Z"], ExitCode.FAILED, "cannot go back"),
        (["advance", "soon"], ExitCode.USAGE, '"soon" is not a duration, such as 90s, 3h or 1d 2h'),
        (["until", "lunch"], ExitCode.USAGE, '"lunch" is not an instant, such as 2026-03-02T10:00:00Z'),
        (["pace", "fast"], ExitCode.USAGE, '"fast" is not a pace: frozen, 1x, 60x or another whole number with an x'),
        (["--url", "nonsense"], ExitCode.USAGE, "nonsense is not an address, such as http://127.0.0.1:8003"),
        (["--world", "nowhere"], ExitCode.FAILED, "there is no world 'nowhere'"),
        (["--url", "http://127.0.0.1:1"], ExitCode.ENVIRONMENT, "start one with `absim serve`"),
        (["--url", "http://example.com"], ExitCode.USAGE, "example.com"),
    ],
)
def test_what_cannot_be_is_said(clock: Clock, words: list[str], code: ExitCode, said: str) -> None:
    ended, told = clock(*words)
    assert code == ended
    assert said in told
