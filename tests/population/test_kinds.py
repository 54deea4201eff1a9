"""The closed lists of kinds and dirt explain themselves."""

from __future__ import annotations

from simulator.population.kinds import DIRT_SENTENCES, KIND_SENTENCES, SOILS, Dirt, PersonKind, soils


def test_every_kind_and_every_dirt_has_a_sentence() -> None:
    assert list(PersonKind) == list(KIND_SENTENCES)
    assert list(Dirt) == list(DIRT_SENTENCES)


def test_every_dirt_says_whom_it_can_soil() -> None:
    assert [dirt for dirt in Dirt if dirt is not Dirt.NONE] == list(SOILS)
    assert [] == [dirt for dirt, kinds in SOILS.items() if not kinds]


def test_nobody_is_soiled_by_nothing() -> None:
    assert [] == [kind for kind in PersonKind if soils(Dirt.NONE, kind)]


def test_a_person_without_user_id_cannot_differ_in_case() -> None:
    assert not soils(Dirt.CASE_DIFFERS, PersonKind.ANONYMOUS)
    assert soils(Dirt.CASE_DIFFERS, PersonKind.KNOWN)
