"""Which function judges which expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.scenario.events import Difference
from simulator.scenario.judging import counts, exports, people, state
from simulator.scenario.judging.evidence import Evidence
from simulator.scenario.model import expectations as model
from simulator.scenario.model.expectations import Expectation

JUDGING: dict[type[Expectation], Callable[[Evidence, Any], Iterator[Difference]]] = {
    model.Members: people.members,
    model.Wanted: people.wanted,
    model.Added: people.added,
    model.AlreadyThere: people.already_there,
    model.Removed: people.removed,
    model.AlreadyGone: people.already_gone,
    model.Skipped: people.skipped,
    model.Dropped: people.dropped,
    model.NotRemoved: people.not_removed,
    model.Undelivered: people.undelivered,
    model.Segments: people.segments,
    model.Sent: people.sent,
    model.ProfilesCreated: counts.profiles_created,
    model.DataPoints: counts.data_points,
    model.Runs: counts.runs,
    model.Requests: counts.requests,
    model.Alerts: counts.alerts,
    model.Received: exports.received,
    model.History: exports.history,
    model.Named: state.named,
    model.Converged: state.converged,
    model.Outcomes: state.outcomes,
    model.Profiles: state.profiles,
    model.Story: state.story,
}
"""An expectation of the language without a line here is found by a test."""
