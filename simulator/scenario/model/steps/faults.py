"""Steps that let things go wrong on the wire, and stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from simulator.scenario.language.nodes import Node
from simulator.scenario.language.quantities import Moment, Share
from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Choice, Json, MapOf, Reader, SchemaBook, Shape, Text
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import COUNT, DURATION, FLAG, MOMENT, OPERATION, STATUS, TEXT


class Breakage(StrEnum):
    """What happens to the bytes of an answer."""

    RESET = "reset"
    TRUNCATE = "truncate"
    MALFORMED = "malformed"


class StepInside(Shape):
    """A step inside another one; the list of steps, which comes later, says what that may be."""

    words = "a step, written as in `steps`"
    shape: Shape | None = None

    def read(self, node: Node, reader: Reader) -> Any:
        assert self.shape is not None, "the registry sets it"
        return self.shape.read(node, reader)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"$ref": "#/$defs/step"}


STEP_INSIDE = StepInside()
NOT_INSIDE = ("sync", "advance", "expect", "fault", "clear_faults", "call", "sync_now", "change_cadence", "delete_sync",
              "sync_traits", "edit_stream", "pause_feed", "delete_feed")  # fmt: skip
"""Steps that let time run, look, or talk to the engine cannot happen in the middle of a request of the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Step):
    """Lets calls go wrong from now on: those of `operation`, beginning with the `nth`, at most `times`, a `share` of
    them, between two moments. The earliest fault that fits a call meets it.

    What goes wrong: `answer` gives a status in place of the answer and the call takes no effect (with `applied: true`
    it does); any status will do, also one that the contract does not have. `breaks` breaks the connection or the bytes:
    after `reset` and `truncate` no complete answer arrives, and the call takes no effect (unless `applied: true`);
    `malformed` garbles the body of the answer to a call that took effect, and whoever looks at the status alone, as the
    cohort sync does, takes it for a success. `applied_but_lost` lets the call take effect and loses the answer;
    `duplicate` lets it take effect twice; `held` answers success and lets it take effect later; `latency` delays the
    answer by simulated time. `before` and `after` act out a step in the middle of the call: before or after it takes
    effect, so that a key is revoked or somebody logs in in the middle of a run.
    """

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "fault: {operation: changeCohortUsers, answer: 503, times: 2}",
        "fault: {operation: changeCohortUsers, answer: 503, from: 02:00, until: 04:00}",
        "fault: {operation: changeCohortUsers, applied_but_lost: true, times: 1}",
        "fault: {service: braze, share: 10%, breaks: reset}",
        "fault: {operation: changeCohortUsers, nth: 2, times: 1, before: {revoke_key: braze}}",
        "fault: {operation: changeCohortUsers, times: 1, after: {log_in: {person: ben, user_id: ben-1001}}}",
    )

    operation: str = key(OPERATION, "Only calls of this operation.", default="*", shown="any")
    service: str = key(Choice(("braze", "amplitude")), "Only calls at this service.", default="", shown="both")
    nth: int = key(COUNT, "Begin with the nth fitting call, counted from this step.", default=1)
    times: int | None = key(COUNT, "Meet at most so many calls.", default=None, shown="no limit")
    share: float = key(Share(), "Meet this share of the fitting calls, drawn from the seed.", default=1.0, shown="100%")
    from_: Moment | None = key(MOMENT, "Only calls at or after this moment.", default=None, shown="now")
    until: Moment | None = key(MOMENT, "Only calls before this moment, seen from `from`.", default=None, shown="no end")
    answer: int | None = key(STATUS, "The status that is answered.", default=None)
    body: object = key(Json(), "The body of that answer.", default=None, shown="the contract's example")
    headers: Mapping[str, str] = key(MapOf(Text("a header name"), TEXT), "Headers of the answer.", default={})
    applied: bool = key(FLAG, "Whether the call takes effect although `answer` or `breaks` spoils it.", default=False)
    breaks: Breakage | None = key(Choice(Breakage), "What happens to the bytes of the answer.", default=None)
    applied_but_lost: bool = key(FLAG, "The call takes effect, the answer never arrives.", default=False)
    duplicate: bool = key(FLAG, "The call takes effect twice.", default=False)
    held_ms: int | None = key(
        DURATION, "The call is answered as a success and takes effect so much later.", default=None
    )
    latency_ms: int = key(
        DURATION,
        "Simulated time until the answer is there; so long the call counts where calls at the same time are limited.",
        default=0,
        shown="none",
    )
    before: Step | None = key(STEP_INSIDE, "Acted out with the call, before it takes effect.", default=None)
    after: Step | None = key(STEP_INSIDE, "Acted out with the call, after it took effect.", default=None)

    def problems(self) -> Iterator[Problem]:
        wrong = (self.answer, self.breaks, self.held_ms, self.before, self.after)
        flags = (self.applied_but_lost, self.duplicate, self.latency_ms, self.headers)
        if not any(flags) and all(each is None for each in wrong):
            yield Problem("nothing goes wrong", self.where, "add `answer: 503`, `breaks: reset` or `latency: 30s`")
        if self.before is not None and self.after is not None:
            yield Problem("one step in the middle of a call is enough", self.spots["after"], "write a second fault")
        if self.applied_but_lost and self.answer is not None:
            hint = "write `applied: true` with `answer`, or `applied_but_lost` alone"
            yield Problem("the answer is either lost or another one", self.spots["answer"], hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFaults(Step):
    """Ends all faults. Calls that are held back still take effect."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("clear_faults:",)
