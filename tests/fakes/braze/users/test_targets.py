"""Whom an object means, asked directly."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.targets import Targets
from simulator.rules.attributes.objects import Naming, Target


def test_the_same_profile_is_one_object_however_it_is_named(braze: Any) -> None:
    ida = braze.identified("ida-1001", email="ida@example.com")
    targets = Targets(braze.service.room, braze.service.life, Accepted("main", braze.clock.now, ""))
    named = [
        Target(Naming.EXTERNAL_ID, "ida-1001"),
        Target(Naming.BRAZE_ID, ida.braze_id),
        Target(Naming.EMAIL, "ida@example.com"),
    ]
    found = [targets.find(target) for target in named]
    assert found[0] is found[1] is found[2]
    assert targets.created == set()


def test_an_email_that_was_just_changed_is_found_within_the_request(braze: Any) -> None:
    braze.post(
        "/users/track",
        {
            "attributes": [
                {"external_id": "ida", "email": "new@example.com"},
                {"email": "new@example.com", "plan": "gold"},
            ]
        },
    )
    assert braze.user("ida").custom == {"plan": "gold"}
