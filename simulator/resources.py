"""Where contracts, scenarios and fixtures lie: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `contracts`, `scenarios` or `fixtures`. Raises FileNotFoundError when the install is broken."""
    for place in (_PACKAGE / "_packaged" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the folder {name}/ is missing from this installation of absim; install it again")


def contract_path(name: str) -> Path:
    """The OpenAPI file of `braze`, `amplitude` or `control`."""
    return folder("contracts") / f"{name}.openapi.yaml"
