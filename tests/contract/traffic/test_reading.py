"""Several files and folders at once: every recording once, and nothing broken passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.contract.traffic.reading import read_all, read_traffic
from simulator.contract.traffic.recorded import NoRecording, UnreadableTraffic

CASSETTE = """\
interactions:
- request: {method: GET, uri: "https://rest.iad-01.braze.com/segments/list", headers: {}, body: null}
  response: {status: {code: 200}, headers: {}, body: {string: "{}"}}
"""


def test_a_folder_is_read_to_its_bottom_and_each_file_once(tmp_path: Path) -> None:
    deep = tmp_path / "cassettes" / "test_braze"
    deep.mkdir(parents=True)
    (deep / "test_push.yaml").write_text(CASSETTE)
    (tmp_path / "a.har").write_text('{"log": {"entries": []}}')
    (tmp_path / "last-run.json").write_text('{"works": []}')
    (tmp_path / "compose.yaml").write_text("services: {}")
    (tmp_path / "notes.txt").write_text("not looked at")
    read = read_all([deep / "test_push.yaml", tmp_path, tmp_path / "cassettes"])
    assert (1, ["test_push.yaml", "a.har"]) == (len(read.exchanges), [each.name for each in read.files])
    assert ["compose.yaml", "last-run.json"] == [each.name for each in read.passed_over]


def test_a_file_that_is_named_must_be_a_recording(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}")
    with pytest.raises(NoRecording, match="not a cassette"):
        read_all([tmp_path / "compose.yaml"])


def test_a_broken_recording_in_a_folder_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "test_push.yaml").write_text(CASSETTE + "- request: [")
    with pytest.raises(UnreadableTraffic, match=r"test_push.yaml: not a YAML file"):
        read_all([tmp_path])


def test_a_cassette_is_known_without_its_ending(tmp_path: Path) -> None:
    (tmp_path / "test_push").write_text(CASSETTE)
    assert ["/segments/list"] == [each.path for each in read_traffic(tmp_path / "test_push")]


@pytest.mark.parametrize(
    ("text", "why"),
    [("[]", "neither a HAR file"), ("not json", ":1: not a JSON object"),
     ('{"a": 1}\n{"b": 2}', ":1: this is not one of a journal: request is missing"),
     ('{"log": {"entries": [{}]}}', "entry 1 is not one of a HAR file: request is missing")],
)  # fmt: skip
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "x.har"
    path.write_text(text)
    with pytest.raises(UnreadableTraffic, match=why):
        read_traffic(path)
