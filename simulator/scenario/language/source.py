"""Where a thing stands in a file, and what is wrong with it: the text that an author of scenarios reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

SHOWN_CELLS = 72
"""Terminal cells of a line that are shown: with its gutter it fits 80 columns, so that no wrap moves the carets."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: the name it is shown under and its lines."""

    name: str
    lines: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """Keep the lines of `text` for error messages."""
        return cls(name, tuple(text.splitlines()))

    def line(self, number: int) -> str:
        """Line `number`, counted from 1; empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Where:
    """A stretch of one line; line and column are counted from 1, the length in characters."""

    source: Source
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """The line itself with carets under the stretch, as two lines of text."""
        line = self.source.line(self.line).replace("\t", " ")
        start, end = self.column - 1, self.column - 1 + self.length
        before, marked, after = line[:start], _head(line[start:end], SHOWN_CELLS), line[end:]
        room = SHOWN_CELLS - _width(marked)
        if _width(before) + _width(after) > room:
            before = _head(before[::-1], room - min(_width(after), room // 3))[::-1]
            after = _head(after, room - _width(before))
        line = before + marked + after
        gutter = f"{self.line:>5} | "
        carets = "^" * max(1, _width(marked))
        return f"{gutter}{line}\n{' ' * (len(gutter) - 2)}| {' ' * _width(before)}{carets}"


def _head(text: str, cells: int) -> str:
    """The beginning of `text` that takes no more than so many cells, with an ellipsis when something is left out."""
    if _width(text) <= cells:
        return text
    while text and _width(text) >= cells:
        text = text[: max(cells - 1, 0)] if len(text) >= cells else text[:-1]
    return f"{text}…" if cells > 0 else ""


def _width(text: str) -> int:
    """The number of terminal cells that `text` takes: East Asian wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file, where, and what to do about it."""

    what: str
    where: Where
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}\n{self.where.excerpt()}"
        return f"{text}\n      = {self.hint}" if self.hint else text


class ScenarioInvalid(ValueError):
    """A file cannot be understood; `problems` says everything that is wrong, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        # One mistake can be met twice (a fragment included twice); it is said once.
        unique = dict.fromkeys(problems)
        self.problems = sorted(unique, key=lambda each: (each.where.source.name, each.where.line, each.where.column))
        super().__init__("\n\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str], what: str = "") -> str:
    """A hint for a misspelt word: the closest known one, or the list of all when it is short."""
    names = list(dict.fromkeys(known))
    lowered = {name.lower().replace("-", "_"): name for name in names}
    plain = word.lower().replace("-", "_").replace(" ", "_")
    close = get_close_matches(plain, lowered, n=1, cutoff=0.6)
    if close:
        return f"did you mean {lowered[close[0]]}?"
    if not names:
        return ""
    listed = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    return f"{what or 'known'}: {listed}" if what else f"one of: {listed}"
