"""Everything in the README is run: the scenario, the commands, the SDK example, and what they are said to print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ABSIM = [sys.executable, "-m", "simulator.cli"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def absim(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ABSIM, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "first.scenario.yaml").write_text(blocks("yaml")[0])
    (tmp_path / "sdk.py").write_text(blocks("python")[0])
    return tmp_path


def test_the_first_scenario_passes_and_why_tells_what_the_page_shows(folder: Path) -> None:
    ran = absim(folder, "run", "first.scenario.yaml")
    assert (0, True) == (ran.returncode, "1 passed" in ran.stdout), ran.stdout + ran.stderr
    told = absim(folder, "why", "ben")
    assert told.returncode == 0
    assert [] == [line for line in blocks("text")[0].splitlines() if line not in told.stdout]


def test_the_first_scenario_is_about_ten_lines() -> None:
    assert len(blocks("yaml")[0].splitlines()) <= 12


def test_the_sdk_example_prints_what_the_page_says(folder: Path) -> None:
    ran = absim(folder, "exec", "--", sys.executable, "sdk.py")
    assert (0, "Amplitude sent 1000\nBraze has 900\n") == (ran.returncode, ran.stdout)


def test_every_command_of_the_page_exists() -> None:
    commands = set(
        re.findall(r"absim (\w+)", "\n".join(blocks("sh")) + " ".join(re.findall(r"`absim (?:\w+)[^`]*`", README)))
    )
    assert {"run", "why", "exec", "serve", "contract"} <= commands
    for command in sorted(commands):
        helped = absim(ROOT, command, "--help")
        assert helped.returncode == 0, f"absim {command}: {helped.stderr}"


def test_every_option_of_the_page_exists() -> None:
    for command, option in re.findall(r"absim (\w+)[^\n`]*?(--[a-z-]+)", README):
        assert option in absim(ROOT, command, "--help").stdout, f"absim {command} {option}"


def test_the_make_targets_of_the_page_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make (\w+)", "\n".join(blocks("sh"))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_link_leads_somewhere() -> None:
    for path in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / path).exists(), path


def test_the_exit_codes_and_variables_of_the_page_are_those_of_the_program(folder: Path) -> None:
    printed = absim(folder, "exec", "--", sys.executable, "-c", "import os; print(*sorted(os.environ))").stdout.split()
    for variable in re.findall(r"`((?:AMPLITUDE|BRAZE|ABSIM)_[A-Z_]+)`", README):
        assert variable in printed
    assert absim(folder, "run", "--only", "nothing is called this").returncode == 5
    assert absim(folder, "run", "no-such-file.scenario.yaml").returncode == 2


CONNECTOR = '''
import json, urllib.request

class MyConnector:
    """Whoever follows the recipe brings one."""

    def __init__(self, url, key):
        self.url, self.key = url, key

    def push(self):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        body = json.dumps({"attributes": [{"external_id": "ida-1001", "plan": "pro"}]}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/users/track", body, headers)).close()
'''


def test_the_recipe_for_ones_own_connector_works_as_printed(tmp_path: Path) -> None:
    conftest, test = blocks("py")[0].split("# test_my_connector.py\n")
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_my_connector.py").write_text(CONNECTOR + test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
