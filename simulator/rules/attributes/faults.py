"""What can be wrong with one object of users/track: Braze's code and the sentence live answers tend to carry.

Source: Braze, "Create and update users" (codes); sentences marked live were seen in real answers, the others are ours.
"""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """(code, sentence). A fault without a code of its own has the sentence only."""

    NO_IDENTIFIER = ("", "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required")  # live
    SEVERAL_IDENTIFIERS = ("", "only one of 'external_id', 'braze_id' or 'user_alias' may be provided")
    BAD_EXTERNAL_ID = ("", "'external_id' must be a non-empty string")
    EXTERNAL_ID_TOO_LARGE = (
        "EXTERNAL_USER_ID_TOO_LARGE",
        "'external_id' must be fewer than 988 bytes",  # live
    )
    BLOCKED_EXTERNAL_ID = (
        "BLACKLISTED_EXTERNAL_USER_ID",
        "provided external_id is blacklisted and disallowed",
    )
    BAD_BRAZE_ID = ("", "'braze_id' must be a non-empty string")
    BAD_ALIAS = ("", "'user_alias' must be an object with 'alias_name' and 'alias_label' of 1 to 236 bytes")
    BAD_EMAIL = ("EMAIL_BAD_FORMAT", "The value provided for the 'email' field is not a valid email.")  # live
    BAD_PHONE = ("", "The value provided for the 'phone' field is not a valid phone number.")
    BAD_EMAIL_SUBSCRIBE = (
        "BAD_EMAIL_SUBSCRIPTION_STATE",
        "'email_subscribe' must be 'opted_in', 'subscribed' or 'unsubscribed'",
    )
    BAD_PUSH_SUBSCRIBE = (
        "BAD_PUSH_SUBSCRIPTION_STATE",
        "'push_subscribe' must be 'opted_in', 'subscribed' or 'unsubscribed'",
    )
    BAD_LOCATION = ("BAD_LOCATION_UPDATE", "'current_location' must be an object with 'longitude' and 'latitude'")
    BAD_TOKENS = ("BAD_PUSH_TOKEN_VALUE", "'push_tokens' must be an array of objects")
    BAD_TOKEN_STRING = ("BAD_PUSH_TOKEN_STRING", "'token' of a push token must be a non-empty string")
    BAD_TOKEN_APP = ("BAD_PUSH_TOKEN_APP_ID", "'app_id' of a push token must be a non-empty string")
    BAD_TOKEN_IMPORT = (
        "BAD_PUSH_TOKEN_IMPORT",
        "'push_token_import' needs 'push_tokens' and takes neither 'external_id' nor 'braze_id'",
    )
    BAD_DEVICE_ID = ("BAD_DEVICE_ID", "'device_id' of a push token must have 8 to 255 bytes")
    BAD_GROUPS = ("BAD_SUBSCRIPTION_GROUP_ARRAY", "'subscription_groups' must be an array")
    BAD_GROUP = ("BAD_SUBSCRIPTION_GROUP_HASH", "'subscription_groups' must hold objects")
    BAD_GROUP_ID = ("BAD_SUBSCRIPTION_GROUP_ID", "'subscription_group_id' must be a non-empty string")
    UNKNOWN_GROUP = ("BAD_SUBSCRIPTION_GROUP_ID", "'subscription_group_id' does not belong to a subscription group")
    BAD_GROUP_STATE = ("BAD_SUBSCRIPTION_GROUP_STATE", "'subscription_state' must be 'subscribed' or 'unsubscribed'")
    EMAIL_SUBSCRIPTION_INFO = (
        "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO",
        "'email_subscription_info' cannot be set",
    )
    NOT_AN_OBJECT = ("", "must be an object")
    BAD_NAME = ("", "'name' must be a string of 1 to 255 characters")
    BAD_TIME = ("", "'time' is not valid")
    BAD_PROPERTIES = ("", "'properties' is not valid")
    RESERVED_PROPERTY = ("", "'properties' may not contain 'time' or 'event_name'")
    BAD_PRODUCT = ("", "'product_id' must be a string of 1 to 255 characters")
    BAD_CURRENCY = ("", "'currency' is not valid")
    BAD_PRICE = ("", "'price' is not valid")  # live
    BAD_QUANTITY = ("", "'quantity' is not valid")  # live

    def text(self, style: str) -> str:
        """What `errors[].type` says: the sentence, or by the switch `error_type` the code, where there is one."""
        code, sentence = self.value
        return code if style == "code" and code else sentence


class InvalidObject(ValueError):
    """One object of a request that is not applied; the others are (TRACK-1)."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value[1])
        self.fault = fault
