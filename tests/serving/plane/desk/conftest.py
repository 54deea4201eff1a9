"""A client of the control plane that holds every answer to the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def sim(client: Any) -> Callable[..., Any]:
    """`sim(method, path, body)`: the answer, checked."""
    contract = client.stage.contracts["control"]

    def ask(method: str, path: str, body: object = None) -> Any:
        told = client.sim(method, path, body)
        found = contract.find(method, f"/_sim{path}".split("?")[0])
        assert found is not None
        headers = {name.lower(): value for name, value in told.headers.items()}
        assert [] == contract.check_response(found[0], told.status, headers, told.raw)
        return told

    return ask
