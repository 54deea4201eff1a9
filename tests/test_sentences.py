"""The table of sentences stays true: files exist, each sentence has one, and one of them names the document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from simulator.scenario.parse import load

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
DOCUMENTS = (
    "Braze, Amplitude cohort import",
    "Braze, Amplitude cohort import (Korean copy)",
    "Amplitude, Braze (Cohort Sync)",
    "Braze, Amplitude Audiences",
    "Braze, Importación de cohortes de Amplitude",
)
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


class Sentence(NamedTuple):
    document: str
    section: str
    text: str
    files: tuple[str, ...]
    shown: str


def sentences() -> list[Sentence]:
    rows: list[Sentence] = []
    document = ""
    for line in (FOLDER / "SENTENCES.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            document = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| section"):
            section, text, shown = (cell.strip() for cell in line.strip("|").split("|"))
            rows.append(Sentence(document, section, text, tuple(LINK.findall(shown)), shown))
    return rows


def cites(file: str, document: str) -> bool:
    """The English page and its Korean copy begin alike; a longer title is another document."""
    longer = [other for other in DOCUMENTS if other != document and other.startswith(document)]
    return any(
        source.startswith(document) and not any(source.startswith(other) for other in longer)
        for source in load(FOLDER / file)[0].source
    )


def test_all_five_documents_have_their_sentences() -> None:
    assert set(DOCUMENTS) == {sentence.document for sentence in sentences()}
    assert len(sentences()) >= 70


@pytest.mark.parametrize("sentence", sentences(), ids=lambda sentence: f"{sentence.section}: {sentence.text[:60]}")
def test_a_sentence_is_shown_by_files_that_exist_and_one_names_its_document(sentence: Sentence) -> None:
    assert sentence.files
    assert [] == [file for file in sentence.files if not (FOLDER / file).is_file()]
    assert any(cites(file, sentence.document) for file in sentence.files)


def test_every_family_of_the_documents_is_in_the_table() -> None:
    shown = {Path(file).parent.name for sentence in sentences() for file in sentence.files}

    assert {
        "identifier-fallback", "matching", "no-create", "keys-and-connections", "runs", "traps", "segments", "traits",
        "streaming", "currents", "campaigns", "history",
    } <= shown  # fmt: skip
