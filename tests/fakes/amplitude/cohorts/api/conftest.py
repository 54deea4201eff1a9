"""People who have done something, and short ways to the cohort endpoints."""

from __future__ import annotations

import pytest


class Desk:
    """The cohort endpoints of one Amplitude, asked with its keys."""

    def __init__(self, amplitude):
        self.amplitude = amplitude
        self.cohorts = amplitude.service.cohorts
        self.api = amplitude.service.cohort_api

    def did(self, *user_ids, event="app_opened", **properties):
        events = [{"user_id": u, "event_type": event, "user_properties": properties} for u in user_ids]
        return self.amplitude.service.ingest("main", events).amplitude_ids

    def anonymous(self, device_id):
        events = [{"device_id": device_id, "event_type": "app_opened"}]
        return self.amplitude.service.ingest("main", events).amplitude_ids[0]

    def get(self, path, **query):
        return self.amplitude.get(path, **query)

    def post(self, path, body):
        return self.amplitude.call("POST", path, json=body)

    def upload(self, **changes):
        body = {
            "name": "vips",
            "app_id": 153957,
            "id_type": "BY_USER_ID",
            "ids": ["ida-1001"],
            "owner": "demo@example.com",
            "published": True,
            **changes,
        }
        return self.post("/api/3/cohorts/upload", {k: v for k, v in body.items() if v is not ...})

    def membership(self, cohort_id, *changes, **more):
        memberships = [{"ids": ids, "id_type": kind, "operation": what} for what, kind, ids in changes]
        return self.post("/api/3/cohorts/membership", {"cohort_id": cohort_id, "memberships": memberships, **more})

    def who(self, cohort_id):
        return self.get(f"/api/3/cohorts/{cohort_id}").json["user_ids"]


@pytest.fixture
def desk(amplitude):
    desk = Desk(amplitude)
    desk.did("ida-1001", "ben-1001", "李雷-1001")
    return desk


@pytest.fixture
def desk_with(amplitude_with):
    """A desk of an Amplitude with settings or switches of its own."""
    return lambda settings=None, **switches: Desk(amplitude_with(settings, **switches))
