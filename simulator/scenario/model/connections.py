"""Connections: where cohorts are sent, and by which identifiers people are named on the way."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.feeds import MAIN
from simulator.rules.identity import Kind
from simulator.rules.mapping import MAPPINGS_AT_MOST, Mapping
from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar
from simulator.scenario.language.records import Record, RecordOf, key
from simulator.scenario.language.shapes import BROKEN, Broken, ListOf, MapOf, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import Problem, did_you_mean
from simulator.scenario.model.words import PROJECT, TEXT

_FORMS = "write `user_id`, `device_id`, `PROPERTY -> external_id`, `PROPERTY -> device_id` or `PROPERTY -> alias LABEL`"
_WRITTEN = re.compile(r"(?P<property>.+?)\s*->\s*(?P<target>\S+)(?:\s+(?P<label>.+))?")
_TARGETS = {
    "external_id": Kind.EXTERNAL_ID,
    "user_id": Kind.EXTERNAL_ID,
    "device_id": Kind.DEVICE_ID,
    "alias": Kind.ALIAS,
}
_ALONE = {"user_id": Kind.EXTERNAL_ID, "device_id": Kind.DEVICE_ID}


class MappingShape(Shape):
    """One identifier mapping, in one line or as `{property: crm_id, alias: crm}`."""

    words = "an identifier mapping"

    def read(self, node: Node, reader: Reader) -> Mapping | Broken:
        if isinstance(node, Scalar):
            return self._line(node, reader)
        if isinstance(node, Entries):
            return self._keys(node, reader)
        return expected(self.words, node, reader, _FORMS)

    def _line(self, node: Scalar, reader: Reader) -> Mapping | Broken:
        if node.text in _ALONE:
            return Mapping(node.text, _ALONE[node.text])
        found = _WRITTEN.fullmatch(node.text.strip())
        if not found:
            hint = f"where does it go? {_FORMS}" if re.fullmatch(r"\w+", node.text) else _FORMS
            return expected(self.words, node, reader, hint)
        return self._built(found["property"], found["target"], found["label"] or "", node, reader)

    def _built(self, source: str, target: str, label: str, at: Node, reader: Reader) -> Mapping | Broken:
        kind = _TARGETS.get(target)
        if kind is None:
            return reader.refuse(f"unknown target {target!r}", at, did_you_mean(target, _TARGETS, "targets"))
        if kind is Kind.ALIAS and not label:
            hint = f"write `{source} -> alias LABEL` or {{property: {source}, alias: LABEL}} (CONN-1)"
            return reader.refuse("a mapping to an alias needs the alias label", at, hint)
        if kind is not Kind.ALIAS and label:
            return reader.refuse(f"only an alias has a label, {target} has none", at, f"remove {label!r}")
        return Mapping(source, kind, label)

    def _keys(self, node: Entries, reader: Reader) -> Mapping | Broken:
        given: dict[str, str] = {}
        for name, value in node.entries:
            if name.text not in ("property", "alias", "to", "label"):
                return reader.refuse(
                    f"unknown key {name.text!r}", name, did_you_mean(name.text, ("property", "alias", "to", "label"))
                )
            if not isinstance(value, Scalar) or not value.text.strip():
                what = "the alias label" if name.text in ("alias", "label") else "a name"
                return expected(what, value, reader, _FORMS)
            given[name.text] = value.text
        if "property" not in given:
            return reader.refuse("the key 'property' is missing", node, "write {property: crm_id, alias: crm}")
        if "alias" in given and ("to" in given or "label" in given):
            return reader.refuse("`alias: LABEL` already says where it goes", node, "remove `to` and `label`")
        if "alias" in given:
            return Mapping(given["property"], Kind.ALIAS, given["alias"])
        if "to" not in given:
            return reader.refuse("this mapping has no target", node, "add `to: external_id`, or `alias: LABEL`")
        return self._built(given["property"], given["to"], given.get("label", ""), node, reader)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        text = {"type": "string", "minLength": 1}
        properties = {"property": text, "alias": text, "to": {"enum": list(_TARGETS)}, "label": text}
        written = {
            "type": "string",
            "pattern": r"^(user_id|device_id|.+->\s*(external_id|user_id|device_id|alias\s+.+))$",
        }
        mapping = {"type": "object", "properties": properties, "required": ["property"], "additionalProperties": False}
        return {"anyOf": [written, mapping]}


class HierarchyShape(Shape):
    """CONN-1. One to three mappings, the primary one first."""

    words = "one to three identifier mappings, the primary one first"
    _list = ListOf(MappingShape(), single=True, least=1)

    def read(self, node: Node, reader: Reader) -> tuple[Mapping, ...] | Broken:
        if isinstance(node, Listing) and len(node.items) > MAPPINGS_AT_MOST:
            what = f"a connection has at most {MAPPINGS_AT_MOST} identifier mappings, this one has {len(node.items)}"
            reader.refuse(what, node.items[MAPPINGS_AT_MOST], "primary, secondary, tertiary (CONN-1)")
            return BROKEN
        mappings = self._list.read(node, reader)
        if isinstance(mappings, Broken):
            return mappings
        for index, mapping in enumerate(mappings):
            if mapping in mappings[:index]:
                at = node.items[index] if isinstance(node, Listing) else node
                return reader.refuse(f"the mapping {mapping} is there twice", at)
        return mappings

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        mapping = book.reference("mapping", lambda: MappingShape().schema(book))
        return {"anyOf": [{"type": "array", "items": mapping, "minItems": 1, "maxItems": MAPPINGS_AT_MOST}, mapping]}


HIERARCHY = HierarchyShape()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Record):
    """A receiver of cohort webhooks, which the scenario plays: it writes down what it hears and answers 200, or as
    `webhook_answers` says."""

    properties: tuple[str, ...] = key(ListOf(TEXT, single=True), "User properties that go along.", default=())
    headers: abc.Mapping[str, str] = key(MapOf(TEXT, TEXT), "Up to five headers of its own.", default={})
    template: str | None = key(
        TEXT, "The payload as a FreeMarker template of `input`.", default=None, shown="the default payload"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Record):
    """A configured destination of an Amplitude project: Braze, with a data import key of its own, or a webhook. It
    sends the cohorts of that project only."""

    SHORT: ClassVar[str] = "identify_by"

    identify_by: tuple[Mapping, ...] = key(
        HIERARCHY, "The identifier mappings (MAP-1); a webhook has one, whose property is its `user_id`."
    )
    webhook: Webhook | None = key(RecordOf(Webhook), "Posts to a URL instead of Braze.", default=None, shown="Braze")
    project: str = key(PROJECT, "The Amplitude project that it is made in (CONN-2).", default=MAIN)

    def problems(self) -> Iterator[Problem]:
        if self.webhook is not None and len(self.identify_by) > 1:
            yield Problem("a webhook has one mapping", self.spots.get("identify_by", self.where))
