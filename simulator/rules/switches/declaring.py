"""How one switch is declared: its values, the default first, and where the contradiction stands."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def switch(default: str, *others: str, rule: str, confidence: str, source: str, doc: str) -> Any:
    """A field of a rule set; `doc` says in one sentence what it decides."""
    said = {"rule": rule, "confidence": confidence, "source": source, "doc": doc}
    return field(default=default, metadata={"values": (default, *others), **said})
