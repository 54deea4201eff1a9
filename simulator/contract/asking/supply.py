"""Fills generated requests with what no generator can know: keys that open doors and ids of those who live there.

A value is replaced only where the generator put one of the same type, so a request that was made wrong on purpose
(a missing key, a number for an id) stays wrong.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from simulator.contract.asking.bench import Living
from simulator.ids import derive_int
from simulator.openapi import Operation
from simulator.serving.stage import Keys

STRANGERS_IN = 4
"""One generated id in so many is left as it was: strangers have to be met as well."""

LISTS = {"external_ids": "external_id", "user_ids": "external_id", "device_ids": "device_id", "braze_ids": "braze_id",
         "external_user_ids": "external_id", "amplitude_ids": "amplitude_id", "email_addresses": "email",
         "ids": "ids", "enter": "external_id", "leave": "external_id"}  # fmt: skip
"""Lists of ids, and the name of one of them."""


def credentials(service: str, keys: Keys) -> dict[str, str]:
    """Headers that open a service: a REST key for Braze, both keys as Basic for Amplitude's dashboard."""
    if service == "braze":
        return {"Authorization": f"Bearer {keys.braze_api_key}"}
    if service == "amplitude":
        pair = f"{keys.amplitude_api_key}:{keys.amplitude_secret_key}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
    return {}


def headers_for(service: str, operation: Operation, keys: Keys) -> dict[str, str]:
    """The same for one operation; the profile API wants the secret key alone, partners carry theirs in the body."""
    if operation.definition.get("security") == []:
        return {}
    if operation.path.startswith("/v1/userprofile"):
        return {"Authorization": f"Api-Key {keys.amplitude_secret_key}"}
    if operation.path.startswith("/partners/"):
        return {}
    return credentials(service, keys)


BOUNDED: Mapping[str, tuple[object, ...]] = {
    "advanceClock.by": ("1h", "90m"), "at_most": ("1d", "2h"), "pace": ("frozen",), "times": (1, 2),
    "instant": ("2026-03-03T00:00:00Z", "2026-03-05T12:30:00Z"),
}  # fmt: skip
"""What the control plane is told instead of what was drawn: years of simulated time, or a clock that runs by itself,
would make a check last for ever and no two runs alike."""


ABROAD: Mapping[str, tuple[object, ...]] = {"broadcast": (False,)}


class Supply:
    """Keys and living ids; which of the living stands where is drawn from the seed, so a run can be repeated."""

    def __init__(
        self, service: str, keys: Keys, living: Living, seed: int, *, strangers: bool = True, ours: bool = True
    ) -> None:
        """A service that is not `ours` may have an audience of its own; nothing is sent to everybody there."""
        self._living = living
        self._strangers = strangers
        self._bounded = BOUNDED if service == "control" else {} if ours else ABROAD
        self._seed = seed
        self._drawn = 0
        self._said: set[object] = set()
        self._secrets: dict[str, str] = {}
        if service == "braze":
            self._secrets = {
                "partner_api_key": keys.braze_partner_api_key, "client_secret": keys.braze_data_import_key,
            }  # fmt: skip
        elif service == "amplitude":
            self._secrets = {"api_key": keys.amplitude_api_key}

    def remember(self, value: Any) -> None:
        """What was said in a request or an answer: where it is said again, it leads on and stays as it is."""
        if isinstance(value, Mapping | list):
            for each in value.values() if isinstance(value, Mapping) else value:
                self.remember(each)
        elif isinstance(value, str | int) and not isinstance(value, bool) and value:
            self._said.add(value)

    def fill(self, value: Any, operation: str = "", name: str = "") -> Any:
        """A body, a form, query parameters or path parameters of an operation with keys and living ids put in."""
        if isinstance(value, Mapping):
            return {key: self.fill(each, operation, str(key)) for key, each in value.items()}
        if isinstance(value, list):
            of_one = LISTS.get(name, name if name in LISTS.values() else "")
            return [self.fill(each, operation, of_one) for each in value]
        if isinstance(value, str) and name in self._secrets:
            return self._secrets[name]
        return self._instead(value, operation, name)

    def _instead(self, value: Any, operation: str, name: str) -> Any:
        bounded = self._bounded.get(f"{operation}.{name}", self._bounded.get(name, ()))
        if bounded and type(value) is type(bounded[0]):
            self._drawn += 1
            return bounded[derive_int(self._seed, "bounded", name, self._drawn) % len(bounded)]
        pool = self._living.of(name, operation)
        if not pool or isinstance(value, bool) or not isinstance(value, str | int) or value in self._said:
            return value
        self._drawn += 1
        drawn = derive_int(self._seed, "living", name, self._drawn)
        if self._strangers and drawn % STRANGERS_IN == 0:
            return value
        chosen = pool[drawn // STRANGERS_IN % len(pool)]
        if isinstance(value, str):
            return str(chosen)
        return chosen if isinstance(chosen, int) else value
