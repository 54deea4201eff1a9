"""/subscription/*: states of people in subscription groups.

Source: Braze, "Update user's subscription group status" (V1, V2), "List user's subscription group status", "List user's
subscription groups"; the shape of /subscription/user/status is the one seen live by a public Node client, the printed
sample differs. V1 also takes a form, as its oldest examples send. V2 answers for its groups all or nothing (inferred).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import required, several, text, texts, whole
from simulator.fakes.braze.audience.lists.subscriptions import STATES, SubscriptionGroup, Subscriptions
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import TOO_MANY_IDS, body_of, refuse, success

BOTH = "Either an email address or a phone number should be provided, but not both."
NOBODY = "'external_id', 'email' or 'phone' is required"
NOBODY_V2 = "'external_ids', 'emails' or 'phones' is required"
BAD_STATE = "'subscription_state' must be 'subscribed' or 'unsubscribed'"
UNKNOWN_GROUP = "Invalid Subscription Group ID"
FORM = "application/x-www-form-urlencoded"
PEOPLE_AT_MOST = 50
LISTED_AT_MOST = 100


class _Change(NamedTuple):
    """One group, one state, and the people who are to have it."""

    group_id: str
    state: str
    external_ids: list[str]
    emails: list[str]
    phones: list[str]


class SubscriptionHandlers:
    """Sets and reads states. Writes obey the switch that delays them."""

    def __init__(self, room: Room, keys: Keys, subscriptions: Subscriptions) -> None:
        self._room = room
        self._keys = keys
        self._subscriptions = subscriptions
        for operation in ("setSubscriptionStatus", "setSubscriptionStatusV2"):
            room.writes.register(operation, self._apply)

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "setSubscriptionStatus": self.set_status,
            "setSubscriptionStatusV2": self.set_status_v2,
            "getSubscriptionStatus": self.get_status,
            "getUserSubscriptions": self.user_status,
        }

    def set_status(self, call: Call) -> Reply:
        """One group; people by external id, address or number."""
        by_form = call.headers.get("content-type", "").startswith(FORM)
        body: Mapping[str, object] = _form(call) if by_form else body_of(call)
        change = self._change(call, body, ("external_id", "email", "phone"), NOBODY)
        return self._accept(call, [change])

    def set_status_v2(self, call: Call) -> Reply:
        """Several groups at once."""
        groups = body_of(call).get("subscription_groups")
        if not isinstance(groups, list) or not groups or not all(isinstance(each, dict) for each in groups):
            raise refuse(400, "'subscription_groups' must be an array of objects")
        changes = [self._change(call, group, ("external_ids", "emails", "phones"), NOBODY_V2) for group in groups]
        return self._accept(call, changes)

    def get_status(self, call: Call) -> Reply:
        """The state of each person asked for, under the id that was sent; external ids make the others irrelevant."""
        workspace = self._keys.workspace_of(call)
        group = self._group(workspace, required(call, "subscription_group_id"))
        external_ids, emails, phones = _people_asked(call)
        if emails and phones and not external_ids:
            raise refuse(400, BOTH)
        status: dict[str, str] = {}
        find = self._subscriptions.people
        if external_ids:
            found = {each: find(workspace, external_ids=[each]) for each in external_ids}
        elif emails:
            found = {each: find(workspace, emails=[each]) for each in emails}
        else:
            found = {each: find(workspace, phones=[each]) for each in phones}
        for asked, people in found.items():
            status[asked] = self._worst(people, group).capitalize()
        return Reply(200, {"status": status, "message": "success"})

    def user_status(self, call: Call) -> Reply:
        """Each person with the groups in which a state was ever set."""
        workspace = self._keys.workspace_of(call)
        external_ids, emails, phones = _people_asked(call)
        message = f"'limit' must be between 1 and {LISTED_AT_MOST}"
        limit = whole(call, "limit", message, least=1, most=LISTED_AT_MOST, default=LISTED_AT_MOST)
        offset = whole(call, "offset", "'offset' must be a non-negative integer")
        people = self._subscriptions.people(workspace, external_ids=external_ids, emails=emails, phones=phones)
        users = [
            {
                "email": profile.email,
                "phone": profile.phone,
                "external_id": profile.external_id,
                "subscription_groups": [
                    {
                        "id": found.group.group_id,
                        "name": found.group.name,
                        "channel": found.group.channel,
                        "status": found.state.capitalize(),
                    }
                    for found in self._subscriptions.states(workspace, profile.row)
                ],
            }
            for profile in people[offset : offset + limit]
        ]
        return success(200, users=users, total_count=len(people))

    def _worst(self, people: Sequence[Profile], group: SubscriptionGroup) -> str:
        """Of several who share an address: unsubscribed before subscribed before unknown (inferred)."""
        states = [self._subscriptions.state(profile.row, group.group_id) for profile in people]
        return next((state for state in ("unsubscribed", "subscribed") if state in states), "unknown")

    def _change(self, call: Call, body: Mapping[str, object], keys: tuple[str, str, str], nobody: str) -> _Change:
        group = self._group(self._keys.workspace_of(call), text(body, "subscription_group_id"))
        state = body.get("subscription_state")
        if state not in STATES:
            raise refuse(400, BAD_STATE)
        external_ids, emails, phones = (texts(body, key) for key in keys)
        if emails and phones:
            raise refuse(400, BOTH)
        if not external_ids and not emails and not phones:
            raise refuse(400, nobody)
        if phones and group.channel == "email":
            raise refuse(400, "A phone number cannot be used with an email subscription group")
        return _Change(group.group_id, str(state), external_ids, emails, phones)

    def _group(self, workspace: str, group_id: str) -> SubscriptionGroup:
        group = self._subscriptions.find(workspace, group_id)
        if group is None:
            raise refuse(400, UNKNOWN_GROUP)
        return group

    def _accept(self, call: Call, changes: Sequence[_Change]) -> Reply:
        accepted = Accepted(self._keys.workspace_of(call), call.at, call.request_id)
        self._room.writes.accept(call.operation, accepted, [list(change) for change in changes])
        return success()

    def _apply(self, accepted: Accepted, changes: Sequence[tuple[str, str, list[str], list[str], list[str]]]) -> None:
        for group_id, state, external_ids, emails, phones in changes:
            people = self._subscriptions.people(
                accepted.workspace, external_ids=external_ids, emails=emails, phones=phones
            )
            self._subscriptions.set_state(accepted.workspace, group_id, state, people, accepted.request)


def _form(call: Call) -> dict[str, object]:
    """A form as if it were JSON; `email[]` is a list."""
    return {
        name.removesuffix("[]"): values if len(values) > 1 or name.endswith("[]") else values[0]
        for name, values in call.form().items()
    }


def _people_asked(call: Call) -> tuple[list[str], list[str], list[str]]:
    found = (several(call, "external_id"), several(call, "email"), several(call, "phone"))
    if not any(found):
        raise refuse(400, NOBODY)
    if any(len(each) > PEOPLE_AT_MOST for each in found):
        raise refuse(400, TOO_MANY_IDS)
    return found
