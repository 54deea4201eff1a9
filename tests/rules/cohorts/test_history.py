"""A history is in order, and its ids count as properties."""

from simulator.rules.cohorts.history import Event, whole_history


def test_events_are_put_in_order_of_time_and_then_of_arrival():
    history = whole_history(1, [Event(5, "b"), Event(3, "a"), Event(5, "c")])
    assert ([event.name for event in history.events], history.first_event_at) == (["a", "b", "c"], 3)


def test_somebody_without_events_has_no_first_one():
    assert whole_history(1).first_event_at is None


def test_ids_are_read_like_properties():
    history = whole_history(1, user_id="ida-1001", device_id="d-ida-0001", properties={"plan": "pro"})
    assert [history.value(key) for key in ("user_id", "device_id", "plan", "city")] == [
        "ida-1001",
        "d-ida-0001",
        "pro",
        None,
    ]
