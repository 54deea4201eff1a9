"""YAML as the language reads it: the core schema of version 1.2, positions, and limits that hold."""

from __future__ import annotations

import pytest

from simulator.scenario.language.nodes import (
    ANCHORS_AT_MOST,
    BYTES_AT_MOST,
    DEPTH_AT_MOST,
    Entries,
    parse_nodes,
    plain_value,
    read_text,
)
from simulator.scenario.language.source import ScenarioInvalid, Source


def read(text: str) -> object:
    return plain_value(parse_nodes(text, Source.of("test.yaml", text)))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("off", "off"), ("02:00", "02:00"), ("2026-03-02", "2026-03-02"),
        ("1_000", "1_000"), ("0123", 123), ("0o17", 15), ("0x1F", 31), ("-7", -7), ("+7", 7), ("1.5", 1.5),
        ("1e3", 1000.0), (".5", 0.5), (".inf", float("inf")), ("true", True), ("False", False), ("null", None),
        ("~", None), ("", None), ("'7'", "7"), ('"true"', "true"), ("user_id -> external_id", "user_id -> external_id"),
    ],
)  # fmt: skip
def test_a_word_is_read_by_the_core_schema_of_yaml_1_2(written: str, meant: object) -> None:
    assert {"a": meant} == read(f"a: {written}\n")


def test_an_alias_is_written_out() -> None:
    assert {"a": {"x": 1}, "b": {"x": 1}} == read("a: &it {x: 1}\nb: *it\n")


def test_a_node_knows_its_line_column_and_length() -> None:
    text = "people:\n  李雷: {device_id: d-1}\n"
    root = parse_nodes(text, Source.of("test.yaml", text))
    assert isinstance(root, Entries)
    people = root.get("people")
    assert isinstance(people, Entries)
    key, value = people.entries[0]

    assert (2, 3, 2) == (key.where.line, key.where.column, key.where.length)
    assert (2, 7) == (value.where.line, value.where.column)


def test_a_caret_stands_under_wide_characters() -> None:
    text = "people: {李雷: 李磊}\n"
    root = parse_nodes(text, Source.of("test.yaml", text))
    assert isinstance(root, Entries)
    people = root.get("people")
    assert isinstance(people, Entries)

    assert "    1 | people: {李雷: 李磊}\n      |                ^^^^" == people.entries[0][1].where.excerpt()


def test_a_long_line_is_cut_around_the_caret() -> None:
    text = "a: [" + "x, " * 200 + "*no]\n"
    with pytest.raises(ScenarioInvalid) as caught:
        read(text)

    excerpt = str(caught.value).split("\n")[1]
    assert 80 == len(excerpt)
    assert "*no" in excerpt


@pytest.mark.parametrize("depth", [DEPTH_AT_MOST - 1, DEPTH_AT_MOST])
def test_nesting_up_to_the_limit_is_read(depth: int) -> None:
    read("[" * depth + "]" * depth)


def test_nesting_beyond_the_limit_is_refused_also_when_aliases_hide_it() -> None:
    with pytest.raises(ScenarioInvalid, match="nested deeper"):
        read("[" * (DEPTH_AT_MOST + 1) + "]" * (DEPTH_AT_MOST + 1))
    half = DEPTH_AT_MOST // 2
    with pytest.raises(ScenarioInvalid, match="nested deeper"):
        read("a: &a " + "[" * half + "]" * half + "\nb: " + "[" * half + "*a" + "]" * half + "\n")


def test_a_hundred_thousand_brackets_do_no_harm() -> None:
    with pytest.raises(ScenarioInvalid, match="nested deeper"):
        read("[" * 100_000)


@pytest.mark.parametrize("count", [ANCHORS_AT_MOST - 1, ANCHORS_AT_MOST])
def test_anchors_up_to_the_limit_are_read(count: int) -> None:
    read("".join(f"k{number}: &a{number} 1\n" for number in range(count)))


def test_one_anchor_more_is_refused() -> None:
    with pytest.raises(ScenarioInvalid, match="more than 100 anchors"):
        read("".join(f"k{number}: &a{number} 1\n" for number in range(ANCHORS_AT_MOST + 1)))


def test_a_file_beyond_the_size_limit_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("big") / "big.scenario.yaml"
    path.write_bytes(b"#" * BYTES_AT_MOST)
    assert len(read_text(path, "big")) == BYTES_AT_MOST
    path.write_bytes(b"#" * (BYTES_AT_MOST + 1))

    with pytest.raises(ScenarioInvalid, match="at most 1,000,000"):
        read_text(path, "big")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("windows") / "w.scenario.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")

    assert {"a": 1, "b": 2} == read(read_text(path, "w"))
