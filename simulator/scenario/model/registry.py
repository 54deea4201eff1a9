"""All steps by their verb: adding one is a class, a line here, and a function in `simulator.scenario.acting`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.scenario.language.nodes import Entries, Node, Scalar
from simulator.scenario.language.records import read_record, record_schema
from simulator.scenario.language.shapes import BROKEN, Broken, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import did_you_mean
from simulator.scenario.model.expect import Expect, ExpectShape
from simulator.scenario.model.steps import braze, faults, feeds, flow, people, syncs, wire
from simulator.scenario.model.steps.base import Step, verb_of
from simulator.scenario.model.words import MOMENT, TEXT

STEPS: dict[str, type[Step]] = {
    verb_of(kind): kind
    for kind in (
        syncs.Sync,
        flow.Advance,
        Expect,
        people.LogIn,
        people.LogOut,
        people.NewDevice,
        people.Appears,
        people.WipeData,
        people.Event,
        people.ChangeProperty,
        people.Enters,
        people.Leaves,
        braze.AddAlias,
        braze.Identify,
        braze.Merge,
        braze.Delete,
        braze.RenameExternalId,
        braze.Track,
        braze.CreateSegment,
        syncs.ChangeMapping,
        syncs.RenameCohort,
        syncs.EditCohort,
        syncs.DeleteCohort,
        syncs.SyncNow,
        syncs.ChangeCadence,
        syncs.PauseSync,
        syncs.ResumeSync,
        syncs.DeleteSync,
        syncs.RevokeKey,
        syncs.NewKey,
        syncs.EnablePartner,
        syncs.DisablePartner,
        feeds.SyncTraits,
        feeds.StreamEvents,
        feeds.SendCampaign,
        feeds.ExportCurrents,
        feeds.EditStream,
        feeds.PauseFeed,
        feeds.ResumeFeed,
        feeds.DeleteFeed,
        feeds.RevokeRestKey,
        feeds.NewRestKey,
        feeds.Recommend,
        feeds.WebhookAnswers,
        wire.Call,
        faults.Fault,
        faults.ClearFaults,
    )
}
AT, REFUSED = "at", "refused"
BESIDE = (AT, REFUSED)
"""Keys that may stand beside a verb."""


class StepShape(Shape):
    """One step: one verb, and perhaps `at` and `refused`."""

    words = "a step"

    def read(self, node: Node, reader: Reader) -> Step | Broken:
        if isinstance(node, Scalar) and node.text in STEPS:
            return expected(self.words, node, reader, f"write `- {node.text}: …`")
        if not isinstance(node, Entries):
            return expected(self.words, node, reader, "write one verb and its details, such as `- advance: 3h`")
        verbs = [name for name, _ in node.entries if name.text not in BESIDE]
        unknown = [name for name in verbs if name.text not in STEPS]
        for name in unknown:
            reader.refuse(f"unknown step {name.text!r}", name, did_you_mean(name.text, (*STEPS, *BESIDE), "steps"))
        if unknown:
            return BROKEN
        moment, refusal = self._beside(node, AT, MOMENT, reader), self._beside(node, REFUSED, TEXT, reader)
        if len(verbs) > 1:
            hint = "begin the second one with a dash of its own" if verbs[1].text in STEPS else ""
            return reader.refuse(f"a step has one verb; {verbs[0].text} and {verbs[1].text} are two", verbs[1], hint)
        if not verbs:
            hint = "add what happens then, or write `advance: {until: …}`"
            return reader.refuse("nothing happens in this step", node, hint)
        step = self._verb(verbs[0], node, reader)
        if isinstance(step, Broken) or moment is BROKEN or refusal is BROKEN:
            return BROKEN
        return replace(step, at=moment, refused=refusal, where=verbs[0].where)

    def _beside(self, node: Entries, key: str, shape: Shape, reader: Reader) -> Any:
        given = node.get(key)
        return None if given is None else shape.read(given, reader)

    def _verb(self, verb: Scalar, node: Entries, reader: Reader) -> Step | Broken:
        value = node.get(verb.text) or verb
        kind = STEPS[verb.text]
        if kind is Expect:
            return ExpectShape().read(value, reader)
        return read_record(kind, value, reader, where=verb.where)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return book.reference("step", lambda: self._describe(book))

    def _describe(self, book: SchemaBook) -> dict[str, Any]:
        properties: dict[str, Any] = {
            verb: ExpectShape().schema(book) if kind is Expect else record_schema(kind, book)
            for verb, kind in STEPS.items()
        }
        properties[AT] = {"description": "Lets time run until then first.", **MOMENT.schema(book)}
        properties[REFUSED] = {"description": "The step must be refused, in these words.", **TEXT.schema(book)}
        return {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "oneOf": [{"required": [verb]} for verb in STEPS],
        }


class _Inside(StepShape):
    """A step in the middle of a call: it has no time of its own and changes nothing that the engine is doing."""

    def read(self, node: Node, reader: Reader) -> Step | Broken:
        step = super().read(node, reader)
        if isinstance(step, Broken):
            return step
        if step.at is not None or step.refused is not None:
            return reader.refuse("a step in the middle of a call has neither `at` nor `refused`", node)
        if verb_of(type(step)) in faults.NOT_INSIDE:
            hint = f"not inside: {', '.join(faults.NOT_INSIDE)}"
            return reader.refuse(f"{verb_of(type(step))} cannot happen in the middle of a call", node, hint)
        return step


faults.STEP_INSIDE.shape = _Inside()
