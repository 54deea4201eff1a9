"""A Braze of one's own for each test: real database, real ledger, real WSGI calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator import openapi
from simulator.clock import SimClock
from simulator.database import Database
from simulator.fakes.braze.audience.schema import MIGRATIONS as AUDIENCE_MIGRATIONS
from simulator.fakes.braze.keys import BrazeSettings
from simulator.fakes.braze.service import BrazeService
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.schema import MIGRATIONS
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Entry, Ledger
from simulator.rules.switches import RuleSet

SNAPSHOT = Database.memory([LEDGER_MIGRATIONS, MIGRATIONS, AUDIENCE_MIGRATIONS]).snapshot()


@dataclass(frozen=True)
class Answer:
    """Status and body of one call."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Braze:
    """The fake, as its callers see it; every call is held against the contract."""

    def __init__(self, clock: SimClock, settings: BrazeSettings, rules: RuleSet) -> None:
        self.database = Database.memory([], template=SNAPSHOT)
        self.ledger = Ledger(self.database)
        self.clock = clock
        self.contract = openapi.load("braze")
        self.service = BrazeService(self.database, self.ledger, clock, self.contract, rules, 7, settings)
        self.service.app.testing = True
        self.http: FlaskClient = self.service.app.test_client()
        self.store = self.service.store
        self.phone = self.service.phone
        self.keys = self.service.keys

    def rules(self, **switches: str) -> None:
        """Set switches."""
        self.service.rules = self.service.rules.with_switches(switches)

    def post(
        self,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **kw: Any,
    ) -> Answer:
        """POST JSON (or raw bytes) with the workspace's REST key, unless another one, or none (""), is given."""
        bearer = self.keys.rest_keys["main"] if key is None else key
        sent = {"Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        sent.update(headers or {})
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._checked("POST", path, data, {k: v for k, v in sent.items() if v}, **kw)

    def get(self, path: str, *, key: str | None = None, **query: Any) -> Answer:
        """GET with the workspace's REST key, unless another one, or none (""), is given."""
        bearer = self.keys.rest_keys["main"] if key is None else key
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self._checked("GET", path, b"", headers, query_string=query)

    def _checked(self, method: str, path: str, data: bytes, headers: Mapping[str, str], **kw: Any) -> Answer:
        reply = self.http.open(path, method=method, data=data, headers=headers, **kw)
        found = self.contract.find(method, path)
        if found is not None:
            lower = {name.lower(): value for name, value in reply.headers.items()}
            violations = self.contract.check_response(found[0], reply.status_code, lower, reply.data)
            assert [str(violation) for violation in violations] == []
        return Answer(reply.status_code, reply.get_json(), dict(reply.headers))

    def cohort_body(self, **more: object) -> dict[str, object]:
        """Both good keys, and what is given."""
        return {
            "partner_api_key": self.keys.partner_api_key,
            "client_secret": self.keys.data_import_keys["main"],
            **more,
        }

    def change(
        self, *changes: object, cohort_id: str = "openers", partner: str = "amplitude", **more: object
    ) -> Answer:
        """Send `cohort_changes` of one cohort."""
        body = self.cohort_body(cohort_id=cohort_id, cohort_changes=list(changes), **more)
        return self.post(f"/partners/{partner}/cohorts/users", body, key="")

    def members(self, cohort_id: str = "openers", partner: str = "amplitude") -> list[str]:
        """External ids (else Braze ids) of a cohort's members."""
        profiles = self.store.profiles.by_rows(self.store.membership.members("main", partner, cohort_id))
        return [profile.external_id or profile.braze_id for profile in profiles]

    def user(self, external_id: str) -> Profile:
        """The profile of that external id; it must exist."""
        found = self.store.profiles.by_external_id("main", external_id)
        assert found is not None
        return found

    def anonymous(self, device_id: str) -> Profile:
        """A new anonymous profile on a device."""
        return self.phone.appear(device_id)

    def identified(self, external_id: str, **attributes: object) -> Profile:
        """A profile that was made by API."""
        answer = self.post("/users/track", {"attributes": [{"external_id": external_id, **attributes}]})
        assert answer.status == 201
        return self.user(external_id)

    def export(self, external_id: str) -> dict[str, Any]:
        """The exported document of one user."""
        answer = self.post("/users/export/ids", {"external_ids": [external_id]})
        assert answer.status == 201
        (user,) = answer.body["users"]
        return dict(user)

    def entries(self, event: str) -> list[Entry]:
        """All ledger entries under an event."""
        return [entry for page in self.ledger.pages(events=[event]) for entry in page.entries]


@pytest.fixture
def make_braze(clock: SimClock) -> Callable[..., Braze]:
    def make(settings: BrazeSettings | None = None, **switches: str) -> Braze:
        return Braze(clock, settings or BrazeSettings(), RuleSet().with_switches(switches))

    return make


@pytest.fixture
def braze(make_braze: Callable[..., Braze]) -> Braze:
    return make_braze()


@pytest.fixture
def unlimited(make_braze: Callable[..., Braze]) -> Braze:
    return make_braze(replace(BrazeSettings(), limits_on=False))
