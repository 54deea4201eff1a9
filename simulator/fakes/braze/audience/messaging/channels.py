"""Channels: what somebody needs to be reached by each, and the events a message leaves behind.

Source: Braze, "Message engagement events" and "Amplitude for Currents" (names and type ids), "Connected audience" and
"Send messages immediately using the API only" (subscription states). Which of the events follow a send at once is
inferred: the fake's mail provider, carriers and phones deliver everything they are handed; nobody opens or clicks
unless told to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `events` are written for each message, in order; the first one counts as the send.

    `needs` is what a profile must have (email, phone, push, nothing); `subscription` the profile field whose state
    decides ("" for none); `counters` the figures that analytics show, each with the event it counts ("" is always 0).
    """

    name: str
    needs: str
    subscription: str
    events: tuple[str, ...]
    counters: Mapping[str, str]
    push_platform: str = ""

    @property
    def abort(self) -> str:
        """The event of a message that was given up instead of sent."""
        return f"{self.events[0].rpartition('.')[0]}.Abort"


_PUSH_COUNTERS = {
    "sent": "users.messages.pushnotification.Send",
    "direct_opens": "users.messages.pushnotification.Open",
    "total_opens": "users.messages.pushnotification.Open",
    "bounces": "users.messages.pushnotification.Bounce",
    "body_clicks": "",
}


def _push(name: str, platform: str) -> Channel:
    return Channel(name, "push", "push_subscribe", ("users.messages.pushnotification.Send",), _PUSH_COUNTERS, platform)


_CARRIED = {
    "delivered": "Delivery", "undelivered": "", "delivery_failed": "DeliveryFailure", "rejected": "Rejection",
}  # fmt: skip
CHANNELS: dict[str, Channel] = {
    channel.name: channel
    for channel in (
        Channel(
            "email",
            "email",
            "email_subscribe",
            ("users.messages.email.Send", "users.messages.email.Delivery"),
            {
                "sent": "users.messages.email.Send",
                "delivered": "users.messages.email.Delivery",
                "opens": "users.messages.email.Open",
                "unique_opens": "users.messages.email.Open",
                "clicks": "users.messages.email.Click",
                "unique_clicks": "users.messages.email.Click",
                "unsubscribes": "users.messages.email.Unsubscribe",
                "bounces": "users.messages.email.Bounce",
                "reported_spam": "users.messages.email.MarkAsSpam",
            },
        ),
        _push("android_push", "android"),
        _push("apple_push", "ios"),
        _push("ios_push", "ios"),
        _push("kindle_push", "kindle"),
        _push("web_push", "web"),
        Channel(
            "sms",
            "phone",
            "",
            ("users.messages.sms.Send", "users.messages.sms.CarrierSend", "users.messages.sms.Delivery"),
            {"sent": "users.messages.sms.Send"}
            | {key: f"users.messages.sms.{event}" if event else "" for key, event in _CARRIED.items()},
        ),
        Channel(
            "whats_app",
            "phone",
            "",
            ("users.messages.whatsapp.Send", "users.messages.whatsapp.Delivery"),
            {
                "sent": "users.messages.whatsapp.Send",
                "delivered": "users.messages.whatsapp.Delivery",
                "failed": "users.messages.whatsapp.Failure",
                "read": "users.messages.whatsapp.Read",
            },
        ),
        Channel(
            "webhook",
            "",
            "",
            ("users.messages.webhook.Send",),
            {"sent": "users.messages.webhook.Send", "errors": ""},
        ),
        Channel(
            "content_card",
            "",
            "",
            ("users.messages.contentcard.Send",),
            {"sent": "users.messages.contentcard.Send", "impressions": "users.messages.contentcard.Impression"},
        ),
        Channel(
            "in_app_message",
            "app",
            "",
            ("users.messages.inappmessage.Impression",),
            {
                "impressions": "users.messages.inappmessage.Impression",
                "clicks": "users.messages.inappmessage.Click",
            },
        ),
    )
}
API_CHANNELS = tuple(name for name in CHANNELS if name not in ("ios_push", "in_app_message"))
"""The keys that `messages` of /messages/send knows."""

CANVAS_ENTRY = "users.canvas.Entry"
CAMPAIGN_CONTROL = "users.campaigns.EnrollInControl"
CONVERSION = {False: "users.campaigns.Conversion", True: "users.canvas.Conversion"}
CANVAS_EXIT_AUDIENCE = "users.canvas.exit.MatchedAudience"
CANVAS_EXIT_EVENT = "users.canvas.exit.PerformedEvent"
SPLIT_ENTRY = "users.canvas.experimentstep.SplitEntry"
SPLIT_CONVERSION = "users.canvas.experimentstep.Conversion"

EVENT_TITLES: dict[str, str] = {
    "users.messages.email.Send": "Email Send",
    "users.messages.email.Delivery": "Email Delivery",
    "users.messages.email.Open": "Email Open",
    "users.messages.email.Click": "Email Click",
    "users.messages.email.Bounce": "Email Bounce",
    "users.messages.email.SoftBounce": "Email Soft Bounce",
    "users.messages.email.MarkAsSpam": "Email Mark As Spam",
    "users.messages.email.Unsubscribe": "Email Unsubscribe",
    "users.messages.email.Abort": "Email Abort",
    "users.messages.pushnotification.Send": "Push Notification Send",
    "users.messages.pushnotification.Open": "Push Notification Open",
    "users.messages.pushnotification.Bounce": "Push Notification Bounce",
    "users.messages.pushnotification.IosForeground": "Push Notification iOS Foreground Open",
    "users.messages.pushnotification.Abort": "Push Notification Abort",
    "users.messages.sms.Send": "SMS Send",
    "users.messages.sms.CarrierSend": "SMS Send To Carrier",
    "users.messages.sms.Delivery": "SMS Delivery",
    "users.messages.sms.DeliveryFailure": "SMS Delivery Failure",
    "users.messages.sms.Rejection": "SMS Rejection",
    "users.messages.sms.InboundReceive": "SMS Inbound Receive",
    "users.messages.sms.ShortLinkClick": "SMS Short Link Click",
    "users.messages.sms.Abort": "SMS Abort",
    "users.messages.whatsapp.Send": "WhatsApp Send",
    "users.messages.whatsapp.Delivery": "WhatsApp Delivery",
    "users.messages.whatsapp.Read": "WhatsApp Read",
    "users.messages.whatsapp.Failure": "WhatsApp Failure",
    "users.messages.whatsapp.InboundReceive": "WhatsApp Inbound Receive",
    "users.messages.whatsapp.Abort": "WhatsApp Abort",
    "users.messages.webhook.Send": "Webhook Send",
    "users.messages.webhook.Abort": "Webhook Abort",
    "users.messages.contentcard.Send": "Content Card Send",
    "users.messages.contentcard.Impression": "Content Card Impression",
    "users.messages.contentcard.Click": "Content Card Click",
    "users.messages.contentcard.Dismiss": "Content Card Dismiss",
    "users.messages.contentcard.Abort": "Content Card Abort",
    "users.messages.inappmessage.Impression": "In-App Message Impression",
    "users.messages.inappmessage.Click": "In-App Message Click",
    "users.messages.inappmessage.Abort": "In-App Message Abort",
    CAMPAIGN_CONTROL: "Campaign Control Group Enrollment",
    CONVERSION[False]: "Campaign Conversion Event",
    CANVAS_ENTRY: "Canvas Entry",
    CONVERSION[True]: "Canvas Conversion Event",
    CANVAS_EXIT_AUDIENCE: "Canvas exit (matched audience)",
    CANVAS_EXIT_EVENT: "Canvas exit (performed event)",
    SPLIT_ENTRY: "Canvas experiment step split entry",
    SPLIT_CONVERSION: "Canvas experiment step conversion",
    "users.behaviors.CustomEvent": "Custom Event",
    "users.behaviors.Purchase": "Purchase",
    "users.behaviors.Location": "Location",
    "users.behaviors.InstallAttribution": "Install Attribution",
    "users.behaviors.Uninstall": "Uninstall",
    "users.behaviors.app.FirstSession": "First Session",
    "users.behaviors.app.SessionStart": "Session Start",
    "users.behaviors.app.SessionEnd": "Session End",
    "users.behaviors.subscription.GlobalStateChange": "Global Subscription State Change",
    "users.behaviors.subscriptiongroup.StateChange": "Subscription Group State Change",
}
"""Type ids and the names that Currents gives them."""

SENDS = frozenset(channel.events[0] for channel in CHANNELS.values())

STATES_FOR = {
    "opted_in": frozenset({"opted_in"}),
    "subscribed": frozenset({"subscribed", "opted_in"}),
    "all": frozenset({"subscribed", "opted_in", "unsubscribed"}),
}
"""Which subscription states a send reaches, by `recipient_subscription_state`."""
