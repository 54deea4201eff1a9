"""Each broken file beside this test gets exactly the text that lies next to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario.language.source import ScenarioInvalid
from simulator.scenario.parse import load

FOLDER = Path(__file__).parent / "bad"
FILES = sorted(FOLDER.glob("*.yaml"))


def complaint(path: Path) -> str:
    """What an author reads about a file; the folder of this checkout is not part of it."""
    with pytest.raises(ScenarioInvalid) as caught:
        load(path, path.name)
    return str(caught.value).replace(str(FOLDER), "bad") + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_says_what_is_wrong_and_where(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")

    assert expected == complaint(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_complaint_has_a_place_a_line_and_a_caret(path: Path) -> None:
    for problem in complaint(path).split("\n\n"):
        place, line, caret = problem.split("\n")[:3]

        assert place.startswith(("bad/", path.name, "../", "unknown-rule-set.yaml"))
        assert " | " in line
        assert set(caret.split("|")[-1].strip()) == {"^"}
