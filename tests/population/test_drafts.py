"""The identifiers of one person of each kind, and what each dirt does to them."""

from __future__ import annotations

import pytest

from simulator.population import Dirt, PersonKind
from simulator.population.born import Birth
from simulator.population.drafts import BLANKS, DIRT, FOREIGN_LABEL, KINDS, Draft, drafter_of


def draft(kind: PersonKind, dirt: Dirt = Dirt.NONE) -> Draft:
    return Draft(*drafter_of(Birth(kind, dirt))("u-000042-ab", "d-000042-ab", "c-000042-ab"))


def test_every_kind_and_every_dirt_is_drafted() -> None:
    assert set(PersonKind) == set(KINDS)
    assert set(Dirt) - {Dirt.NONE} == set(DIRT)


def test_a_known_person_has_one_id_in_both_systems_and_was_never_anonymous() -> None:
    known = draft(PersonKind.KNOWN)

    assert known.user_id == known.external_id == "u-000042-ab"
    assert (known.device_id,) == known.braze_devices
    assert not known.once_anonymous


def test_an_anonymous_person_has_a_device_only() -> None:
    anonymous = draft(PersonKind.ANONYMOUS)

    assert (None, None, "") == (anonymous.user_id, anonymous.external_id, anonymous.alias_name)
    assert ("d-000042-ab",) == anonymous.braze_devices


def test_a_once_anonymous_person_differs_from_a_known_one_in_the_past_only() -> None:
    assert draft(PersonKind.ONCE_ANONYMOUS) == draft(PersonKind.KNOWN)._replace(once_anonymous=True)


def test_a_renamed_person_keeps_the_old_id_as_deprecated() -> None:
    renamed = draft(PersonKind.RENAMED)

    assert (renamed.user_id,) == renamed.deprecated
    assert renamed.user_id != renamed.external_id


CHANGES: list[tuple[Dirt, PersonKind, dict[str, object]]] = [
    (Dirt.CASE_DIFFERS, PersonKind.KNOWN, {"user_id": "U-000042-AB"}),
    (Dirt.PADDED, PersonKind.KNOWN, {"external_id": "u-000042-ab "}),
    (Dirt.BLANK_USER_ID, PersonKind.KNOWN, {"user_id": BLANKS}),
    (Dirt.NULL_USER_ID, PersonKind.KNOWN, {"user_id": None}),
    (Dirt.MISSING_CRM_ID, PersonKind.KNOWN, {"crm_id": None}),
    (Dirt.LABEL_DIFFERS, PersonKind.KNOWN, {"alias_label": FOREIGN_LABEL}),
    (Dirt.NO_DEVICE, PersonKind.KNOWN, {"device_id": None}),
    (Dirt.DEVICE_DIFFERS, PersonKind.KNOWN, {"braze_devices": ("d-000042-ab-braze",)}),
    (Dirt.SHARED_DEVICE, PersonKind.KNOWN, {"neighbours": (("housemate", "h-000042-ab", ("d-000042-ab",)),)}),
    (Dirt.PASSED_ON_DEVICE, PersonKind.KNOWN, {"neighbours": (("new-owner", None, ("d-000042-ab",)),)}),
    (
        Dirt.NUMERIC_IDS,
        PersonKind.KNOWN,
        {"user_id": "20000042", "external_id": "20000042", "crm_id": 70_000_042, "alias_name": "70000042"},
    ),
    (
        Dirt.NUMERIC_IDS,
        PersonKind.RENAMED,
        {"user_id": "20000042", "deprecated": ("20000042",), "crm_id": 70_000_042, "alias_name": "70000042"},
    ),
    (Dirt.NUMERIC_IDS, PersonKind.ALIAS_ONLY, {"crm_id": 70_000_042, "alias_name": "70000042"}),
]


@pytest.mark.parametrize(("dirt", "kind", "changes"), CHANGES, ids=[f"{kind}-{dirt}" for dirt, kind, _ in CHANGES])
def test_a_dirt_changes_what_its_sentence_says_and_nothing_else(
    dirt: Dirt, kind: PersonKind, changes: dict[str, object]
) -> None:
    assert draft(kind)._replace(**changes) == draft(kind, dirt)  # type: ignore[arg-type]


def test_what_cannot_be_soiled_stays_clean() -> None:
    assert draft(PersonKind.ANONYMOUS) == draft(PersonKind.ANONYMOUS, Dirt.CASE_DIFFERS)
