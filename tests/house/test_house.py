"""The rules of the house: who may know whom, and how large a room may grow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "simulator"
MODULES = sorted(PACKAGE.rglob("*.py"))

FUNCTION_LINES_AT_MOST = 60
MODULE_LINES_AT_MOST = 450
PACKAGE_MODULES_AT_MOST = 9

COMMON = (
    "simulator.clock",
    "simulator.ids",
    "simulator.database",
    "simulator.ledger",
    "simulator.described",
    "simulator.openapi",
    "simulator.resources",
    "simulator.exchange",
    "simulator.feeds",
    "simulator.journal",
    "simulator.timekeeping",
    "simulator.answers",
)
PURE = "simulator.rules"

# room -> what it may import from this project besides itself. The longest matching prefix decides.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "simulator.rules": (),
    "simulator.ids": (),
    "simulator.resources": (),
    "simulator.exchange": (PURE,),
    "simulator.feeds": (PURE,),
    "simulator.clock": (PURE,),
    "simulator.database": (PURE,),
    "simulator.journal": (PURE, "simulator.exchange"),
    "simulator.timekeeping": (PURE, "simulator.database"),
    "simulator.answers": ("simulator.database",),
    "simulator.ledger": (PURE, "simulator.database", "simulator.ids"),
    "simulator.described": (),
    "simulator.openapi": (PURE, "simulator.described", "simulator.resources"),
    "simulator.fakes": (PURE, *COMMON, "simulator.fakes"),
    "simulator.sync": (PURE, *COMMON, "simulator.sync"),
    "simulator.population": (PURE, *COMMON),
    "simulator.acts": (PURE, *COMMON, "simulator.fakes", "simulator.sync", "simulator.serving.transports"),
    "simulator.world": (
        PURE, *COMMON, "simulator.acts", "simulator.fakes", "simulator.sync", "simulator.serving",
        "simulator.audit.wire", "simulator.audit.creation",
    ),
    "simulator.audit.wire": (PURE, *COMMON),
    "simulator.audit.creation": (PURE, *COMMON, "simulator.fakes.binding"),
    "simulator.audit": (PURE, *COMMON, "simulator.world", "simulator.fakes", "simulator.sync"),
    "simulator.serving": (
        PURE, *COMMON, "simulator.fakes", "simulator.sync", "simulator.world",
        "simulator.scenario",
    ),
    "simulator.scenario": (
        PURE, *COMMON, "simulator.fakes", "simulator.sync", "simulator.population", "simulator.world",
        "simulator.audit", "simulator.serving",
    ),
    "simulator.reports": (
        PURE, *COMMON, "simulator.scenario", "simulator.audit", "simulator.world",
    ),
    "simulator.contract": (
        PURE, *COMMON, "simulator.fakes", "simulator.sync", "simulator.world", "simulator.serving",
        "simulator.population", "simulator.scenario", "simulator.audit", "simulator.reports",
    ),
    "simulator.fidelity": (PURE, *COMMON, "simulator.scenario"),
    "simulator.cli": ("simulator",),
}  # fmt: skip

# Finer walls, each with its reason.
MUST_NOT_IMPORT: dict[str, tuple[str, ...]] = {
    # The two services and the engine share contracts and words, never code.
    "simulator.fakes": ("simulator.sync",),
    "simulator.sync": ("simulator.fakes", "simulator.rules.matching"),
    "simulator.fakes.braze": ("simulator.fakes.amplitude", "simulator.rules.cohorts", "simulator.rules.mapping"),
    "simulator.fakes.amplitude": ("simulator.fakes.braze", "simulator.rules.matching", "simulator.rules.segments"),
    # One module knows both Flask and OpenAPI.
    "simulator.scenario": ("flask",),
}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def under(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def room_of(module: str) -> str | None:
    return max((room for room in MAY_IMPORT if under(module, (room,))), key=len, default=None)


def test_every_module_has_a_room() -> None:
    homeless = [dotted(path) for path in MODULES if room_of(dotted(path)) is None]
    assert ["simulator"] == homeless


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_point_inward(path: Path) -> None:
    module = dotted(path)
    room = room_of(module)
    allowed = (*MAY_IMPORT.get(room or "", ()), room or "simulator")
    forbidden = tuple(name for prefix, names in MUST_NOT_IMPORT.items() if under(module, (prefix,)) for name in names)
    wrong = [
        f"line {line}: {name}"
        for name, line in imports(path)
        if (under(name, ("simulator",)) and name != "simulator" and not under(name, allowed)) or under(name, forbidden)
    ]
    assert [] == sorted(set(wrong))


@pytest.mark.parametrize("path", [p for p in MODULES if under(dotted(p), (PURE,))], ids=dotted)
def test_the_rules_are_pure(path: Path) -> None:
    import sys

    outside = {name.split(".")[0] for name, _ in imports(path)} - set(sys.stdlib_module_names) - {"simulator"}
    effects = {name.split(".")[0] for name, _ in imports(path)} & {"random", "time", "os", "socket", "sqlite3", "io"}
    assert (set(), set()) == (outside, effects)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_opens_with_a_sentence_and_stays_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    first_line = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]
    assert first_line.endswith("."), f"{dotted(path)} opens with {first_line!r}, not with a sentence"
    assert source.count("\n") <= MODULE_LINES_AT_MOST, "split it along a seam that its docstring names"


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_functions_fit_a_screen_and_do_something(path: Path) -> None:
    long, empty = [], []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    protocols = {
        function
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
        for function in node.body
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_AT_MOST:
            long.append(node.name)
        body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
        if node not in protocols and (not body or all(isinstance(each, ast.Pass) for each in body)):
            empty.append(node.name)
    assert ([], []) == (long, empty)


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=dotted)
def test_a_package_has_at_most_nine_modules(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    limit = PACKAGE_MODULES_AT_MOST + (5 if folder in (PACKAGE, PACKAGE / "rules", PACKAGE / "cli") else 0)
    assert len(modules) <= limit, f"{len(modules)} modules: split {dotted(folder)} along a seam"


def decides_something(path: Path) -> bool:
    """Whether a module has a function outside a Protocol; tables, shapes and schemas are tested by their users."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Return | ast.Yield | ast.If | ast.For) for node in ast.walk(tree))


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py" and decides_something(p)], ids=dotted)
def test_every_room_has_its_tests(path: Path) -> None:
    folder, name = path.relative_to(PACKAGE).parent, path.stem
    own = ROOT / "tests" / folder / f"test_{name}.py"
    of_its_room = [
        *(ROOT / "tests" / folder).glob("test_*.py"),
        *(ROOT / "tests" / folder.parent).glob(f"test_{folder.name}*.py"),
    ]
    assert own.is_file() or (folder != Path() and of_its_room), f"no test in tests/{folder} looks at {dotted(path)}"


def test_first_party_imports_stand_at_the_top_except_in_the_command_line() -> None:
    hidden = []
    for path in MODULES:
        if under(dotted(path), ("simulator.cli",)):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("simulator"):
                        hidden.append(f"{dotted(path)}:{node.lineno}")
    assert [] == hidden


def test_nothing_is_left_open() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|time\.sleep\(|except Exception:\s*pass")
    left = [f"{dotted(path)}: {m[0]}" for path in MODULES if (m := marks.search(path.read_text(encoding="utf-8")))]
    assert [] == left


def test_each_room_keeps_to_its_own_tables() -> None:
    owners = {"braze_": "simulator.fakes.braze", "amplitude_": "simulator.fakes.amplitude", "engine_": "simulator.sync"}
    tables = {
        prefix: re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+(?:IF\s+\w+\s+\w+\s+)?{prefix}\w+", re.IGNORECASE)
        for prefix in owners
    }
    strangers = [
        f"{dotted(path)}: {found[0]}"
        for path in MODULES
        for prefix, owner in owners.items()
        if not under(dotted(path), (owner,)) and (found := tables[prefix].search(path.read_text(encoding="utf-8")))
    ]
    assert [] == strangers


CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime",
             "ctime", "asctime", "strftime", "sleep", "process_time"},
    "datetime": {"now", "utcnow", "today"},
}  # fmt: skip
MAY_READ = {"simulator.serving.pacer": {"time_ns", "monotonic"}, "simulator.contract.check": {"perf_counter"}}
"""The pacer moves the simulated clock along with real time; `absim contract` says how long it took, and no more."""
SQL_CLOCK = re.compile(r"CURRENT_TIME(?:STAMP)?|(?:strftime|datetime|julianday|unixepoch)\([^)]*'now'")
MAY_WAIT = {"simulator.serving.pacer", "simulator.serving.listener", "simulator.sync.postman", "simulator.cli.exec",
            "simulator.cli.serve"}  # fmt: skip
"""Who waits for a sign: the pacer for its tick, a door until it has settled, the postman for its next round (SMTP is
real), and the two commands for the end of what they keep up."""


def readings(path: Path) -> Iterator[tuple[str, int]]:
    """Every look at the machine's clock, every sleep, and every SQL that asks for the time."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if owner == "time" and node.attr in CLOCKS["time"]:
                yield node.attr, node.lineno
            if owner in ("datetime", "date") and node.attr in CLOCKS["datetime"]:
                yield f"datetime.{node.attr}", node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_CLOCK.search(node.value):
            yield "SQL", node.lineno


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_nothing_reads_the_machines_clock_or_sleeps(path: Path) -> None:
    allowed = MAY_READ.get(dotted(path), set())
    assert [] == [f"line {line}: {name}" for name, line in readings(path) if name not in allowed]


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_nothing_waits_for_real_time(path: Path) -> None:
    """`Event.wait(seconds)` and the like would be a sleep by another name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    waits = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "wait"
    ]
    assert dotted(path) in MAY_WAIT or [] == waits


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "from time import monotonic",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import date\ndate.today()",
        "q = \"SELECT strftime('%s', 'now')\"",
        "q = 'DEFAULT CURRENT_TIMESTAMP'",
    ],
)
def test_a_look_at_the_machines_clock_is_found(tmp_path: Path, source: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert 1 == len(list(readings(path)))


def names_by_the_hour(tree: ast.AST) -> Iterator[int]:
    """Lines on which a decorator packs with gzip and leaves the time of day in it: the test has another name in each
    process that collects it, and a run in parallel refuses to begin."""
    named = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in (node for each in named for decorator in each.decorator_list for node in ast.walk(decorator)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "gzip.compress":
            if "mtime" in {keyword.arg for keyword in node.keywords}:
                continue
            yield node.lineno


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_is_named_by_the_time_of_day(path: Path) -> None:
    assert [] == list(names_by_the_hour(ast.parse(path.read_text(encoding="utf-8"))))


def test_a_name_by_the_time_of_day_is_found() -> None:
    told = "@pytest.mark.parametrize('body', [gzip.compress(b'a'), gzip.compress(b'a', mtime=0)])\ndef test_it(): ..."
    assert [1] == list(names_by_the_hour(ast.parse(told)))
