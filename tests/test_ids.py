"""Ids and choices that depend on the seed and nothing else."""

from __future__ import annotations

import subprocess
import sys
import uuid

from simulator.ids import derive_base36, derive_hex, derive_int, derive_random, derive_uuid, numbered_id, split_id


def test_the_same_seed_and_path_give_the_same_id_and_others_another() -> None:
    assert derive_hex(7, "profile", 1) == derive_hex(7, "profile", 1)
    assert len({derive_hex(7, "profile", 1), derive_hex(8, "profile", 1), derive_hex(7, "profile", 2)}) == 3


def test_a_path_is_not_its_parts_run_together() -> None:
    assert derive_int(1, "ab", "c") != derive_int(1, "a", "bc")


def test_the_forms_are_what_they_say() -> None:
    assert len(derive_hex(1, "x", length=24)) == 24
    assert uuid.UUID(derive_uuid(1, "x")).version == 4
    assert len(derive_base36(1, "x", length=8)) == 8
    assert 0 <= derive_int(1, "x", bits=16) < 2**16


def test_an_id_with_a_number_comes_apart_again() -> None:
    assert "abc000000000f" == numbered_id("abc", 15)
    assert ("abc", 15) == split_id(numbered_id("abc", 15))


def test_streams_are_apart() -> None:
    first, second = derive_random(1, "faults"), derive_random(1, "slots")
    assert [first.randrange(100) for _ in range(9)] != [second.randrange(100) for _ in range(9)]


def test_the_hash_seed_of_the_process_changes_nothing() -> None:
    code = "from simulator.ids import derive_hex; print(derive_hex(7, 'a', 'b', 3))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert {derive_hex(7, "a", "b", 3) + "\n"} == printed
