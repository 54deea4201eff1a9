"""The reference of the language as Markdown: the hand-written `language.md` with tables from the classes put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from simulator.population.kinds import DIRT_SENTENCES, KIND_SENTENCES, Dirt
from simulator.rules.catalogue import RULES
from simulator.rules.cohorts.language.vocabulary import IS_SET, KEYS, TEST_WORDS, Role
from simulator.rules.instants import format_duration
from simulator.rules.outcomes import SENTENCES, DropReason, Outcome, SkipReason
from simulator.rules.rule_sets import RULE_SETS
from simulator.rules.switches import SWITCHES, RuleSet
from simulator.scenario.language.records import Key, Record, doc_of, keys_of
from simulator.scenario.model.computations import Computation
from simulator.scenario.model.connections import Connection, Webhook
from simulator.scenario.model.expect import EXPECTATIONS, Expect, Only
from simulator.scenario.model.expectations import Exported, Mail, RequestFilter, RunFilter
from simulator.scenario.model.people import PastEvent, Person, Profile
from simulator.scenario.model.registry import STEPS
from simulator.scenario.model.scenario import Project, Scenario
from simulator.scenario.model.steps.feeds import EventFilter
from simulator.scenario.model.steps.wire import Answer

TEMPLATE = Path(__file__).with_name("language.md")
_PLACE = re.compile(r"\{\{([a-z ]+)\}\}")
_FURTHER: dict[str, tuple[type[Record], ...]] = {
    "runs": (RunFilter,),
    "requests": (RequestFilter,),
    "alerts": (Mail,),
    "history": (Exported,),
    "stream_events": (EventFilter,),
    "call": (Answer,),
}


def reference() -> str:
    """The whole reference."""
    return _PLACE.sub(lambda found: _PARTS[found[1]](), TEMPLATE.read_text(encoding="utf-8"))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _keys(record: type[Record]) -> str:
    return _table(
        ("key", "what is written", "default", "meaning"),
        ((f"`{each.name}`", each.shape.words, _default(each), each.doc) for each in keys_of(record)),
    )


def _keys_or_short(record: type[Record]) -> str:
    return f"A single value, in place of a mapping, gives the key `{record.SHORT}`.\n\n{_keys(record)}"


def _default(each: Key) -> str:
    if each.required:
        return "**required**"
    if each.shown:
        return each.shown
    if each.default in (None, ()):
        return "none"
    if each.attribute.endswith("_ms"):
        return format_duration(each.default)
    return f"`{str(each.default).lower() if isinstance(each.default, bool) else each.default}`"


def _yaml(texts: Iterable[str]) -> str:
    return "\n".join(["```yaml", *texts, "```"])


def _cohort_keys() -> str:
    parts = []
    for role in Role:
        rows = [
            (f"`{k.name}`", k.takes, k.means, "<br>".join(f"`{example}`" for example in k.examples))
            for k in KEYS
            if k.role is role
        ]
        parts.append(f"### {_ROLES[role]}\n\n" + _table(("key", "what is written", "meaning", "example"), rows))
    return "\n\n".join(parts)


_ROLES = {
    Role.CLAUSE: "Clauses: exactly one begins a definition",
    Role.JOINT: "Joints: combine clauses",
    Role.MEASURE: "Measures, beside `performed`",
    Role.FILTER: "Filters, beside `performed` and `came_back`",
    Role.WINDOW: "Windows, beside a clause",
}


def _tests() -> str:
    rows = [(f"`{word}`", means) for word, (_, means) in TEST_WORDS.items()]
    return _table(("word", "meaning"), [*rows, (f"`{IS_SET}`", "`true`: has any value; `false`: has none")])


def _steps() -> str:
    return "\n\n".join(_step(verb, kind) for verb, kind in STEPS.items() if kind is not Expect)


def _step(name: str, kind: type[Record]) -> str:
    short = f"`{name}: VALUE` alone gives the key `{kind.SHORT}`." if kind.SHORT else ""
    parts = [f"### `{name}`", doc_of(kind), short, _keys(kind)]
    parts += [_further(each) for each in _FURTHER.get(name, ())]
    parts.append(_yaml("- " + example.replace("\n", "\n  ") for example in kind.EXAMPLES))
    return "\n\n".join(part for part in parts if part)


def _further(kind: type[Record]) -> str:
    short = f" A single value gives the key `{kind.SHORT}`." if kind.SHORT else ""
    return f"{doc_of(kind)}{short}\n\n{_keys(kind)}"


def _expectations() -> str:
    examples = _yaml(f"- {example}" for example in Expect.EXAMPLES)
    parts = [doc_of(Expect), _keys(Expect), _further(Only), examples]
    for name, kind in EXPECTATIONS.items():
        shape = keys_of(kind)[0].shape
        parts += [f"### `{name}`", f"{doc_of(kind)} Written: {shape.words}."]
        parts += [_further(each) for each in _FURTHER.get(name, ())]
        parts.append(_yaml(kind.EXAMPLES))
    return "\n\n".join(parts)


def _switches() -> str:
    rows = (
        (f"`{s.name}`", ", ".join(f"`{v}`" for v in s.values), s.rule, s.confidence, s.doc) for s in SWITCHES.values()
    )
    return _table(("switch", "values, the default first", "rule", "confidence", "what it decides"), rows)


def _rule_sets() -> str:
    return _table(("rule set", "switches that differ from the default"), _set_rows())


def _set_rows() -> Iterator[tuple[str, str]]:
    default = RuleSet().as_mapping()
    for name, rules in RULE_SETS.items():
        differing = {k: v for k, v in rules.as_mapping().items() if v != default[k]}
        yield f"`{name}`", ", ".join(f"`{k}: {v}`" for k, v in differing.items()) or "none"


def _reasons(members: Iterable[str]) -> str:
    named = {
        Outcome.SKIPPED: "nothing was sent; see the reasons",
        Outcome.DROPPED: "sent, matched nobody; see the reasons",
    }
    return _table(("word", "meaning"), ((f"`{each}`", SENTENCES.get(each) or named[Outcome(each)]) for each in members))


_PARTS: dict[str, Callable[[], str]] = {
    "keys of the file": lambda: _keys(Scenario),
    "keys of a project": lambda: _keys_or_short(Project),
    "keys of a person": lambda: _keys(Person),
    "keys of a past event": lambda: _keys_or_short(PastEvent),
    "keys of a profile": lambda: _keys(Profile),
    "keys of a connection": lambda: _keys_or_short(Connection),
    "keys of a webhook": lambda: _keys(Webhook),
    "keys of a computation": lambda: f"{_keys(Computation)}\n\n{_yaml(Computation.EXAMPLES)}",
    "kinds": lambda: _table(("kind", "who that is"), ((f"`{k}`", text) for k, text in KIND_SENTENCES.items())),
    "dirt": lambda: _table(
        ("dirt", "what is wrong"), ((f"`{d}`", text) for d, text in DIRT_SENTENCES.items() if d is not Dirt.NONE)
    ),
    "cohort keys": _cohort_keys,
    "tests of a property": _tests,
    "steps": _steps,
    "expectations": _expectations,
    "switches": _switches,
    "rule sets": _rule_sets,
    "outcomes": lambda: _reasons(Outcome),
    "skip reasons": lambda: _reasons(SkipReason),
    "drop reasons": lambda: _reasons(DropReason),
    "rule ids": lambda: _table(
        ("id", "rule", "source", "confidence"), ((r.id, r.sentence, r.source, r.confidence) for r in RULES.values())
    ),
}
