"""`absim run`: exit codes, filters, reports, configuration, and what it says where."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import orjson
import pytest

from simulator.contract import agreement
from simulator.fakes.binding import ContractMismatch
from simulator.scenario import many

Absim = Callable[..., Any]


def test_all_green_is_0_and_ends_with_table_drop_reports_and_seed(run_absim: Absim) -> None:
    ended = run_absim("run", "good.scenario.yaml")

    assert 0 == ended.code
    assert "Who is known is added" in ended.out
    assert "1 passed; 2 people" in ended.out
    assert "ben was sent by device_id d-ben-0001" in ended.out
    assert "absim why ben --scenario good.scenario.yaml" in ended.out
    assert "seed: 1 (as each file says)" == ended.out.strip().splitlines()[-1]
    assert "1 scenario, seed 1 (as each file says), rules of each file" in ended.err


def test_red_is_1_and_says_what_where_and_how_to_see_it_again(run_absim: Absim) -> None:
    ended = run_absim("run", ".", "--seed", "5")
    assert 1 == ended.code
    assert "red.scenario.yaml:12:18: added: ben is missing" in ended.out
    assert "reproduce: absim run red.scenario.yaml --seed 5 --door wsgi" in ended.out


def test_a_contract_that_departs_from_what_was_agreed_is_red_with_its_place(
    run_absim: Absim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = orjson.loads(agreement.agreed_path("braze").read_bytes())
    agreed["components/schemas/TrackReply"]["additionalProperties"] = True
    (tmp_path / "braze.json").write_bytes(orjson.dumps(agreed))
    shipped = agreement.agreed_path
    monkeypatch.setattr(
        agreement, "agreed_path", lambda name: tmp_path / "braze.json" if name == "braze" else shipped(name)
    )
    monkeypatch.setattr(agreement.resources, "kept", lambda stem, sources, make: make())

    ended = run_absim("run", "good.scenario.yaml", "--report", "junit,json")

    assert 1 == ended.code
    assert (
        "INV-5 is broken: the contract of braze is not what was agreed: components/schemas/TrackReply."
        "additionalProperties: was true, is false; when that is meant: absim contract agree --service braze"
    ) in ended.out
    assert "1 passed, 1 failed" in ended.out
    assert "components/schemas/TrackReply" in Path("absim-reports/junit.xml").read_text(encoding="utf-8")
    assert "components/schemas/TrackReply" in Path("absim-reports/results.json").read_text(encoding="utf-8")


def test_services_that_do_not_start_with_their_contracts_are_red_and_say_why(
    run_absim: Absim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ContractMismatch("braze does not start: handlers without operation: listSegments")

    monkeypatch.setattr(many, "run_many", refuse)
    ended = run_absim("run", "good.scenario.yaml")

    assert 1 == ended.code
    assert "INV-5 is broken: braze does not start: handlers without operation: listSegments" in ended.out


def test_an_invalid_file_is_2_and_nothing_runs(run_absim: Absim, folder: Path) -> None:
    (folder / "bad.scenario.yaml").write_text("scenario: bad\nsteps: [advnce: 3h]\n")

    ended = run_absim("run", ".")

    assert 2 == ended.code
    assert "bad.scenario.yaml:2:9: unknown step 'advnce'" in ended.out
    assert "nothing was run" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "goood.scenario.yaml"), 2, "did you mean good.scenario.yaml?"),
        (("run", "good.scenario.yml"), 2, "did you mean good.scenario.yaml?"),
        (("run", "good"), 2, "did you mean good.scenario.yaml?"),
        (("run", ".", "--only", "unicorn"), 5, "no scenario fits --only 'unicorn'; there are 2"),
        (("run", ".", "--tag", "MATCH-9"), 5, "--tag 'MATCH-9'"),
        (("run", ".", "--rules", "braze"), 2, "unknown rule set 'braze'"),
        (("run", ".", "--report", "pdf"), 2, "'pdf' is not one of junit, json, ledger"),
        (("run", ".", "--door", "window"), 2, "window"),
        (("rn",), 2, "Did you mean run?"),
    ],
)
def test_what_cannot_be_run_has_its_own_exit_code(
    run_absim: Absim, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = run_absim(*arguments)

    assert code == ended.code
    assert said in ended.err


def test_an_empty_folder_is_5(run_absim: Absim, folder: Path) -> None:
    (folder / "empty").mkdir()

    assert 5 == run_absim("run", "empty").code


@pytest.mark.parametrize(
    "arguments",
    [("--only", "known"), ("--only", "good*"), ("--only", "WHO is"), ("--only", "zebra", "--only", "known")],
)
def test_filters_choose_by_title_or_file(run_absim: Absim, arguments: tuple[str, ...]) -> None:
    ended = run_absim("run", ".", *arguments)

    assert 0 == ended.code
    assert "1 passed" in ended.out


def test_tags_are_tags_and_rule_ids(run_absim: Absim) -> None:
    assert "1 passed, 1 failed" in run_absim("run", ".", "--tag", "MATCH-1").out
    assert "1 passed, 1 failed" in run_absim("run", ".", "--tag", "quick").out


def test_json_on_stdout_is_nothing_but_json(run_absim: Absim) -> None:
    ended = run_absim("run", ".", "--format", "json")

    told = json.loads(ended.out)
    assert (1, {"passed": 1, "failed": 1, "unknown": 0}) == (ended.code, told["verdicts"])


def test_reports_are_left_where_they_were_asked_for(run_absim: Absim, folder: Path) -> None:
    ended = run_absim("run", ".", "--report", "junit,json,ledger", "--report-dir", "out")

    assert 1 == ended.code
    assert "2" == fromstring((folder / "out/junit.xml").read_text()).get("tests")
    assert 2 == json.loads((folder / "out/results.json").read_text())["scenarios"]
    assert ["good.ndjson", "red.ndjson"] == sorted(path.name for path in (folder / "out/ledger").iterdir())
    assert "out/junit.xml, out/results.json, out/ledger" in ended.out


def test_a_report_folder_that_cannot_be_made_is_3(run_absim: Absim, folder: Path) -> None:
    (folder / "file").write_text("")

    ended = run_absim("run", "good.scenario.yaml", "--report-dir", "file/inside", "--report", "json")

    assert 3 == ended.code
    assert "cannot be made" in ended.err


@pytest.mark.parametrize(
    ("asked_for", "code", "said"),
    [
        ((), 0, "so `absim why` will not know of this run"),
        (("--report", "junit,ledger"), 3, "junit.xml cannot be written"),
        (("--report", "ledger"), 3, "good.ndjson cannot be written"),
        (("--report", "json", "--format", "json"), 3, "results.json cannot be written"),
    ],
)
def test_what_cannot_be_written_takes_nothing_from_the_terminal(
    run_absim: Absim, folder: Path, asked_for: tuple[str, ...], code: int, said: str
) -> None:
    for taken in ("junit.xml", "results.json", "last-run.json", "ledger/good.ndjson"):
        (folder / "out" / taken).mkdir(parents=True)

    ended = run_absim("run", "good.scenario.yaml", "--report-dir", "out", *asked_for)

    assert code == ended.code
    assert said in ended.err
    assert "Traceback" not in ended.err
    if "--format" in asked_for:
        assert 1 == json.loads(ended.out)["verdicts"]["passed"]
    else:
        assert "1 passed; 2 people" in ended.out


def test_a_run_without_reports_needs_no_folder(run_absim: Absim, folder: Path) -> None:
    (folder / "file").write_text("")

    ended = run_absim("run", "good.scenario.yaml", "--report-dir", "file/inside")

    assert 0 == ended.code
    assert "`absim why` will not know of this run" in ended.err


def test_quiet_says_only_what_is_not_as_expected(run_absim: Absim) -> None:
    assert (0, "", "") == tuple(run_absim("run", "good.scenario.yaml", "--quiet"))
    assert "added: ben is missing" in run_absim("run", "red.scenario.yaml", "--quiet").out


def test_an_option_goes_over_the_environment_over_the_project_over_the_default(
    run_absim: Absim, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed(*arguments: str) -> str:
        out: str = run_absim("run", "good.scenario.yaml", *arguments).out
        return out.strip().splitlines()[-1]

    (folder / "pyproject.toml").write_text("[tool.absim]\nseed = 3\nreport-dir = 'from-project'\n")
    assert "seed: 3" == seed()
    assert (folder / "from-project/last-run.json").is_file()
    monkeypatch.setenv("ABSIM_SEED", "4")
    assert "seed: 4" == seed()
    assert "seed: 5" == seed("--seed", "5")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.absim\n", "pyproject.toml: Expected ']'"),
        ("[tool]\nabsim = 5\n", "absim is no table; write [tool.absim]"),
        ("[tool.absim]\nsede = 5\n", "no command has the option 'sede'; did you mean seed?"),
        ("[tool.absim]\nseed = 'x'\n", "Invalid value for '--seed'"),
    ],
)
def test_a_broken_project_file_is_2(run_absim: Absim, folder: Path, text: str, said: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    ended = run_absim("run", "good.scenario.yaml")

    assert 2 == ended.code
    assert said in ended.err


def test_every_option_is_called_in_the_project_file_as_on_the_command_line(run_absim: Absim, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.absim]\nreport = ['json']\nformat = 'json'\nno-color = true\n")
    ended = run_absim("run", "good.scenario.yaml")

    assert 1 == json.loads(ended.out)["scenarios"]
    assert (folder / "absim-reports/results.json").is_file()


def test_another_rule_set_may_be_asked_for(run_absim: Absim, folder: Path) -> None:
    (folder / "two.scenario.yaml").write_text(
        "scenario: two\npeople: {noor: {user_id: noor-1001, device_id: d-noor-1, braze: {device_ids: d-noor-1}}}\n"
        "connections: {braze: [user_id, device_id]}\ncohorts: {all: {people: [noor]}}\nsteps: [sync: all]\n"
        "expect: {added: [noor]}\n"
    )

    assert 1 == run_absim("run", "two.scenario.yaml").code
    assert 0 == run_absim("run", "two.scenario.yaml", "--rules", "amplitude-page").code


def test_no_colour_reaches_a_pipe(run_absim: Absim) -> None:
    assert "\x1b[" not in run_absim("run", ".").out


def test_ctrl_c_is_130_and_leaves_a_partial_table(folder: Path) -> None:
    (folder / "long.scenario.yaml").write_text(
        "scenario: A long one\nmatrix: {n: [1, 2, 3, 4, 5, 6, 7, 8]}\npopulation: {size: 20_000}\n"
        "connections: {braze: [user_id]}\ncohorts: {openers: {performed: app_opened}}\n"
        "steps: [sync: openers]\nexpect: {outcomes: as_born}\n"
    )
    command = [
        sys.executable,
        "-c",
        # Whoever starts the tests in the background has them ignore Ctrl-C, and children inherit that.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from simulator.cli.main import main; main()",
        "run",
        "good.scenario.yaml",
        "long.scenario.yaml",
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "9 scenarios" in process.stderr.readline()

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert "before the interruption" in out


def test_the_command_is_installed() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.cli.main", "--version"], capture_output=True, text=True, check=True
    )

    assert ended.stdout.startswith("absim, version ")


def test_shipped_scenarios_go_by_one_name_wherever_they_lie(run_absim: Absim, folder: Path) -> None:
    name = "scenarios/matching/anonymous-by-device.scenario.yaml"

    ran = run_absim("run", "--only", "anonymous-by-device", "--report", "junit")

    assert (0, True) == (ran.code, "scenarios/matching\n" in ran.out.replace(" ", ""))
    suite = fromstring((folder / "absim-reports/junit.xml").read_text())
    assert ["scenarios/matching"] == [each.get("name") for each in suite]
    for command in (("run", name), ("lint", name), ("plan", name), ("why", "ben", "--scenario", name)):
        assert 0 == run_absim(*command).code
    (folder / "scenarios/matching").mkdir(parents=True)
    assert "no such file or folder" in run_absim("run", "scenarios/matching/nothing.scenario.yaml").err
    (folder / name).write_text((folder / "red.scenario.yaml").read_text())
    assert 1 == run_absim("run", name).code
