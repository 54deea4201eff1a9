"""A Braze with a few people, an agenda that moves its clock, and short names for what tests do most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from simulator.clock import Agenda, SimClock
from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.fakes.braze.audience.service import Audience
from simulator.fakes.braze.keys import BrazeSettings, WorkspaceSettings
from simulator.fakes.braze.store.profiles import Profile
from simulator.rules.instants import parse_duration


@dataclass
class People:
    """ben has a device only, ida has an id and an address, ann an id and a number, kim an alias only."""

    ben: Profile
    ida: Profile
    ann: Profile
    kim: Profile


class House:
    """The audience side of a Braze with people in it."""

    def __init__(self, braze: Any, clock: SimClock) -> None:
        self.braze = braze
        self.clock = clock
        self.audience: Audience = braze.service.audience
        self.agenda = Agenda(clock)
        for work in braze.service.due_works:
            self.agenda.register(work)
        braze.identified("ida-1001", email="ida@example.org", country="DE", plan="gold")
        braze.identified("ann-1001", phone="+491700000001", country="FR")
        braze.post(
            "/users/track",
            {
                "attributes": [
                    {
                        "user_alias": {"alias_label": "crm", "alias_name": "kim-7"},
                        "_update_existing_only": False,
                        "plan": "free",
                    }
                ]
            },
        )
        kim = braze.store.profiles.by_alias("main", "crm", "kim-7")
        assert kim is not None
        self.people = People(braze.anonymous("d-ben-0001"), braze.user("ida-1001"), braze.user("ann-1001"), kim)
        self.names = {
            self.people.ben.braze_id: "ben",
            self.people.ida.braze_id: "ida",
            self.people.ann.braze_id: "ann",
            self.people.kim.braze_id: "kim",
        }

    def wait(self, duration: str) -> None:
        """Let simulated time pass, and what is due with it happen."""
        self.agenda.advance_to(self.clock.now + parse_duration(duration))

    def named(self, braze_ids: list[str]) -> list[str]:
        """Names of people, in alphabetical order."""
        return sorted(self.names.get(braze_id, braze_id) for braze_id in braze_ids)

    def in_segment(self, name: str, **kw: Any) -> list[str]:
        """Who is in a segment."""
        return self.named(self.audience.members(name, **kw))

    def got(self, name: str, *, since: int = 0) -> list[str]:
        """Who has an event of this type id."""
        found = [e.braze_id for e in self.audience.message_events(since) if e.name == name]
        return self.named(found)

    def campaign(self, name: str = "Welcome back", **form: Any) -> Campaign:
        """A campaign over webhook, which reaches everybody, unless another channel is given."""
        plan: Mapping[str, object] = {"channel": "webhook", **form}
        return self.audience.create_campaign(name, plan)

    def canvas(self, name: str = "Onboarding", **form: Any) -> Campaign:
        """A Canvas of one webhook step unless other steps are given."""
        plan: Mapping[str, object] = {"steps": [{"name": "Hello", "channel": "webhook"}], **form}
        return self.audience.create_canvas(name, plan)

    def event(self, external_id: str, name: str, time: str = "2026-03-02T10:00:00Z") -> None:
        """A custom event by users/track."""
        sent = {"external_id": external_id, "name": name, "time": time}
        assert self.braze.post("/users/track", {"events": [sent]}).status == 201


@pytest.fixture
def house(braze: Any, clock: SimClock) -> House:
    return House(braze, clock)


@pytest.fixture
def two_workspaces(make_braze: Any, clock: SimClock) -> House:
    """A house whose people live in the first of two workspaces; the other is called `second`."""
    return House(make_braze(BrazeSettings(workspaces=(WorkspaceSettings(), WorkspaceSettings("second")))), clock)
