"""Random histories of people and devices over the wire: what holds whatever comes in, and in however many requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some


class Sent(NamedTuple):
    """The ids of one event."""

    device: str | None
    user: str | None


EVENT = some.tuples(
    some.sampled_from(["device-1", "device-2", "device-3", None]), some.sampled_from(["ida-1001", "ben-1002", None])
).filter(any)
HISTORY = some.lists(EVENT, min_size=1, max_size=12).map(lambda events: [Sent(*each) for each in events])
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def upload(amplitude: Any, events: Sequence[Sent]) -> None:
    wanted = [
        {key: value for key, value in (("device_id", each.device), ("user_id", each.user)) if value is not None}
        for each in events
    ]
    answer = amplitude.upload(*({**ids, "event_type": "opened", "time": 1_000} for ids in wanted))
    assert answer.status_code == 200


def owners(amplitude: Any) -> list[int]:
    """Whose each event is now, in order of arrival."""
    stored = [number + amplitude.main.first_id for number, _ in amplitude.stored()]
    canonical = amplitude.service.store.users.canonical(amplitude.main, stored)
    return [canonical[number] for number in stored]


@MANY
@given(HISTORY, some.data())
def test_how_events_are_cut_into_requests_changes_nothing(
    amplitude_with: Callable[..., Any], events: list[Sent], data: some.DataObject
) -> None:
    cut = data.draw(some.integers(0, len(events)))
    at_once, in_two, one_by_one = (amplitude_with() for _ in range(3))
    upload(at_once, events)
    for part in (events[:cut], events[cut:]):
        upload(in_two, part)
    for each in events:
        upload(one_by_one, [each])
    assert at_once.stored() == in_two.stored() == one_by_one.stored()
    assert owners(at_once) == owners(in_two) == owners(one_by_one)


@MANY
@given(HISTORY)
def test_every_event_belongs_to_whom_the_page_says(amplitude_with: Callable[..., Any], events: list[Sent]) -> None:
    """ID-1 to ID-5, from the outside: by the sequence of devices and user ids alone."""
    amplitude = amplitude_with()
    upload(amplitude, events)
    found = owners(amplitude)
    of_user: dict[str, int] = {}
    last_on: dict[str, str] = {}
    nobody_on: dict[str, list[int]] = {}
    for each, owner in zip(events, found, strict=True):
        if each.user is not None:
            # A user id is one user for ever, and no two user ids are one user (ID-3).
            assert of_user.setdefault(each.user, owner) == owner
            for device in filter(None, [each.device]):
                # Whoever was anonymous on the device turns out to be this one (ID-2, ID-5).
                assert set(nobody_on.pop(device, [])) <= {owner}
                last_on[device] = each.user
        elif each.device in last_on:
            # An event without a user id is the last known user's of its device (ID-4).
            assert owner == of_user[last_on[each.device]]
        else:
            nobody_on.setdefault(str(each.device), []).append(owner)
    assert len(set(of_user.values())) == len(of_user)
    # A device that nobody has logged in on has one anonymous user of its own (ID-1).
    anonymous = [set(numbers) for numbers in nobody_on.values()]
    assert all(len(numbers) == 1 and not numbers & set(of_user.values()) for numbers in anonymous)
    assert len(set(found)) == len(of_user) + len(anonymous) == amplitude.service.store.users.count(amplitude.main)
