"""What people and dashboards do to a world, by name: a scenario's steps and the acts of faults are the same functions.

Each act takes ids and names as they stand in the world. A fault names an act and its arguments (`revoke_key`,
`{"connection": "braze"}`), and it happens in the middle of a call; what is refused there is told by the ledger, the
journal and the fault itself, for the call goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Signature, signature
from typing import Any

import orjson

from simulator.fakes.amplitude.cohorts.catalogue import CohortRefused
from simulator.fakes.amplitude.service import AmplitudeService
from simulator.fakes.braze.keys import UnknownWorkspace
from simulator.fakes.braze.phone import PhoneRefused
from simulator.fakes.braze.service import BrazeService
from simulator.fakes.faults import Action, ActRefused
from simulator.feeds import MAIN, UnknownCohort
from simulator.rules.cadence import Cadence
from simulator.rules.cohorts.definition import DefinitionError
from simulator.rules.identity import Kind
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.serving.transports import WsgiTransport
from simulator.sync.connections import SetupRefused, UnknownSetup
from simulator.sync.engine import Engine
from simulator.sync.ports import Request
from simulator.sync.store.records import Connection

WORKSPACE = "main"
PARTNER = "amplitude"
JSON = "application/json"


class CallRefused(RuntimeError):
    """Braze answered an act's call with an error, or Amplitude does not know whom it is about."""


REFUSALS = (
    SetupRefused, UnknownSetup, UnknownCohort, UnknownWorkspace, CohortRefused, DefinitionError, PhoneRefused,
    CallRefused, KeyError, ValueError,
)  # fmt: skip


class Acts:
    """Everything that can be done in the middle of a call. Methods raise what the settings pages would say."""

    def __init__(self, engine: Engine, amplitude: AmplitudeService, braze: BrazeService, endpoint: str) -> None:
        self._engine = engine
        self._amplitude = amplitude
        self._braze = braze
        self._endpoint = endpoint

    def table(self) -> dict[str, Action]:
        """By name, for the book of faults: what is refused becomes ActRefused."""
        offered: Sequence[Callable[..., Any]] = (
            self.revoke_key, self.new_key, self.enable_partner, self.disable_partner, self.change_mapping,
            self.rename_cohort, self.edit_cohort, self.delete_cohort, self.change_cadence, self.pause_sync,
            self.resume_sync, self.delete_sync, self.add_members, self.remove_members, self.log_in, self.wipe_data,
            self.merge, self.delete, self.rename_external_id,
        )  # fmt: skip
        return {each.__name__: _Told(each) for each in offered}

    def connection(self, reference: str) -> Connection:
        """A connection by id, or by a name that no other project uses too. Raises UnknownSetup."""
        live = [each for each in self._engine.store.connections() if not each.deleted]
        found = [each for each in live if each.id == reference] or [each for each in live if each.name == reference]
        if not found:
            raise UnknownSetup(f"there is no connection {reference!r}")
        if len(found) > 1:
            places = ", ".join(f"{each.id} in {each.project}" for each in found)
            raise UnknownSetup(f"several projects have a connection {reference!r}; say its id: {places}")
        return found[0]

    # keys

    def revoke_key(self, connection: str) -> None:
        """KEY-1. From now on the connection's data import key is refused."""
        self._braze.keys.invalidate_data_import_key(self.connection(connection).settings["data_import_key"])

    def new_key(self, connection: str) -> str:
        """KEY-1. Another data import key, pasted into the connection at once."""
        key = self._braze.keys.create_data_import_key(WORKSPACE, PARTNER)
        self._engine.new_key(self.connection(connection).id, key)
        return key

    def enable_partner(self, partner: str = PARTNER) -> None:
        """KEY-2."""
        self._braze.keys.switch_partner(WORKSPACE, partner, True)

    def disable_partner(self, partner: str = PARTNER) -> None:
        """KEY-2."""
        self._braze.keys.switch_partner(WORKSPACE, partner, False)

    # settings

    def change_mapping(self, connection: str, identify_by: Sequence[IdentifierMapping | Mapping[str, str]]) -> None:
        """MAP-5."""
        self._engine.change_mapping(self.connection(connection).id, [_mapping(each) for each in identify_by])

    def rename_cohort(self, cohort: str, name: str, project: str = MAIN) -> None:
        """SYNC-2. The next run tells Braze the new name."""
        self._amplitude.cohorts.rename(cohort, name, project=project)

    def edit_cohort(self, cohort: str, definition: Any, project: str = MAIN) -> None:
        """COHORT-1. Who comes or goes by the new definition does so at once."""
        self._amplitude.cohorts.edit(cohort, definition, project=project)

    def delete_cohort(self, cohort: str, project: str = MAIN) -> None:
        """COHORT-3. Its syncs find nothing to ask any more; Braze's members stay."""
        self._amplitude.cohorts.delete(cohort, project=project)

    def change_cadence(self, sync: str, cadence: str) -> None:
        """CAD-2. A new slot, and a run at once."""
        self._engine.change_cadence(sync, Cadence(cadence))

    def pause_sync(self, sync: str) -> None:
        """No further run begins."""
        self._engine.pause(sync)

    def resume_sync(self, sync: str) -> None:
        """The schedule goes on."""
        self._engine.resume(sync)

    def delete_sync(self, sync: str) -> None:
        """Braze's members stay."""
        self._engine.delete_sync(sync)

    # people in Amplitude

    def add_members(self, cohort: str, user_ids: Sequence[str], project: str = MAIN) -> None:
        """COHORT-3. Put people into a static cohort."""
        self._amplitude.cohorts.add_members(cohort, self._known(user_ids, project), project=project)

    def remove_members(self, cohort: str, user_ids: Sequence[str], project: str = MAIN) -> None:
        """COHORT-3. Take people out of a static cohort."""
        self._amplitude.cohorts.remove_members(cohort, self._known(user_ids, project), project=project)

    def _known(self, user_ids: Sequence[str], project: str) -> list[int]:
        found = {user_id: self._amplitude.find(project, user_id=user_id) for user_id in user_ids}
        if missing := [user_id for user_id, user in found.items() if user is None]:
            raise CallRefused(f"Amplitude has no user {', '.join(missing)}")
        return [user.amplitude_id for user in found.values() if user is not None]

    # people in Braze

    def log_in(self, device_id: str, external_id: str) -> None:
        """LIFE-1, LIFE-2."""
        self._braze.phone.log_in(device_id, external_id)

    def wipe_data(self, device_id: str, new_device_id: str) -> None:
        """A new device record and a new anonymous profile."""
        self._braze.phone.wipe_data(device_id, new_device_id=new_device_id)

    def merge(self, external_id: str, into: str) -> None:
        """LIFE-3."""
        update = {"identifier_to_merge": {"external_id": external_id}, "identifier_to_keep": {"external_id": into}}
        self._call("/users/merge", {"merge_updates": [update]})

    def delete(self, external_id: str) -> None:
        """LIFE-3."""
        self._call("/users/delete", {"external_ids": [external_id]})

    def rename_external_id(self, external_id: str, to: str) -> None:
        """LIFE-3, MATCH-6."""
        rename = {"current_external_id": external_id, "new_external_id": to}
        self._call("/users/external_ids/rename", {"external_id_renames": [rename]})

    def _call(self, path: str, body: Mapping[str, object]) -> None:
        """A call with a good key, past the door: another request may be in it."""
        headers = {"content-type": JSON, "authorization": f"Bearer {self._braze.keys.rest_keys[WORKSPACE]}"}
        door = WsgiTransport(self._braze.app, self._endpoint)
        answer = door.send(Request("POST", path, headers, orjson.dumps(body)))
        told = orjson.loads(answer.body)
        if answer.status >= 300 or any(errors for key, errors in told.items() if key.endswith("errors")):
            raise CallRefused(f"Braze answers {path} with {answer.status} {answer.body.decode()}")


class _Told:
    """An act for the book of faults. A world makes all of them and mostly needs none, so it is made in no time."""

    __slots__ = ("_act",)

    def __init__(self, act: Callable[..., Any]) -> None:
        self._act = act

    @property
    def __signature__(self) -> Signature:
        return signature(self._act)

    def __call__(self, **arguments: Any) -> None:
        try:
            self._act(**arguments)
        except REFUSALS as refused:
            raise ActRefused(f"{self._act.__name__}: {refused}") from refused


def _mapping(written: IdentifierMapping | Mapping[str, str]) -> IdentifierMapping:
    if isinstance(written, IdentifierMapping):
        return written
    return IdentifierMapping(written["property"], Kind(written["to"]), written.get("label", ""))
