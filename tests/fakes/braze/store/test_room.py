"""What the parts of the fake share."""

from __future__ import annotations

from typing import Any


def test_rules_may_change_while_the_world_runs(braze: Any) -> None:
    braze.rules(write_visibility="processing")
    assert braze.service.room.rules.write_visibility == "processing"
    braze.post("/users/track", {"attributes": [{"external_id": "ida"}]})
    braze.rules(write_visibility="at_once")
    braze.post("/users/track", {"attributes": [{"external_id": "ben"}]})
    assert [profile.external_id for profile in braze.store.profiles.by_rows([1, 2])] == ["ben"]
