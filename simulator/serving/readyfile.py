"""The ready file: a JSON file that appears, whole, when a served world accepts calls, and goes when it stops."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path


class ReadyFileUnwritable(RuntimeError):
    """The ready file cannot be written; the message is one line with the path and the reason."""


@contextlib.contextmanager
def ready_file(path: Path, content: Mapping[str, object]) -> Iterator[None]:
    """Write `content` and remove it at the end. It holds keys in clear, so only this user may read it.

    The file is made beside its place and moved there, so that a waiting reader never sees half of it. Raises
    ReadyFileUnwritable.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ReadyFileUnwritable(f"the ready file {path} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        # Another world may have taken the place in the meantime; its file stays.
        if _written_by(path) == content.get("pid"):
            path.unlink(missing_ok=True)


def _written_by(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("pid")
    except (OSError, ValueError, AttributeError):
        return None
