"""An Amplitude with its HTTP side, whose every answer is held against the contract."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from werkzeug.test import TestResponse

from simulator.clock import Agenda, SimClock
from simulator.database import Database
from simulator.exchange import Exchange
from simulator.fakes.amplitude.cohorts.tables import MIGRATIONS as COHORT_MIGRATIONS
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.service import AmplitudeService
from simulator.fakes.amplitude.store import MIGRATIONS
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Ledger
from simulator.openapi import load
from simulator.rules.instants import Instant, parse_duration
from simulator.rules.switches import RuleSet

CONTRACT = load("amplitude")


class Amplitude:
    """One service on a clock of its own, and the requests that tests like to send."""

    def __init__(self, start: Instant, settings: AmplitudeSettings, rules: RuleSet) -> None:
        self.database = Database.memory([LEDGER_MIGRATIONS, MIGRATIONS, COHORT_MIGRATIONS])
        self.clock = SimClock(start)
        self.agenda = Agenda(self.clock)
        self.ledger = Ledger(self.database)
        self.service = AmplitudeService(self.database, self.ledger, self.clock, CONTRACT, rules, 7, settings)
        self.service.app.config["PROPAGATE_EXCEPTIONS"] = True
        for work in self.service.due_works:
            self.agenda.register(work)
        self.client = self.service.app.test_client()
        self.violations: list[str] = []
        self.service.service.observers.append(self._check)

    def _check(self, exchange: Exchange) -> None:
        if exchange.operation:
            operation = CONTRACT.operations[exchange.operation]
            found = CONTRACT.check_response(
                operation, exchange.status, exchange.response_headers, exchange.response_body
            )
            self.violations += [f"{exchange.operation} {exchange.status} {each}" for each in found]

    @property
    def main(self) -> Project:
        return self.service.store.projects.named("main")

    @property
    def now(self) -> Instant:
        return self.clock.now

    def later(self, duration: str) -> None:
        self.agenda.advance_to(Instant(self.now + parse_duration(duration)))

    def upload(self, *events: Mapping[str, Any], path: str = "/2/httpapi", **envelope: Any) -> TestResponse:
        body = {"api_key": self.main.api_key, "events": list(events), **envelope}
        return self.client.post(path, json=body)

    def form(self, path: str, **fields: str) -> TestResponse:
        return self.client.post(path, data={"api_key": self.main.api_key, **fields})

    def auth(self, project: str = "main") -> dict[str, str]:
        keys = self.service.store.projects.named(project)
        encoded = base64.b64encode(f"{keys.api_key}:{keys.secret_key}".encode()).decode()
        return {"Authorization": f"Basic {encoded}"}

    def get(self, path: str, **query: str | Sequence[str]) -> TestResponse:
        """A read of a client that takes nothing encoded."""
        headers = {**self.auth(), "Accept-Encoding": "identity"}
        return self.client.get(path, query_string=query, headers=headers)

    def call(self, method: str, path: str, **how: Any) -> TestResponse:
        return self.client.open(path, method=method, headers=self.auth(), **how)

    def stored(self) -> list[tuple[int, str]]:
        """amplitude_id and type of every event as stored, in order of arrival."""
        rows = self.database.rows(
            "SELECT amplitude_id, event_type FROM amplitude_event WHERE kind = 0 ORDER BY sequence"
        )
        first = self.main.first_id
        return [(number - first, name) for number, name in rows]


def event(user_id: str | None = "ida-1001", event_type: str | None = "app_opened", **fields: Any) -> dict[str, Any]:
    """One event as a client would send it."""
    body = {"user_id": user_id, "event_type": event_type, **fields}
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
def amplitude_with(start: Instant) -> Iterator[Callable[..., Amplitude]]:
    """Make an Amplitude with settings and switches; afterwards none of its answers may have broken the contract."""
    made: list[Amplitude] = []

    def make(settings: AmplitudeSettings | None = None, **switches: str) -> Amplitude:
        made.append(Amplitude(start, settings or AmplitudeSettings(), RuleSet().with_switches(switches)))
        return made[-1]

    yield make
    assert [] == [violation for each in made for violation in each.violations]


@pytest.fixture
def amplitude(amplitude_with: Callable[..., Amplitude]) -> Amplitude:
    return amplitude_with()


@pytest.fixture
def an_event() -> Callable[..., dict[str, Any]]:
    return event
