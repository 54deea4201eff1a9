"""Every journey through the three services."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.contract.asking.journeys import amplitude, braze, control
from simulator.contract.asking.journeys.runner import Journey

JOURNEYS: Sequence[Journey] = (*braze.JOURNEYS, *amplitude.JOURNEYS, *control.JOURNEYS)
