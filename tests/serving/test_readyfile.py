"""The ready file appears whole, is for this user only, and goes with its world."""

import json
from pathlib import Path

import pytest

from simulator.serving.readyfile import ReadyFileUnwritable, ready_file

CONTENT = {"pid": 4711, "braze_url": "http://127.0.0.1:8002"}


def test_it_is_there_while_the_world_is_served(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path, CONTENT):
        assert json.loads(path.read_text()) == CONTENT
        assert [each.name for each in tmp_path.iterdir()] == ["ready.json"]

    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("{}")
    path.chmod(0o644)

    with ready_file(path, CONTENT):
        assert path.stat().st_mode & 0o777 == 0o600


def test_it_goes_when_the_world_breaks(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with pytest.raises(KeyboardInterrupt), ready_file(path, CONTENT):
        raise KeyboardInterrupt

    assert not path.exists()


def test_the_file_of_a_later_world_stays(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with ready_file(path, CONTENT):
        path.write_text(json.dumps({"pid": 4712}))

    assert json.loads(path.read_text()) == {"pid": 4712}


def test_a_file_that_somebody_took_away_is_not_missed(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with ready_file(path, CONTENT):
        path.unlink()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ready.json"

    unwritable = pytest.raises(ReadyFileUnwritable, match=r"ready\.json cannot be written: No such file or directory")
    with unwritable, ready_file(path, CONTENT):
        raise AssertionError("never reached")
