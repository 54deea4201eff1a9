"""The JSON Schema of the language, from the same classes that the parser reads; editors complete with it."""

from __future__ import annotations

import json
from typing import Any

from simulator.scenario.language.records import record_schema
from simulator.scenario.language.shapes import SchemaBook
from simulator.scenario.model.scenario import Scenario


def json_schema() -> dict[str, Any]:
    """The schema of a scenario file, draft 2020-12."""
    book = SchemaBook()
    top = record_schema(Scenario, book)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "absim scenario",
        **top,
        "$defs": dict(sorted(book.definitions.items())),
    }


def schema_text() -> str:
    """The schema as it is written to `contracts/scenario.schema.json`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
