"""`absim exec -- CMD`: a command finds both services in its environment, and its exit code is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import resources
from simulator.cli.main import run

PYTHON = sys.executable
NAMES = (
    "AMPLITUDE_URL",
    "AMPLITUDE_API_KEY",
    "AMPLITUDE_SECRET_KEY",
    "BRAZE_URL",
    "BRAZE_API_KEY",
    "BRAZE_DATA_IMPORT_KEY",
    "BRAZE_PARTNER_API_KEY",
    "ABSIM_URL",
)


def test_the_command_is_told_addresses_and_keys(capfd: pytest.CaptureFixture[str]) -> None:
    program = f"import os, json; print(json.dumps([os.environ[name] for name in {NAMES}]))"

    code = run(["exec", "--seed", "7", "--", PYTHON, "-c", program])

    told = dict(zip(NAMES, json.loads(capfd.readouterr().out), strict=True))
    assert code == 0
    assert all(told.values())
    assert len({told["AMPLITUDE_URL"], told["BRAZE_URL"], told["ABSIM_URL"]}) == 3


JOURNEY = """
import json, os, urllib.request

def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["BRAZE_API_KEY"]}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)

amplitude, braze, sim = os.environ["AMPLITUDE_URL"], os.environ["BRAZE_URL"], os.environ["ABSIM_URL"] + "/_sim"
event = {"user_id": "ida-1001", "device_id": "d-ida-0001", "event_type": "app_opened"}
call(amplitude + "/2/httpapi", {"api_key": os.environ["AMPLITUDE_API_KEY"], "events": [event]})
call(braze + "/users/track", {"attributes": [{"external_id": "ida-1001", "plan": "gold"}]})
definition = {"performed": "app_opened", "times": ">= 1", "within": "7d"}
call(sim + "/amplitude/cohorts", {"name": "openers", "definition": definition})
identify_by = [{"property": "user_id", "to": "external_id"}]
call(sim + "/connections", {"name": "braze", "identify_by": identify_by})
call(sim + "/syncs", {"cohort": "openers", "connection": "braze"})
(user,) = call(sim + "/amplitude/users")["users"]
for reference in ("ida-1001", "d-ida-0001", str(user["amplitude_id"])):
    print(call(sim + "/people/" + reference + "/story")["text"].splitlines()[-1].strip())
"""


def test_a_journey_is_told_by_every_identifier_of_its_person(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["exec", "-q", "--seed", "7", "--", PYTHON, "-c", JOURNEY])

    told = capfd.readouterr().out.splitlines()
    assert code == 0
    assert len(told) == 3
    assert all(line.endswith("is a member of openers in Braze") for line in told)


def test_the_command_reaches_the_services() -> None:
    program = (
        "import os, json, urllib.request as u\n"
        "body = {'partner_api_key': os.environ['BRAZE_PARTNER_API_KEY'],"
        " 'client_secret': os.environ['BRAZE_DATA_IMPORT_KEY'], 'cohort_id': 'c1', 'cohort_changes': []}\n"
        "call = u.Request(os.environ['BRAZE_URL'] + '/partners/any-name/cohorts/users',"
        " json.dumps(body).encode(), {'Content-Type': 'application/json'})\n"
        "raise SystemExit(u.urlopen(call).status - 200)\n"
    )

    assert run(["exec", "-q", "--", PYTHON, "-c", program]) == 1


def test_its_keys_may_be_chosen(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABSIM_BRAZE_API_KEY", "my-own-key")

    run(["exec", "--", PYTHON, "-c", "import os; print(os.environ['BRAZE_API_KEY'])"])

    assert capfd.readouterr().out == "my-own-key\n"


@pytest.mark.parametrize("code", [0, 1, 42])
def test_its_exit_code_is_kept(code: int) -> None:
    assert run(["exec", "-q", "--", PYTHON, "-c", f"raise SystemExit({code})"]) == code


def test_a_command_that_a_signal_ended_gives_128_and_its_number() -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert run(["exec", "-q", "--", PYTHON, "-c", program]) == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_is_127_and_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["exec", "-q", "--", "no-such-command-0001"])

    assert (code, capfd.readouterr().err) == (127, "absim exec: no-such-command-0001: command not found\n")


def test_a_file_that_cannot_be_executed_is_126(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("hello")

    code = run(["exec", "-q", "--", str(plain)])

    assert (code, capfd.readouterr().err) == (126, f"absim exec: {plain}: cannot be executed\n")


def test_without_a_command_the_usage_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["exec"]) == 2
    assert "Missing argument" in capfd.readouterr().err


def test_options_after_the_command_are_the_commands_own(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["exec", "-q", PYTHON, "-c", "import sys; print(sys.argv[1:])", "--seed", "9", "-q"])

    assert (code, capfd.readouterr().out) == (0, "['--seed', '9', '-q']\n")


def test_input_and_output_pass_through() -> None:
    program = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('aside')"
    done = subprocess.run(
        [PYTHON, "-m", "simulator.cli.main", "exec", "-q", "--", PYTHON, "-c", program],
        input="hello",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "HELLO", "aside")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_command_decides(number: signal.Signals) -> None:
    program = (
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(17))\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        [PYTHON, "-m", "simulator.cli.main", "exec", "-q", "--", PYTHON, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        code = process.wait(timeout=60)

    assert code == 17


SCENARIO = """
scenario: Ben has a device, Ida is known
seed: 42
rules: {fallback: 'off'}
people:
  ben: {device_id: d-ben-0001}
  ida: {user_id: ida-1001}
cohorts:
  everybody: {people: [ben, ida]}
steps:
  - expect: {profiles_created: 0}
"""
ASK = """
import json, os, urllib.request
def told(path):
    return json.load(urllib.request.urlopen(os.environ["ABSIM_URL"] + "/_sim" + path))
switches = {each["name"]: each["value"] for each in told("/switches")["switches"]}
print(told("/worlds/main")["seed"], switches["fallback"], told("/people/ben/story")["person"])
"""


def test_the_world_may_begin_with_a_scenario(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "two-people.scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")

    codes = [
        run(["exec", "-q", "--scenario", str(path), "--", PYTHON, "-c", ASK]),
        run(["exec", "-q", "--scenario", str(path), "--seed", "7", "--rules", "default", "--", PYTHON, "-c", ASK]),
    ]

    assert codes == [0, 0]
    assert capfd.readouterr().out == "42 off ben\n7 on_missing ben\n"


def test_a_shipped_scenario_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = next(path for path in resources.folder("scenarios").rglob("*.scenario.yaml"))
    named = Path("scenarios") / shipped.relative_to(resources.folder("scenarios"))
    assert 0 == run(["exec", "-q", "--scenario", str(named), "--", PYTHON, "-c", "pass"])
    assert 2 == run(["exec", "-q", "--scenario", "scenarios/none.scenario.yaml", "--", PYTHON, "-c", "pass"])


def test_a_broken_scenario_is_told_with_its_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "broken.scenario.yaml"
    path.write_text("scenario: no\nstps: []\n", encoding="utf-8")

    code = run(["exec", "-q", "--scenario", str(path), "--", PYTHON, "-c", "pass"])

    error = capfd.readouterr().err
    assert code == 2
    assert "broken.scenario.yaml:2:1" in error
