"""`absim lint`, `plan`, `schema` and `new`: files without worlds."""

from __future__ import annotations

import errno
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator import resources

Absim = Callable[..., Any]


def test_good_files_have_no_problems(run_absim: Absim) -> None:
    ended = run_absim("lint", ".")

    assert (0, "") == (ended.code, ended.out)
    assert "2 scenario files, no problems" in ended.err


def test_all_problems_of_all_files_are_told_at_once(run_absim: Absim, folder: Path) -> None:
    (folder / "one.scenario.yaml").write_text("scenario: one\npeeple: {}\nsteps: [advnce: 3h]\n")
    (folder / "two.scenario.yaml").write_text("scenario: two\n")

    ended = run_absim("lint", ".")

    assert 2 == ended.code
    assert ["one.scenario.yaml:2:1", "one.scenario.yaml:3:9", "two.scenario.yaml:1:1"] == [
        line.split(": ")[0] for line in ended.out.splitlines() if line.startswith(("one", "two"))
    ]
    assert "3 problems in 4 files" in ended.err


def test_problems_as_json_have_their_place(run_absim: Absim, folder: Path) -> None:
    (folder / "one.scenario.yaml").write_text("scenario: one\nsteps: [advnce: 3h]\n")

    (problem,) = json.loads(run_absim("lint", "one.scenario.yaml", "--format", "json").out)

    assert {
        "file": "one.scenario.yaml",
        "line": 2,
        "column": 9,
        "length": 6,
        "problem": "unknown step 'advnce'",
        "hint": "did you mean advance?",
    } == problem


def test_the_shipped_scenarios_have_no_problems(run_absim: Absim) -> None:
    assert 0 == run_absim("lint").code


def test_lint_needs_neither_flask_nor_a_store(folder: Path) -> None:
    probe = (
        "import sys; from simulator.cli.main import run; run(['lint', 'good.scenario.yaml']); "
        "print([name for name in ('flask', 'sqlite_utils', 'rich', 'faker', 'simulator.world') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, check=True)

    assert "[]" == ended.stdout.strip()


def test_a_plan_writes_every_default_out(run_absim: Absim) -> None:
    ended = run_absim("plan", "good.scenario.yaml")

    assert 0 == ended.code
    for words in (
        "good.scenario.yaml · seed 1 · clock 2026-03-02T10:00:00Z · rules default",
        "ben  Amplitude: device_id 'd-ben-0001', performed app_opened (last at 2026-03-02T09:00:00Z)",
        "Braze: anonymous profile, device 'd-ben-0001'",
        "Braze: identified profile, external_id 'ida-1001'",
        "braze  user_id -> external_id, then device_id -> device_id",
        "openers  {performed: app_opened, within: 7d}",
        "2  2026-03-02T10:00:00Z  line 11   sync: openers   # the sync 'openers'",
        "expect: {added: [ida], dropped: {ben: MATCH-4}}",
    ):
        assert words in ended.out


def test_a_plan_follows_the_clock_as_far_as_it_can(run_absim: Absim, folder: Path) -> None:
    (folder / "time.scenario.yaml").write_text(
        "scenario: time\npeople: {ben: {device_id: d-1}}\nsteps:\n  - advance: 3h\n  - {at: 02:30, log_out: ben}\n"
        "  - advance: {until: idle}\n  - log_out: ben\n  - advance: {until: 2026-03-09}\n"
        "expect: {profiles_created: 0}\n"
    )

    out = run_absim("plan", "time.scenario.yaml").out

    assert [
        "2026-03-02T10:00:00Z", "2026-03-03T02:30:00Z", "2026-03-03T02:30:00Z", "when that is done",
        "when that is done", "2026-03-09T00:00:00Z",
    ] == [found.strip() for found in re.findall(r"^ +\d  (.{20})  line", out, re.MULTILINE)]  # fmt: skip


def test_a_plan_writes_rules_as_the_file_does(run_absim: Absim, folder: Path) -> None:
    (folder / "under.scenario.yaml").write_text(
        "scenario: under\nsteps:\n  - expect: {under: {fallback: off, set: braze-page}, runs: 0}\n"
        "  - expect: {under: default, runs: 0}\n"
    )

    out = run_absim("plan", "under.scenario.yaml").out

    assert "expect: {under: {set: braze-page, fallback: off}, runs: [0]}" in out
    assert "expect: {under: default, runs: [0]}" in out


def test_an_invalid_file_has_no_plan(run_absim: Absim, folder: Path) -> None:
    (folder / "bad.scenario.yaml").write_text("scenario: bad\n")

    ended = run_absim("plan", "bad.scenario.yaml")

    assert 2 == ended.code
    assert "this scenario expects nothing" in ended.err


def test_schema_and_reference_go_to_stdout(run_absim: Absim) -> None:
    assert "absim scenario" == json.loads(run_absim("schema").out)["title"]
    assert run_absim("schema", "--reference").out.startswith("# The scenario language")


def test_a_new_scenario_passes(run_absim: Absim, folder: Path) -> None:
    assert 0 == run_absim("new", "my-first-one").code

    path = folder / "my-first-one.scenario.yaml"
    assert "scenario: My first one" in path.read_text()
    assert 0 == run_absim("run", path.name).code
    schema = path.read_text().splitlines()[0].partition("$schema=")[2]
    assert (resources.folder("contracts") / "scenario.schema.json").samefile(folder / schema)


@pytest.mark.parametrize("name", ["a: b", "true", "007", "Zoë & 日本", "#1", "x [y]"])
def test_a_new_scenario_may_be_called_anything(run_absim: Absim, name: str) -> None:
    ended = run_absim("new", name)

    assert 0 == ended.code
    assert f"absim run {shlex.quote(f'{name}.scenario.yaml')}" in ended.err
    assert 0 == run_absim("run", f"{name}.scenario.yaml").code


@pytest.mark.parametrize("name", ["good", "good.scenario.yaml"])
def test_nothing_is_overwritten(run_absim: Absim, name: str) -> None:
    ended = run_absim("new", name)

    assert 2 == ended.code
    assert "good.scenario.yaml exists" in ended.err


@pytest.mark.parametrize("name", ["", ".scenario.yaml", "folder/"])
def test_a_scenario_needs_a_name(run_absim: Absim, folder: Path, name: str) -> None:
    ended = run_absim("new", name)

    assert 2 == ended.code
    assert "a scenario needs a name, such as first-login" in ended.err
    assert [] == list(folder.glob("**/.scenario*"))


def test_a_full_disk_leaves_no_empty_file_behind(
    run_absim: Absim, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    ended = run_absim("new", "late")

    assert (3, False) == (ended.code, (folder / "late.scenario.yaml").exists())
    assert "late.scenario.yaml cannot be written: No space left on device" in ended.err


def test_a_place_that_cannot_be_written_is_3(run_absim: Absim) -> None:
    assert 3 == run_absim("new", "nowhere/at/all").code
