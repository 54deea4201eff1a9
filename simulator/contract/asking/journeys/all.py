"""Every journey through the three services."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.contract.asking.journeys import amplitude, bounds, braze, control, effects
from simulator.contract.asking.journeys.runner import Journey

JOURNEYS: Sequence[Journey] = (
    *braze.JOURNEYS, *effects.BRAZE, *bounds.BRAZE,
    *amplitude.JOURNEYS, *effects.AMPLITUDE, *bounds.AMPLITUDE,
    *control.JOURNEYS, *effects.CONTROL,
)  # fmt: skip
