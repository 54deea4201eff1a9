"""`absim contract` on the command line: exit codes, tables, reports, traffic, diff, defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import resources
from simulator.cli.main import run

ONE = ["contract", "--service", "braze", "--operation", "listSegments", "--phases", "examples", "--seed", "3"]


def test_one_operation_passes_and_leaves_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "reports"
    assert 0 == run([*ONE, "--report", "junit,json,har,sarif,github", "--report-dir", str(folder)])
    assert [
        "contract-annotations.txt",
        "contract-junit.xml",
        "contract.har",
        "contract.json",
        "contract.sarif",
    ] == sorted(path.name for path in folder.iterdir())
    assert "passed, seed 3" in capsys.readouterr().out


def test_an_operation_that_is_not_there_is_a_usage_error() -> None:
    assert 2 == run(["contract", "--operation", "paintTheWall"])


@pytest.mark.parametrize("url", ["braze", "braze=ftp://x", "paint=http://x"])
def test_a_url_names_a_service(url: str) -> None:
    assert 2 == run(["contract", "--url", url])


def test_nothing_to_ask_is_said() -> None:
    assert 5 == run(["contract", "--service", "braze", "--url", "amplitude=http://127.0.0.1:1"])


def test_nobody_at_the_url_is_a_fault_of_the_environment() -> None:
    assert 3 == run([*ONE, "--url", "braze=http://127.0.0.1:1"])


def test_a_key_that_is_not_given_for_a_url_is_named_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRAZE_PARTNER_API_KEY", raising=False)
    given = ["--braze-api-key", "a", "--braze-data-import-key", "b"]
    run([*ONE, *given, "--url", "braze=http://127.0.0.1:1"])

    told = "no key given for braze: --braze-partner-api-key; what asks for one cannot be judged there\n"
    assert told in capsys.readouterr().err


def test_a_contract_differs_from_itself_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(resources.contract_path("braze"))
    assert 0 == run(["contract", "diff", path, path])
    assert "0 breaking, 0 compatible" in capsys.readouterr().out


def test_a_breaking_change_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = resources.contract_path("braze")
    new = tmp_path / "new.yaml"
    new.write_text(old.read_text().replace("operationId: listSegments", "operationId: listParts"))
    assert 1 == run(["contract", "diff", str(old), str(new), "--format", "json"])
    assert '"operation-removed"' in capsys.readouterr().out


def test_recorded_traffic_is_held_against_the_contracts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run([*ONE, "--report", "har", "--report-dir", str(tmp_path)])
    run(["contract", "traffic", str(tmp_path / "contract.har")])
    assert "exchanges known to the contract" in capsys.readouterr().out


def test_traffic_of_files_and_folders_is_read_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    har = '{"log": {"entries": [{"request": {"method": "GET", "url": "https://%s", "headers": []}, "response": %s}]}}'
    answer = '{"status": 429, "headers": [{"name": "content-type", "value": "application/json"}]}'
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.har").write_text(har % ("rest.iad-01.braze.com/segments/lists", answer))
    (tmp_path / "below" / "b.json").write_text("{}")
    (tmp_path / "c.har").write_text(har % ("www.example.com/", answer))
    assert 1 == run(["contract", "traffic", str(tmp_path / "below"), str(tmp_path / "c.har")])
    said = capsys.readouterr()
    assert "1x GET /segments/lists: path: no operation of the contract" in said.out
    assert "no recordings, passed over: " in said.err
    assert "1 exchange with others than Amplitude and Braze, not looked at" in said.err
    assert 5 == run(["contract", "traffic", str(tmp_path / "c.har")])


def test_traffic_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "x.har").write_text("[]")
    assert 2 == run(["contract", "traffic", str(tmp_path / "x.har")])


def test_a_seeded_defect_is_named_with_what_caught_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(["contract", "defects", "--only", "engine: secret missing"])
    assert "caught by wire watch" in capsys.readouterr().out
    assert 5 == run(["contract", "defects", "--only", "no such defect"])
