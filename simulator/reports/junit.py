"""Results as JUnit XML in the form that GitHub and Jenkins read (xunit2): a suite for each folder of scenarios."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from simulator.reports.words import problem_texts
from simulator.scenario.events import Result, Verdict

NO_TIME = "0"
"""Readers that add up times want a number; a real one would make the bytes differ from run to run."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(results: Sequence[Result]) -> bytes:
    """The XML text of a run, the same bytes for the same results."""
    root = Element("testsuites", {"name": "absim", **_counts(results)})
    ordered = sorted(results, key=lambda result: (_folder(result), result.id))
    for folder, members in groupby(ordered, key=_folder):
        _suite(root, folder, list(members))
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Case:
    """One test case of anything that is no scenario. `problem` empty means that it passed."""

    classname: str
    name: str
    problem: str = ""
    text: str = ""
    out: str = ""


def write_cases(suites: Mapping[str, Sequence[Case]]) -> bytes:
    """The XML text of suites of plain cases, the same bytes for the same cases."""
    root = Element("testsuites", {"name": "absim", **_counted([case for cases in suites.values() for case in cases])})
    for name, cases in suites.items():
        suite = SubElement(root, "testsuite", {"name": _clean(name), **_counted(cases)})
        for case in cases:
            named = {"classname": _clean(case.classname), "name": _clean(case.name), "time": NO_TIME}
            node = SubElement(suite, "testcase", named)
            if case.problem:
                found = SubElement(node, "failure", {"message": _clean(case.problem), "type": "failed"})
                found.text = _clean(case.text)
            if case.out:
                SubElement(node, "system-out").text = _clean(case.out)
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _counted(cases: Sequence[Case]) -> dict[str, str]:
    failed = sum(bool(case.problem) for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "skipped": "0", "time": NO_TIME}


def _folder(result: Result) -> str:
    return str(PurePath(result.file).parent)


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.verdict is Verdict.FAILED for result in results)),
        "errors": str(sum(result.verdict is Verdict.UNKNOWN for result in results)),
        "skipped": "0",
        "time": NO_TIME,
    }


def _suite(root: Element, folder: str, results: Sequence[Result]) -> None:
    suite = SubElement(root, "testsuite", {"name": _clean(folder), **_counts(results)})
    properties = SubElement(suite, "properties")
    for name, values in (("seed", {str(r.seed) for r in results}), ("door", {r.door for r in results})):
        SubElement(properties, "property", {"name": name, "value": ", ".join(sorted(values))})
    for result in results:
        _case(suite, result)


def _case(suite: Element, result: Result) -> None:
    classname = _clean(result.file.removesuffix(".scenario.yaml").replace("/", "."))
    case = SubElement(suite, "testcase", {"classname": classname, "name": _clean(result.title), "time": NO_TIME})
    if result.verdict is not Verdict.PASSED:
        kind = "failure" if result.verdict is Verdict.FAILED else "error"
        texts = list(problem_texts(result))
        message = texts[0].split("\n", 1)[0] if texts else str(result.verdict)
        found = SubElement(case, kind, {"message": _clean(message), "type": str(result.verdict)})
        found.text = _clean("\n\n".join([*texts, f"reproduce: {result.reproduce}"]))
    out = SubElement(case, "system-out")
    counted = ", ".join(f"{outcome} {count}" for outcome, count in result.outcomes.items()) or "nothing was sent"
    out.text = _clean(f"seed {result.seed}; rules {result.rules}; {counted}; ledger {result.digest[:16]}")


def _clean(text: str) -> str:
    """XML has no place for control characters."""
    return _NOT_XML.sub("\ufffd", text)
