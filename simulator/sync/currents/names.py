"""How Braze's event types are called in Amplitude (CUR-1).

Braze, Amplitude for Currents. The label `[Appboy]` is old and intended. The page lists the names of the older events;
for the rest the type id is put in the same words, which is inferred.
"""

from __future__ import annotations

PREFIX = "[Appboy] "
CUSTOM_EVENT_PREFIX = "[Appboy] [Custom Event] "
CUSTOM_PROPERTY_PREFIX = "[Custom event property] "
PURCHASE_PROPERTY_PREFIX = "[Purchase property] "

CUSTOM_EVENT = "users.behaviors.CustomEvent"
PURCHASE = "users.behaviors.Purchase"

_MESSAGES = {
    "pushnotification": "Push Notification",
    "email": "Email",
    "inappmessage": "In-App Message",
    "contentcard": "Content Card",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "webhook": "Webhook",
}
_ACTIONS = {
    "MarkAsSpam": "Mark As Spam",
    "SoftBounce": "Soft Bounce",
    "IosForeground": "iOS Foreground Open",
    "CarrierSend": "Send To Carrier",
    "DeliveryFailure": "Delivery Failure",
    "InboundReceive": "Inbound Receive",
    "ShortLinkClick": "Short Link Click",
}
_BEHAVIOURS = {
    PURCHASE: "Purchase",
    "users.behaviors.Location": "Location",
    "users.behaviors.InstallAttribution": "Install Attribution",
    "users.behaviors.Uninstall": "Uninstall",
    "users.behaviors.app.FirstSession": "First Session",
    "users.behaviors.app.SessionStart": "Session Start",
    "users.behaviors.app.SessionEnd": "Session End",
    "users.behaviors.subscription.GlobalStateChange": "Subscription Global State Change",
    "users.behaviors.subscriptiongroup.StateChange": "Subscription Group State Change",
    "users.campaigns.Conversion": "Campaign Conversion Event",
    "users.campaigns.EnrollInControl": "Campaign Control Group Enrollment",
    "users.campaigns.Abort": "Campaign Abort",
    "users.canvas.Entry": "Canvas Entry",
    "users.canvas.Conversion": "Canvas Conversion Event",
    "users.canvas.Abort": "Canvas Abort",
    "users.canvas.exit.MatchedAudience": "Canvas Exit Matched Audience",
    "users.canvas.exit.PerformedEvent": "Canvas Exit Performed Event",
    "users.canvas.experimentstep.SplitEntry": "Canvas Experiment Step Split Entry",
    "users.canvas.experimentstep.Conversion": "Canvas Experiment Step Conversion",
}


def amplitude_name(type_id: str, custom_name: str = "") -> str:
    """The event type in Amplitude; a custom event is called by its own name."""
    if type_id == CUSTOM_EVENT:
        return CUSTOM_EVENT_PREFIX + custom_name
    if type_id in _BEHAVIOURS:
        return PREFIX + _BEHAVIOURS[type_id]
    *_, family, action = type_id.split(".")
    return f"{PREFIX}{_MESSAGES.get(family, family)} {_ACTIONS.get(action, action)}"
