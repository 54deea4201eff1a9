"""Stories and differences in words."""

from __future__ import annotations

from simulator.reports.words import fit


def test_a_long_line_of_a_story_hangs_under_its_sentence() -> None:
    line = "  2026-03-02T10:00:00Z  braze      looked up device_id d-ben-0001: the device is somebody else's by now"

    assert line == fit(line, 200)
    assert line == fit(line, 20)
    assert [
        "  2026-03-02T10:00:00Z  braze      looked up device_id",
        "                                   d-ben-0001: the device is",
        "                                   somebody else's by now",
    ] == fit(line, 62).splitlines()
