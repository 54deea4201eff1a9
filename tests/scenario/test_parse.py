"""What a file says, as values: names, defaults, short forms, and the parts that make one file into several."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, format_instant
from simulator.rules.mapping import Mapping
from simulator.scenario.files import CASES_AT_MOST, ScenarioMissing, find
from simulator.scenario.language.source import ScenarioInvalid
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.model.steps.flow import Advance
from simulator.scenario.model.steps.people import LogIn, LogOut
from simulator.scenario.model.steps.syncs import Sync
from simulator.scenario.parse import load, load_text

HEAD = "scenario: test\nexpect: {profiles_created: 0}\n"


def one(text: str, folder: Path | None = None) -> Scenario:
    (scenario,) = load_text(HEAD + text, "test.scenario.yaml", folder)
    return scenario


def test_what_is_left_out_has_a_default() -> None:
    scenario = one("")

    assert (1, "2026-03-02T10:00:00Z", "default") == (
        scenario.seed,
        format_instant(scenario.clock),
        str(scenario.rules),
    )


@pytest.mark.parametrize(
    ("written", "profiles"),
    [
        ("{device_id: d}", [(None, ("d",), False)]),
        ("{user_id: u}", [("u", (), False)]),
        ("{user_id: u, device_id: d}", [("u", ("d",), False)]),
        ("{user_id: u, device_id: d, braze: {external_id: u}}", [("u", (), False)]),
        ("{device_id: d, braze: none}", []),
        ("{device_id: d, braze: {external_id: u, device_ids: d, once_anonymous: true}}", [("u", ("d",), True)]),
        ("{user_id: u, braze: [{external_id: u}, {device_ids: [d]}]}", [("u", (), False), (None, ("d",), False)]),
    ],
)
def test_what_braze_knows_of_a_person(written: str, profiles: list[object]) -> None:
    person = one(f"people: {{ben: {written}}}").people["ben"]

    assert profiles == [(p.external_id, p.device_ids, p.once_anonymous) for p in person.profiles]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("user_id", Mapping("user_id", Kind.EXTERNAL_ID)),
        ("user_id -> external_id", Mapping("user_id", Kind.EXTERNAL_ID)),
        ("device_id", Mapping("device_id", Kind.DEVICE_ID)),
        ("crm id -> alias CRM label", Mapping("crm id", Kind.ALIAS, "CRM label")),
        ("{property: crm_id, alias: crm}", Mapping("crm_id", Kind.ALIAS, "crm")),
        ("{property: crm_id, to: alias, label: crm}", Mapping("crm_id", Kind.ALIAS, "crm")),
        ("{property: crm_id, to: external_id}", Mapping("crm_id", Kind.EXTERNAL_ID)),
        ("device_id -> external_id", Mapping("device_id", Kind.EXTERNAL_ID)),
    ],
)
def test_a_mapping_is_written_in_a_line_or_with_keys(written: str, meant: Mapping) -> None:
    assert (meant,) == one(f"connections: {{braze: [{written}]}}").connections["braze"].identify_by


def test_events_happened_an_hour_before_the_clock_unless_told_otherwise() -> None:
    events = one(
        "people: {ben: {device_id: d, events: [a, {name: b, ago: 2d, times: 3, every: 1d}, {name: c, at: 2026-01-01}]}}"
    )
    a, b, c = events.people["ben"].events
    clock = events.clock

    assert [clock - HOUR_MS] == a.instants(clock)
    assert [clock - 4 * DAY_MS, clock - 3 * DAY_MS, clock - 2 * DAY_MS] == b.instants(clock)
    assert ["2026-01-01T00:00:00Z"] == [format_instant(each) for each in c.instants(clock)]


def test_a_step_may_be_written_short() -> None:
    scenario = one(
        "people: {ben: {device_id: d}}\n"
        "connections: {braze: user_id}\n"
        "cohorts: {vips: {people: []}}\n"
        "steps: [sync: vips, advance: 3h, log_out: ben, {at: '+1h', log_in: {person: ben, user_id: 1001}}]\n"
    )
    sync, advance, log_out, log_in = scenario.steps

    assert isinstance(sync, Sync)
    assert ("vips", None, Cadence.ONE_TIME) == (sync.cohort, sync.to, sync.cadence)
    assert isinstance(advance, Advance)
    assert 3 * HOUR_MS == advance.by_ms
    assert isinstance(log_out, LogOut)
    assert "ben" == log_out.person
    assert isinstance(log_in, LogIn)
    assert ("1001", "+1h") == (log_in.user_id, log_in.at and log_in.at.text)


def test_a_number_is_taken_as_the_text_it_is_written_as() -> None:
    assert "0123" == one("people: {ben: {user_id: 0123}}").people["ben"].user_id


def test_people_of_a_population_may_be_named() -> None:
    one("population: {size: 10}\nsteps: [log_out: p000009]\n")
    with pytest.raises(ScenarioInvalid, match="unknown person 'p000010'"):
        one("population: {size: 10}\nsteps: [log_out: p000010]\n")


def test_a_fragment_adds_its_people_and_its_steps_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fragments")
    (folder / "a.fragment.yaml").write_text(
        "fragment: Ben opens the app\nparameters: {who: ben, how: 1h}\npeople: {ben: {device_id: d}}\n"
        "steps: [event: {person: '${who}', name: app_opened}]\n"
    )
    scenario = one("include: a.fragment.yaml\nparameters: {how: 2h}\nsteps: [advance: '${how}']\n", folder)

    assert ["ben"] == list(scenario.people)
    assert ["Event", "Advance"] == [type(step).__name__ for step in scenario.steps]
    assert 2 * HOUR_MS == getattr(scenario.steps[1], "by_ms", None)


def test_a_parameter_stands_for_a_value_of_any_kind_or_for_a_part_of_a_text() -> None:
    scenario = one(
        "parameters: {person: {device_id: d}, number: 7}\n"
        "people: {ben: '${person}', ida: {user_id: 'ida-${number}', device_id: 'd-$${number}'}}\n"
    )

    assert ("d", "ida-7", "d-${number}") == (
        scenario.people["ben"].device_id,
        scenario.people["ida"].user_id,
        scenario.people["ida"].device_id,
    )


def test_a_matrix_of_lists_gives_every_combination() -> None:
    cases = load_text(HEAD + "matrix: {cadence: [hourly, daily], seed: [1, 2]}\nseed: ${seed}\n")

    assert [("hourly", 1), ("hourly", 2), ("daily", 1), ("daily", 2)] == [
        (each.case and each.case["cadence"], each.seed) for each in cases
    ]
    assert "test [cadence=hourly, seed=1]" == cases[0].title


def test_a_list_of_cases_gives_exactly_these() -> None:
    cases = load_text(
        HEAD + "matrix:\n  - {reading: braze-page, n: 1}\n  - {reading: amplitude-page, n: 2}\nrules: ${reading}\n"
    )

    assert ["braze-page", "amplitude-page"] == [str(each.rules) for each in cases]


@pytest.mark.parametrize("count", [CASES_AT_MOST - 1, CASES_AT_MOST])
def test_a_matrix_may_have_so_many_cases(count: int) -> None:
    assert count == len(load_text(HEAD + f"matrix: {{n: {list(range(count))}}}\n"))


def test_a_misspelt_person_is_reported_once_whatever_the_cases() -> None:
    with pytest.raises(ScenarioInvalid) as caught:
        load_text(HEAD + "matrix: {n: [1, 2, 3]}\nsteps: [log_out: ben]\n")

    assert 1 == len(caught.value.problems)


def test_files_are_found_in_folders_in_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("scenarios")
    for name in ("b/two.scenario.yaml", "a.scenario.yaml", "b/one.fragment.yaml", "readme.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(HEAD)

    found = [path.relative_to(folder).as_posix() for path in find([folder, folder / "a.scenario.yaml"])]
    assert ["a.scenario.yaml", "b/two.scenario.yaml"] == found
    assert "test" == load(folder / "a.scenario.yaml")[0].scenario


def test_a_path_that_leads_nowhere_says_what_lies_nearby(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("scenarios")
    (folder / "login.scenario.yaml").write_text(HEAD)

    with pytest.raises(ScenarioMissing, match=r"did you mean login\.scenario\.yaml\?"):
        find([folder / "logn.scenario.yaml"])
    with pytest.raises(ScenarioMissing, match=r"no such file or folder$"):
        find([folder / "quite-other.scenario.yaml"])


def test_syncs_without_a_name_are_numbered_and_can_be_named_so() -> None:
    one(
        "connections: {braze: user_id}\ncohorts: {vips: {people: []}}\n"
        "steps: [sync: vips, sync: vips, sync: {cohort: vips, name: last}, pause_sync: vips (2), pause_sync: last]\n"
    )
    with pytest.raises(ScenarioInvalid, match=r"unknown sync 'vips \(2\)'"):
        one("connections: {braze: user_id}\ncohorts: {vips: {people: []}}\nsteps: [sync: vips, pause_sync: vips (2)]\n")


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("{a: {user_id: u}, b: {user_id: u}}", "user_id u is the user_id of a already"),
        (
            "{a: {user_id: u}, b: {device_id: d, braze: {external_id: u}}}",
            "external_id u is the external_id of a already",
        ),
        ("{a: {braze: {aliases: {l: n}}}, b: {braze: {aliases: {l: n}}}}", "alias l n is the alias of a already"),
        ("{a: {braze: [{external_id: u}, {external_id: u}]}}", "of another profile of a already"),
    ],
)
def test_no_two_people_have_the_same_name_in_a_system(people: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        one(f"people: {people}")


def test_people_may_share_a_device_and_a_name_under_another_label() -> None:
    one("people: {a: {user_id: u, device_id: d}, b: {device_id: d, braze: {device_ids: d, aliases: {l: n}}}}")
