"""Campaigns and Canvases as plain values: audience, delivery, entry rule, variants of steps of messages.

A campaign is a plan with one step a variant; a Canvas may have several, each after a delay. The form is what the
dashboard facade and the control plane take and what is stored; Braze itself has no API to make one.
Source: Braze, "Create a campaign", "Create a Canvas", "Export campaign details", "Export Canvas details" (SEG-2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.fakes.braze.audience.messaging.channels import CHANNELS, STATES_FOR
from simulator.rules.instants import SECOND_MS, Instant, format_duration, format_instant, parse_duration, parse_instant
from simulator.rules.segments import SegmentFormError, Tree, parse, to_form
from simulator.rules.segments.tree import EVERYBODY

WHOLE = 100
NEVER = "never"
ALWAYS = "always"


class PlanRefused(ValueError):
    """A campaign or Canvas that cannot be made as asked; the message says why."""


class Delivery(StrEnum):
    """What makes it send. The values are what `schedule_type` shows (inferred, no list is documented)."""

    SCHEDULED = "time_based"
    ACTION = "action_based"
    API_TRIGGERED = "api_triggered"
    API = "api"
    TRANSACTIONAL = "transactional"


class Status(StrEnum):
    """A draft never sends, a stopped one no longer, an archived one is not listed either."""

    DRAFT = "draft"
    ACTIVE = "active"
    STOPPED = "stopped"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Message:
    """One message over one channel; `content` is what details show of it."""

    channel: str
    content: Mapping[str, object] = field(default_factory=dict)
    variation_id: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """One way through an experiment: a share of the people, in whole percent; without messages it is the control."""

    name: str
    share: int
    messages: tuple[Message, ...]
    path_id: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that go out together, some time after the step before; or an experiment, which parts people by paths."""

    name: str
    messages: tuple[Message, ...]
    delay_ms: int = 0
    step_id: str = ""
    paths: tuple[Path, ...] = ()

    @property
    def all_messages(self) -> tuple[Message, ...]:
        """Those of the paths too."""
        return (*self.messages, *(message for path in self.paths for message in path.messages))


@dataclass(frozen=True, slots=True)
class Variant:
    """A share of the people, in whole percent, and what they get; without steps it is the control group."""

    name: str
    share: int
    steps: tuple[Step, ...]
    variant_id: str = ""

    @property
    def control(self) -> bool:
        """Whether these people get nothing on purpose."""
        return not self.steps


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign or a Canvas is to do.

    `segment_id` and `audience` must both let a person in. `start`, `every_ms` and `until` belong to a schedule;
    `event` or `product` ("*" is any) and `delay_ms` to a trigger. A person enters again after `reentry_ms`, never if
    that is None. `recipients` says which subscription states are reached. `conversions` maps custom events to the
    window in which they count, in milliseconds. A Canvas is left by whoever performs `exit_event`, and before a step by
    whoever has come to be in `exit_audience`.
    """

    delivery: Delivery
    variants: tuple[Variant, ...]
    segment_id: str = ""
    audience: Tree = EVERYBODY
    start: Instant | None = None
    every_ms: int | None = None
    until: Instant | None = None
    event: str = ""
    product: str = ""
    delay_ms: int = 0
    reentry_ms: int | None = None
    recipients: str = "subscribed"
    conversions: tuple[tuple[str, int], ...] = ()
    exit_event: str = ""
    exit_audience: Tree | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()

    @property
    def channels(self) -> list[str]:
        """Channels in use, each once."""
        return list(dict.fromkeys(message.channel for step in self.steps for message in step.all_messages))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all variants."""
        return tuple(step for variant in self.variants for step in variant.steps)

    @property
    def wakes(self) -> tuple[tuple[str, str], ...]:
        """(kind, name) of events that this plan has to hear of."""
        found = [("event", self.event)] if self.event else []
        found += [("purchase", self.product)] if self.product else []
        found += [("event", self.exit_event)] if self.exit_event else []
        return (*found, *(("event", name) for name, _ in self.conversions))


_BY_API = (Delivery.API_TRIGGERED, Delivery.API, Delivery.TRANSACTIONAL)
"""Whoever triggers by API decides who gets it how often, so re-entry is the default there (inferred)."""
_KEYS = frozenset(
    {
        "segment_id", "audience", "schedule", "trigger", "api_triggered", "api", "transactional", "reentry",
        "recipients", "conversions", "description", "tags", "teams", "variants", "steps", "channel", "message",
        "messages", "control", "exit",
    }
)  # fmt: skip


def read_plan(form: Mapping[str, object]) -> Plan:
    """Read a form. Short forms: `channel` (+ `message`) for one message, `messages` for one step of several, `steps`
    for one variant; `control` sets a share apart that gets nothing. Raises PlanRefused."""
    strange = sorted(set(form) - _KEYS)
    if strange:
        raise PlanRefused(f"unknown {', '.join(strange)}; known are {', '.join(sorted(_KEYS))}")
    leaving = _mapping(form, "exit")
    recipients = str(form.get("recipients", "subscribed"))
    if recipients not in STATES_FOR:
        raise PlanRefused(f"recipients {recipients!r} is not one of {', '.join(STATES_FOR)}")
    schedule, trigger = _mapping(form, "schedule"), _mapping(form, "trigger")
    delivery = _delivery(form)
    if delivery is Delivery.ACTION and bool(trigger.get("event")) == bool(trigger.get("product")):
        raise PlanRefused("a trigger has either an event or a product")
    variants = _variants(form)
    if delivery is Delivery.TRANSACTIONAL and any(message.channel != "email" for message in _messages_of(variants)):
        raise PlanRefused("a transactional campaign sends e-mail only")
    return Plan(
        delivery=delivery,
        variants=variants,
        segment_id=str(form.get("segment_id") or ""),
        audience=_tree(form.get("audience") or {}, "audience"),
        start=_instant(schedule.get("at")),
        every_ms=_duration(schedule.get("every")),
        until=_instant(schedule.get("until")),
        event=str(trigger.get("event") or ""),
        product=str(trigger.get("product") or ""),
        delay_ms=_duration(trigger.get("delay")) or 0,
        reentry_ms=_reentry(form.get("reentry", ALWAYS if delivery in _BY_API else NEVER)),
        recipients=recipients,
        conversions=_conversions(form),
        exit_event=str(leaving.get("event") or ""),
        exit_audience=_tree(leaving["audience"], "exit.audience") if leaving.get("audience") else None,
        description=str(form.get("description") or ""),
        tags=_texts(form, "tags"),
        teams=_texts(form, "teams"),
    )


def write_plan(plan: Plan) -> dict[str, object]:
    """The full form of a plan, ids included: what `read_plan` reads back as the same plan."""
    form: dict[str, object] = {
        "segment_id": plan.segment_id,
        "audience": to_form(plan.audience),
        "recipients": plan.recipients,
        "conversions": [{"event": name, "within": format_duration(window)} for name, window in plan.conversions],
        "description": plan.description,
        "tags": list(plan.tags),
        "teams": list(plan.teams),
        "variants": [_variant_form(variant) for variant in plan.variants],
        "reentry": NEVER if plan.reentry_ms is None else format_duration(plan.reentry_ms),
    }
    if plan.exit_event or plan.exit_audience is not None:
        form["exit"] = ({"event": plan.exit_event} if plan.exit_event else {}) | (
            {} if plan.exit_audience is None else {"audience": to_form(plan.exit_audience)}
        )
    if plan.delivery is Delivery.SCHEDULED:
        times = {"at": plan.start, "until": plan.until}
        form["schedule"] = {name: format_instant(at) for name, at in times.items() if at is not None} | (
            {"every": format_duration(plan.every_ms)} if plan.every_ms else {}
        )
    elif plan.delivery is Delivery.ACTION:
        what = {"event": plan.event} if plan.event else {"product": plan.product}
        form["trigger"] = what | {"delay": format_duration(plan.delay_ms)}
    else:
        form[plan.delivery.value] = True
    return form


def _tree(form: object, where: str) -> Tree:
    try:
        return parse(form)
    except SegmentFormError as error:
        raise PlanRefused(f"{where}: {error}") from error


def _delivery(form: Mapping[str, object]) -> Delivery:
    kinds = {
        "schedule": Delivery.SCHEDULED,
        "trigger": Delivery.ACTION,
        "api_triggered": Delivery.API_TRIGGERED,
        "api": Delivery.API,
        "transactional": Delivery.TRANSACTIONAL,
    }
    chosen = [kind for key, kind in kinds.items() if form.get(key)]
    if len(chosen) > 1:
        raise PlanRefused("choose one of schedule, trigger, api_triggered, api and transactional")
    return chosen[0] if chosen else Delivery.API_TRIGGERED


def _variants(form: Mapping[str, object]) -> tuple[Variant, ...]:
    given = form.get("variants")
    if given is None:
        control = form.get("control", 0)
        if isinstance(control, bool) or not isinstance(control, int) or not 0 <= control < WHOLE:
            raise PlanRefused("control must be a whole number of percent, 0 to 99")
        first = Variant("Variant 1", WHOLE - control, _steps(form))
        return (first, Variant("Control Group", control, ())) if control else (first,)
    if not isinstance(given, list) or not given:
        raise PlanRefused("variants must be a list of variants")
    found = tuple(_variant(each, index) for index, each in enumerate(given, 1))
    if sum(variant.share for variant in found) != WHOLE:
        raise PlanRefused("the shares of the variants must add up to 100")
    return found


def _variant(form: object, number: int) -> Variant:
    if not isinstance(form, Mapping):
        raise PlanRefused("a variant must be an object with a share and steps")
    share = _share(form.get("share", WHOLE))
    steps = () if form.get("control") else _steps(form)
    return Variant(str(form.get("name") or f"Variant {number}"), share, steps, str(form.get("id") or ""))


def _steps(form: Mapping[str, object]) -> tuple[Step, ...]:
    given = form.get("steps")
    if given is None:
        return (Step("Step 1", _messages(form)),)
    if not isinstance(given, list) or not given or not all(isinstance(each, Mapping) for each in given):
        raise PlanRefused("steps must be a list of steps, at least one")
    return tuple(
        Step(
            str(each.get("name") or f"Step {number}"),
            () if each.get("paths") else _messages(each),
            _duration(each.get("delay")) or 0,
            str(each.get("id") or ""),
            _paths(each),
        )
        for number, each in enumerate(given, 1)
    )


def _paths(form: Mapping[str, object]) -> tuple[Path, ...]:
    given = form.get("paths") or ()
    if not isinstance(given, Sequence) or not all(isinstance(each, Mapping) for each in given):
        raise PlanRefused("the paths of an experiment must be a list of paths")
    found = tuple(
        Path(
            str(each.get("name") or f"Path {number}"), _share(each.get("share", WHOLE)),
            () if each.get("control") else _messages(each), str(each.get("id") or ""),
        )
        for number, each in enumerate(given, 1)
    )  # fmt: skip
    if found and sum(path.share for path in found) != WHOLE:
        raise PlanRefused("the shares of the paths must add up to 100")
    return found


def _share(share: object) -> int:
    if isinstance(share, bool) or not isinstance(share, int) or not 0 < share <= WHOLE:
        raise PlanRefused("a share must be a whole number of percent, 1 to 100")
    return share


def _messages_of(variants: Sequence[Variant]) -> list[Message]:
    return [message for variant in variants for step in variant.steps for message in step.all_messages]


def _messages(form: Mapping[str, object]) -> tuple[Message, ...]:
    given = form.get("messages")
    if given is None:
        given = [{"channel": form.get("channel", "email"), "content": form.get("message") or {}}]
    if not isinstance(given, list) or not given or not all(isinstance(each, Mapping) for each in given):
        raise PlanRefused("messages must be a list of messages, at least one")
    return tuple(_message(each) for each in given)


def _message(form: Mapping[str, object]) -> Message:
    channel = str(form.get("channel", ""))
    if channel not in CHANNELS:
        raise PlanRefused(f"channel {channel!r} is not one of {', '.join(CHANNELS)}")
    content = form.get("content") or {}
    if not isinstance(content, Mapping):
        raise PlanRefused("the content of a message must be an object")
    return Message(channel, dict(content), str(form.get("id") or ""))


def _messages_form(messages: Sequence[Message]) -> list[dict[str, object]]:
    return [{"id": each.variation_id, "channel": each.channel, "content": dict(each.content)} for each in messages]


def _path_form(path: Path) -> dict[str, object]:
    form: dict[str, object] = {"id": path.path_id, "name": path.name, "share": path.share}
    return {**form, "messages": _messages_form(path.messages)} if path.messages else {**form, "control": True}


def _variant_form(variant: Variant) -> dict[str, object]:
    form: dict[str, object] = {"id": variant.variant_id, "name": variant.name, "share": variant.share}
    if variant.control:
        return {**form, "control": True}
    form["steps"] = [
        {
            "id": step.step_id,
            "name": step.name,
            "delay": format_duration(step.delay_ms),
            **(
                {"paths": [_path_form(path) for path in step.paths]}
                if step.paths
                else {"messages": _messages_form(step.messages)}
            ),
        }
        for step in variant.steps
    ]
    return form


def _mapping(form: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = form.get(key) or {}
    if not isinstance(value, Mapping):
        raise PlanRefused(f"{key} must be an object")
    return value


def _instant(text: object) -> Instant | None:
    if text is None:
        return None
    try:
        return parse_instant(str(text))
    except ValueError as error:
        raise PlanRefused(str(error)) from error


def _duration(text: object) -> int | None:
    if text is None:
        return None
    try:
        return parse_duration(str(text))
    except ValueError as error:
        raise PlanRefused(str(error)) from error


def _reentry(text: object) -> int | None:
    return {NEVER: None, ALWAYS: 0}[str(text)] if text in (NEVER, ALWAYS) else _duration(text)


def _texts(form: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = form.get(key) or ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PlanRefused(f"{key} must be a list of strings")
    return tuple(str(each) for each in value)


def _conversions(form: Mapping[str, object]) -> tuple[tuple[str, int], ...]:
    given = form.get("conversions") or ()
    if not isinstance(given, Sequence) or not all(isinstance(each, Mapping) and each.get("event") for each in given):
        raise PlanRefused("conversions must be a list of objects with an event and a window `within`")
    return tuple((str(each["event"]), _duration(each.get("within", "1d")) or SECOND_MS) for each in given)
