"""Which of several profiles with the same email is meant."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from simulator.rules.attributes import prioritization
from simulator.rules.attributes.prioritization import BadPrioritization, check, choose


@dataclass(frozen=True)
class Someone:
    row: int
    external_id: str | None
    updated_at: int


IDA, BEN, ANN = Someone(1, "ida", 30), Someone(2, None, 10), Someone(3, None, 20)


@pytest.mark.parametrize(
    ("among", "words", "meant"),
    [
        ([IDA], [], IDA),
        ([], ["identified"], None),
        ([IDA, BEN, ANN], [], None),
        ([IDA, BEN, ANN], ["identified"], IDA),
        ([IDA, BEN, ANN], ["unidentified"], None),
        ([IDA, BEN, ANN], ["unidentified", "most_recently_updated"], ANN),
        ([IDA, BEN, ANN], ["unidentified", "least_recently_updated"], BEN),
        ([IDA, BEN, ANN], ["most_recently_updated", "unidentified"], IDA),
        ([BEN, ANN], ["identified"], None),
        ([BEN, Someone(4, None, 10)], ["most_recently_updated"], Someone(4, None, 10)),
    ],
)
def test_the_list_is_applied_in_order(among: list[Someone], words: list[str], meant: Someone | None) -> None:
    assert choose(among, words) == meant


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("identified", prioritization.UNKNOWN_WORD),
        (["best"], prioritization.UNKNOWN_WORD),
        ([], prioritization.UNKNOWN_WORD),
        (None, prioritization.UNKNOWN_WORD),
        ([["identified"]], prioritization.UNKNOWN_WORD),
        (["most_recently_updated", "least_recently_updated"], prioritization.BOTH_UPDATED),
        (["identified", "unidentified"], prioritization.BOTH_IDENTIFIED),
    ],
)
def test_a_list_that_contradicts_itself_or_says_something_else_is_refused(wrong: object, why: str) -> None:
    with pytest.raises(BadPrioritization) as refused:
        check({"email": "ida@example.com", "prioritization": wrong})
    assert why == str(refused.value)


def test_an_entry_without_a_list_has_an_empty_one() -> None:
    assert [] == check({"email": "ida@example.com"})
