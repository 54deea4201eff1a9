"""What the population tests share: a small recipe with every kind and the mappings a connection would have."""

from __future__ import annotations

import pytest

from simulator.population import Dirt, PersonKind, Recipe, parse_recipe
from simulator.rules.identity import Kind
from simulator.rules.mapping import Mapping

USER_ID = Mapping("user_id", Kind.EXTERNAL_ID)
CRM_ID = Mapping("crm_id", Kind.ALIAS, "crm")
DEVICE_ID = Mapping("device_id", Kind.DEVICE_ID)


@pytest.fixture
def hierarchy() -> tuple[Mapping, ...]:
    """User id, then CRM id, then device id: the order that loses the fewest people."""
    return (USER_ID, CRM_ID, DEVICE_ID)


@pytest.fixture
def everybody() -> Recipe:
    """Every kind, and every dirt on at least one person of each kind it can soil."""
    kinds = dict.fromkeys([str(kind) for kind in PersonKind], "11%")
    kinds["known"] = "12%"
    dirt = dict.fromkeys([str(dirt) for dirt in Dirt if dirt is not Dirt.NONE], "5%")
    return parse_recipe({"size": 1_000, "kinds": kinds, "dirt": dirt, "locale": ["en_US", "ja_JP"]})
