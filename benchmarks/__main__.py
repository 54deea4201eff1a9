"""The figures: `python -m benchmarks [NAME…]` runs every benchmark, or those named, each in a process of its own.

A benchmark is a module of this folder with a `main()`; the first line of its docstring says what it measures. Each
prints medians and ratios with a peer measured in the same run: absolute figures drift from machine to machine.
"""

from __future__ import annotations

import ast
import difflib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def registry() -> dict[str, str]:
    """Every benchmark and its first sentence, by name."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").split("\n")[0]
    return found


def main(arguments: list[str]) -> int:
    """Run what is asked for, in turn; 1 if any failed, 2 for a name that is no benchmark."""
    known = registry()
    if "--list" in arguments:
        for name, sentence in known.items():
            print(f"{name:<14} {sentence}")
        return 0
    for name in arguments:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            print(f"there is no benchmark {name!r}{hint} (known: {', '.join(known)})", file=sys.stderr)
            return 2
    failed = []
    for name in arguments or list(known):
        print(f"== {name}: {known[name]}", flush=True)
        # A process of its own, so that neither caches nor memory of one colour the next.
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
