"""Results as JSON: one object for the run, one for each scenario, stable keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from simulator.scenario.events import Breach, Difference, Result, Verdict

FORMAT = 1


def as_plain(results: Sequence[Result], seed: int | None = None, interrupted: bool = False) -> dict[str, Any]:
    """The whole run as plain data. `seed` is the one that was asked for, if any."""
    verdicts = Counter(result.verdict for result in results)
    return {
        "format": FORMAT,
        "seed": seed,
        "interrupted": interrupted,
        "scenarios": len(results),
        "verdicts": {str(verdict): verdicts[verdict] for verdict in Verdict},
        "outcomes": dict(sum((Counter(result.outcomes) for result in results), Counter())),
        "results": [result_as_plain(result) for result in results],
    }


def result_as_plain(result: Result) -> dict[str, Any]:
    """One scenario, or one case of it."""
    return {
        "id": result.id,
        "scenario": result.title,
        "file": result.file,
        "line": result.line,
        "case": dict(result.case),
        "covers": list(result.covers),
        "tags": list(result.tags),
        "verdict": result.verdict,
        "seed": result.seed,
        "rules": result.rules,
        "door": result.door,
        "people": result.people,
        "expectations": result.evaluated,
        "runs": result.runs,
        "requests": result.requests,
        "outcomes": dict(result.outcomes),
        "differences": [_difference(each) for each in result.differences],
        "invariants": [_breach(each) for each in result.breaches],
        "drop": None
        if result.drop is None
        else {
            "person": result.drop.person,
            "rule": result.drop.rule,
            "sentence": result.drop.sentence,
            "story": result.drop.story,
        },
        "ledger_digest": result.digest,
        "reproduce": result.reproduce,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "file": difference.where.source.name,
        "line": difference.where.line,
        "column": difference.where.column,
        "what": difference.what,
        "expected": difference.expected,
        "got": difference.got,
        "why": difference.why,
    }


def _breach(breach: Breach) -> dict[str, Any]:
    return {"rule": breach.rule, "what": breach.what, "undecided": breach.undecided}


def write_json(results: Sequence[Result], seed: int | None = None, interrupted: bool = False) -> bytes:
    """The JSON text of a run, the same bytes for the same results."""
    return orjson.dumps(as_plain(results, seed, interrupted), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
