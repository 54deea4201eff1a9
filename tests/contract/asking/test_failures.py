"""The line at the end of a failure has everything that shows it again, and no key."""

from __future__ import annotations

from dataclasses import replace

from simulator.contract.asking.failures import Failure

FOUND = Failure("braze", "trackUsers", "type", "5 is no text", "journeys", 201, "", "", 7)


def test_an_operation_alone_or_its_whole_service() -> None:
    assert "absim contract --service braze --operation trackUsers --seed 7" == FOUND.reproduce
    assert "absim contract --service braze --seed 7" == FOUND.not_alone().reproduce


def test_what_was_generated_names_its_phase_and_how_much_was() -> None:
    generated = replace(FOUND, phase="fuzzing", max_examples=2)
    assert "absim contract --service braze --operation trackUsers --phases fuzzing --max-examples 2 --seed 7" == (
        generated.reproduce
    )


def test_what_only_a_strict_check_finds_asks_for_one() -> None:
    assert "absim contract --service braze --max-examples 2 --strict --seed 7" == (
        replace(FOUND, phase="meter", alone=False, strict=True, max_examples=2).reproduce
    )


def test_another_address_and_the_keys_for_it_by_name() -> None:
    elsewhere = replace(FOUND, phase="elsewhere", url="http://127.0.0.1:9/a b", keys=("braze_api_key",))
    assert (
        "absim contract --service braze --operation trackUsers --url 'braze=http://127.0.0.1:9/a b' "
        '--braze-api-key "$BRAZE_API_KEY" --seed 7'
    ) == elsewhere.reproduce
