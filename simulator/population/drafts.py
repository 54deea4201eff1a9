"""The identifiers of one person before dressing: how each kind stands in both systems and what each dirt does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from simulator.population.born import Birth
from simulator.population.kinds import Dirt, PersonKind, soils

BLANKS = "   "
"""A user id that is there and says nothing."""
FOREIGN_LABEL = "legacy"
"""The label under which Braze keeps the alias when the labels differ."""


class Draft(NamedTuple):
    """The identifiers of one person in both systems, and the device-sharing profiles around."""

    user_id: str | None
    device_id: str | None
    crm_id: str | int | None
    in_braze: bool
    external_id: str | None
    deprecated: tuple[str, ...]
    alias_name: str
    alias_label: str
    braze_devices: tuple[str, ...]
    once_anonymous: bool
    neighbours: tuple[tuple[str, str | None, tuple[str, ...]], ...]


Fields: TypeAlias = tuple[
    str | None,
    str | None,
    str | int | None,
    bool,
    str | None,
    tuple[str, ...],
    str,
    str,
    tuple[str, ...],
    bool,
    tuple[tuple[str, str | None, tuple[str, ...]], ...],
]
"""The fields of a Draft, in its order. Clean people, nearly all, stay plain tuples: naming them costs a third more."""


# Columns:      user_id  device_id  crm_id  in_braze  external_id  deprecated  alias  label  devices  once_anonymous
KINDS: dict[PersonKind, Callable[[str, str, str], Fields]] = {
    PersonKind.KNOWN: lambda u, d, c: (u, d, c, True, u, (), c, "", (d,), False, ()),
    PersonKind.ANONYMOUS: lambda u, d, c: (None, d, None, True, None, (), "", "", (d,), False, ()),
    PersonKind.ONCE_ANONYMOUS: lambda u, d, c: (u, d, c, True, u, (), c, "", (d,), True, ()),
    PersonKind.ALIAS_ONLY: lambda u, d, c: (None, d, c, True, None, (), c, "", (), False, ()),
    PersonKind.BRAZE_UNKNOWN: lambda u, d, c: (u, d, c, False, None, (), "", "", (), False, ()),
    PersonKind.EMAIL_ONLY: lambda u, d, c: (u, d, None, True, None, (), "", "", (), False, ()),
    PersonKind.RENAMED: lambda u, d, c: (u, d, c, True, f"{u}-new", (u,), c, "", (d,), False, ()),
    PersonKind.ANONYMOUS_WITH_ALIAS: lambda u, d, c: (None, d, c, True, None, (), c, "", (d,), False, ()),
    PersonKind.LOGIN_UNSEEN: lambda u, d, c: (None, d, None, True, u, (), "", "", (d,), True, ()),
}
"""How each kind stands in both systems, from the person's own user id, device id and CRM id."""


def _with_numbers(draft: Draft, tail: str) -> Draft:
    """Digits only; the CRM id is a number on Amplitude's side and text on Braze's."""
    index = int(tail.partition("-")[0])
    user_id = str(20_000_000 + index)
    crm_id = 70_000_000 + index
    return draft._replace(
        user_id=draft.user_id and user_id,
        crm_id=crm_id,
        external_id=user_id if draft.external_id and draft.external_id == draft.user_id else draft.external_id,
        deprecated=(user_id,) if draft.deprecated else (),
        alias_name=draft.alias_name and str(crm_id),
    )


def _shared(draft: Draft, tail: str) -> Draft:
    return draft._replace(neighbours=(("housemate", f"h-{tail}", (f"d-{tail}",)),))


def _passed_on(draft: Draft, tail: str) -> Draft:
    return draft._replace(neighbours=(("new-owner", None, (f"d-{tail}",)),))


DIRT: dict[Dirt, Callable[[Draft, str], Draft]] = {
    Dirt.CASE_DIFFERS: lambda draft, tail: draft._replace(user_id=f"U-{tail.upper()}"),
    Dirt.PADDED: lambda draft, tail: draft._replace(external_id=f"{draft.external_id} "),
    Dirt.BLANK_USER_ID: lambda draft, tail: draft._replace(user_id=BLANKS),
    Dirt.NULL_USER_ID: lambda draft, tail: draft._replace(user_id=None),
    Dirt.NUMERIC_IDS: _with_numbers,
    Dirt.MISSING_CRM_ID: lambda draft, tail: draft._replace(crm_id=None),
    Dirt.LABEL_DIFFERS: lambda draft, tail: draft._replace(alias_label=FOREIGN_LABEL),
    Dirt.NO_DEVICE: lambda draft, tail: draft._replace(device_id=None),
    Dirt.DEVICE_DIFFERS: lambda draft, tail: draft._replace(braze_devices=(f"d-{tail}-braze",)),
    Dirt.SHARED_DEVICE: _shared,
    Dirt.PASSED_ON_DEVICE: _passed_on,
}
"""What each dirt does to the identifiers of the kinds it soils."""


def drafter_of(birth: Birth) -> Callable[[str, str, str], Fields]:
    """The function from a person's own user id, device id and CRM id to how both systems know them."""
    clean = KINDS[birth.kind]
    if not soils(birth.dirt, birth.kind):
        return clean
    soil = DIRT[birth.dirt]
    return lambda u, d, c: soil(Draft(*clean(u, d, c)), u.removeprefix("u-"))
