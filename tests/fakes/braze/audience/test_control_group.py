"""The Global Control Group."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(("percent", "people"), [(0, 0), (100, 4)])
def test_nobody_or_everybody(house: Any, percent: float, people: int) -> None:
    group = house.audience.control_group
    group.set("main", percent)
    assert (len(group.members("main")), group.exists("main")) == (people, people > 0)


def test_members_and_the_rest_divide_everybody(house: Any) -> None:
    group = house.audience.control_group
    group.set("main", 50)
    everybody = house.braze.store.profiles.rows("main")
    assert sorted(group.members("main") + group.outside("main", everybody)) == everybody


def test_without_a_group_everybody_is_outside(house: Any) -> None:
    assert house.audience.control_group.outside("main", [3, 1]) == [3, 1]


@pytest.mark.parametrize("percent", [-0.1, 100.1])
def test_a_share_is_a_percentage(house: Any, percent: float) -> None:
    with pytest.raises(ValueError, match="0 to 100 percent"):
        house.audience.control_group.set("main", percent)


def test_campaigns_never_reach_it(house: Any) -> None:
    house.audience.control_group.set("main", 100)
    assert house.audience.send_now(house.campaign().campaign_id) == 0
