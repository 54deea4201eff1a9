"""What campaigns and Canvases did, day by day, as the analytics endpoints show it.

Source: Braze, "Export campaign analytics", "Export send analytics", "Export Canvas data series analytics", "Export
Canvas data summary analytics". Revenue is 0: purchases are not attributed to messages (inferred, left out).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.fakes.braze.audience.messaging.channels import CANVAS_ENTRY, CHANNELS, CONVERSION, SENDS
from simulator.fakes.braze.audience.messaging.plans import Message, Step
from simulator.fakes.braze.audience.records.events import MessageEvent
from simulator.rules.instants import DAY_MS, Instant

UNIQUE = frozenset({"unique_opens", "unique_clicks"})
Stats = dict[str, object]


def day_of(event: MessageEvent) -> Instant:
    """The beginning of the day on which an event happened, UTC."""
    return Instant(event.at - event.at % DAY_MS)


def by_day(events: Iterable[MessageEvent], days: Sequence[Instant]) -> dict[Instant, list[MessageEvent]]:
    """The events of each of the days."""
    found: dict[Instant, list[MessageEvent]] = {day: [] for day in days}
    for event in events:
        if (day := day_of(event)) in found:
            found[day].append(event)
    return found


def campaign_day(campaign: Campaign, events: Sequence[MessageEvent]) -> Stats:
    """One day of a campaign, without its date: figures by channel and variation, then totals."""
    messages: dict[str, list[Stats]] = {}
    for variant in campaign.plan.variants:
        for message in (message for step in variant.steps for message in step.all_messages):
            figures = _message_figures(message, events)
            messages.setdefault(message.channel, []).append({"variation_name": variant.name, **figures})
    conversions = _count(events, lambda event: event.name == CONVERSION[False])
    return {
        "messages": messages,
        "conversions": conversions,
        "conversions_by_send_time": conversions,
        "unique_recipients": _people(events, lambda event: event.name in SENDS),
        "revenue": 0.0,
    }


def canvas_figures(campaign: Campaign, events: Sequence[MessageEvent], *, variants: bool, steps: bool) -> Stats:
    """Figures of a Canvas: in total, and by variant and step if wanted."""
    figures: Stats = {"total_stats": _totals(events)}
    if variants:
        figures["variant_stats"] = {
            variant.variant_id: {
                "name": variant.name,
                **_totals([e for e in events if e.properties.get("canvas_variation_id") == variant.variant_id]),
            }
            for variant in campaign.plan.variants
        }
    if steps:
        figures["step_stats"] = {step.step_id: _step_figures(step, events) for step in campaign.plan.steps}
    return figures


def _totals(events: Sequence[MessageEvent]) -> Stats:
    conversions = _count(events, lambda event: event.name == CONVERSION[True])
    return {
        "revenue": 0.0,
        "conversions": conversions,
        "conversions_by_entry_time": conversions,
        "entries": _count(events, lambda event: event.name == CANVAS_ENTRY),
    }


def _step_figures(step: Step, events: Sequence[MessageEvent]) -> Stats:
    messages: dict[str, list[Stats]] = {}
    for message in step.all_messages:
        messages.setdefault(message.channel, []).append(_message_figures(message, events))
    return {
        "name": step.name,
        "revenue": 0.0,
        "conversions": 0,
        "conversions_by_entry_time": 0,
        "unique_recipients": _people(events, lambda e: e.properties.get("canvas_step_id") == step.step_id),
        "messages": messages,
    }


def _message_figures(message: Message, events: Sequence[MessageEvent]) -> Stats:
    own = [event for event in events if event.properties.get("message_variation_id") == message.variation_id]
    figures: Stats = {}
    for counter, name in CHANNELS[message.channel].counters.items():
        count = _people if counter in UNIQUE else _count
        figures[counter] = count(own, _named(name)) if name else 0
    figures["revenue"] = 0.0
    figures["unique_recipients"] = _people(own, lambda event: event.name in SENDS)
    figures["conversions"] = 0
    return figures


def _named(name: str) -> Callable[[MessageEvent], bool]:
    return lambda event: event.name == name


def _count(events: Iterable[MessageEvent], wanted: Callable[[MessageEvent], bool]) -> int:
    return sum(1 for event in events if wanted(event))


def _people(events: Iterable[MessageEvent], wanted: Callable[[MessageEvent], bool]) -> int:
    return len({event.braze_id for event in events if wanted(event)})
