"""Where contracts, scenarios and fixtures lie: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

_KEPT_FORMAT = b"1"
"""Counts up when what is made of a file changes."""
CONTRACTS = ("braze", "amplitude", "control")
"""Whose wires are stated: both services and the control plane."""
_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `contracts`, `scenarios` or `fixtures`. Raises FileNotFoundError when the install is broken."""
    for place in (_PACKAGE / "_packaged" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the folder {name}/ is missing from this installation of absim; install it again")


def contract_path(name: str) -> Path:
    """The OpenAPI file of one of `CONTRACTS`."""
    return folder("contracts") / f"{name}.openapi.yaml"


def text_of(given: str) -> str:
    """The text that the system gave as bytes, a name or an argument, as UTF-8, whatever letters the locale has."""
    return given.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def on_disk(name: str) -> str:
    """A name for a file, from text: its bytes are UTF-8 also where the locale has no such letters."""
    return os.fsdecode(name.encode("utf-8", "replace"))


def kept(stem: str, sources: Sequence[Path], make: Callable[[], Any]) -> Any:
    """What `make` makes of files, as JSON; made once and then read from beside the first of them.

    As Python keeps compiled modules: reading YAML takes most of a start's time. The name under which it lies holds a
    hash of the files, so what is kept is never older than they are. Raises OSError when a file cannot be read, and
    whatever `make` raises.
    """
    digest = blake2b(_KEPT_FORMAT, digest_size=12)
    for source in sources:
        digest.update(source.read_bytes())
    place = sources[0].parent / "__pycache__" / f"{stem}.{digest.hexdigest()}.json"
    with contextlib.suppress(OSError, orjson.JSONDecodeError):
        return orjson.loads(place.read_bytes())
    made = make()
    # An installation that cannot be written is only slower to start.
    with contextlib.suppress(OSError, TypeError):
        packed = orjson.dumps(made)
        place.parent.mkdir(exist_ok=True)
        for older in place.parent.glob(f"{stem}.*.json"):
            older.unlink(missing_ok=True)
        beside = place.with_suffix(f".{os.getpid()}")
        beside.write_bytes(packed)
        os.replace(beside, place)
    return made
