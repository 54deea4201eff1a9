"""What kinds of people a population is made of, and the dirt their identifiers can carry."""

from __future__ import annotations

from enum import StrEnum


class PersonKind(StrEnum):
    """How a person stands in both systems; `KIND_SENTENCES` says it in words."""

    KNOWN = "known"
    ANONYMOUS = "anonymous"
    ONCE_ANONYMOUS = "once_anonymous"
    ALIAS_ONLY = "alias_only"
    BRAZE_UNKNOWN = "braze_unknown"
    EMAIL_ONLY = "email_only"
    RENAMED = "renamed"
    ANONYMOUS_WITH_ALIAS = "anonymous_with_alias"
    LOGIN_UNSEEN = "login_unseen"


class Dirt(StrEnum):
    """What is wrong with a person's identifiers; `DIRT_SENTENCES` says it in words."""

    NONE = "none"
    CASE_DIFFERS = "case_differs"
    PADDED = "padded"
    BLANK_USER_ID = "blank_user_id"
    NULL_USER_ID = "null_user_id"
    NUMERIC_IDS = "numeric_ids"
    MISSING_CRM_ID = "missing_crm_id"
    LABEL_DIFFERS = "label_differs"
    NO_DEVICE = "no_device"
    DEVICE_DIFFERS = "device_differs"
    SHARED_DEVICE = "shared_device"
    PASSED_ON_DEVICE = "passed_on_device"


KIND_SENTENCES: dict[PersonKind, str] = {
    PersonKind.KNOWN: "Braze made the profile from an external id and learnt the device later; never anonymous",
    PersonKind.ANONYMOUS: "has the app, never logged in; both systems know the device only",
    PersonKind.ONCE_ANONYMOUS: "used the app before logging in; Braze's profile began anonymous on this device",
    PersonKind.ALIAS_ONLY: "Braze knows an alias and nothing else; no user id in Amplitude",
    PersonKind.BRAZE_UNKNOWN: "known to Amplitude, not to Braze",
    PersonKind.EMAIL_ONLY: "Braze knows an e-mail address and nothing that a cohort import can name",
    PersonKind.RENAMED: "Braze renamed the external id; Amplitude still uses the old one",
    PersonKind.ANONYMOUS_WITH_ALIAS: "has the app, never logged in; the SDK gave the profile an alias",
    PersonKind.LOGIN_UNSEEN: "logged in as Braze knows, but Amplitude was never told the user id",
}

DIRT_SENTENCES: dict[Dirt, str] = {
    Dirt.NONE: "nothing is wrong",
    Dirt.CASE_DIFFERS: "Amplitude writes the user id in capitals, Braze's external id is in small letters",
    Dirt.PADDED: "Braze's external id ends with a blank",
    Dirt.BLANK_USER_ID: "Amplitude's user id is made of blanks",
    Dirt.NULL_USER_ID: "Amplitude has no user id although Braze knows one",
    Dirt.NUMERIC_IDS: "the ids are numbers; Amplitude holds the CRM id as a number, not as text",
    Dirt.MISSING_CRM_ID: "Amplitude has no CRM id",
    Dirt.LABEL_DIFFERS: "Braze keeps the alias under another label",
    Dirt.NO_DEVICE: "Amplitude got only server-side events, so no device id was ever sent",
    Dirt.DEVICE_DIFFERS: "Braze's SDK made up another device id than Amplitude's",
    Dirt.SHARED_DEVICE: "a housemate logged in on the same device, so an identified profile lists it too",
    Dirt.PASSED_ON_DEVICE: "the device was given away; an anonymous profile of its new owner lists it",
}

_WITH_USER_ID = (
    PersonKind.KNOWN,
    PersonKind.ONCE_ANONYMOUS,
    PersonKind.BRAZE_UNKNOWN,
    PersonKind.EMAIL_ONLY,
    PersonKind.RENAMED,
)
_WITH_CRM_ID = (
    PersonKind.KNOWN,
    PersonKind.ONCE_ANONYMOUS,
    PersonKind.ALIAS_ONLY,
    PersonKind.BRAZE_UNKNOWN,
    PersonKind.RENAMED,
    PersonKind.ANONYMOUS_WITH_ALIAS,
)
_BY_THE_SAME_ID = (PersonKind.KNOWN, PersonKind.ONCE_ANONYMOUS)
_BY_THE_SAME_ALIAS = tuple(kind for kind in _WITH_CRM_ID if kind is not PersonKind.BRAZE_UNKNOWN)
_WITH_DEVICE_IN_BRAZE = (
    PersonKind.KNOWN,
    PersonKind.ANONYMOUS,
    PersonKind.ONCE_ANONYMOUS,
    PersonKind.RENAMED,
    PersonKind.ANONYMOUS_WITH_ALIAS,
    PersonKind.LOGIN_UNSEEN,
)
# At most one anonymous profile owns a device, so a device that is still its anonymous owner's was not given away.
_NOT_ANONYMOUS = tuple(
    kind for kind in PersonKind if kind not in (PersonKind.ANONYMOUS, PersonKind.ANONYMOUS_WITH_ALIAS)
)

SOILS: dict[Dirt, tuple[PersonKind, ...]] = {
    Dirt.CASE_DIFFERS: _BY_THE_SAME_ID,
    Dirt.PADDED: _BY_THE_SAME_ID,
    Dirt.BLANK_USER_ID: _WITH_USER_ID,
    Dirt.NULL_USER_ID: _WITH_USER_ID,
    Dirt.NUMERIC_IDS: _WITH_CRM_ID,
    Dirt.MISSING_CRM_ID: _WITH_CRM_ID,
    Dirt.LABEL_DIFFERS: _BY_THE_SAME_ALIAS,
    Dirt.NO_DEVICE: _WITH_USER_ID,
    Dirt.DEVICE_DIFFERS: _WITH_DEVICE_IN_BRAZE,
    Dirt.SHARED_DEVICE: tuple(PersonKind),
    Dirt.PASSED_ON_DEVICE: _NOT_ANONYMOUS,
}
"""Which kinds a dirt can soil. The share of a dirt is taken of each kind; a kind it cannot soil stays clean."""


def soils(dirt: Dirt, kind: PersonKind) -> bool:
    """Whether the dirt changes anything about a person of this kind."""
    return dirt is not Dirt.NONE and kind in SOILS[dirt]
