"""Setting up: connections with their keys and mappings, and the syncs that use them; what is refused, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from simulator.clock import SimClock
from simulator.feeds import MAIN
from simulator.ids import derive_int
from simulator.ledger import Ledger
from simulator.rules import cadence as cadence_rules
from simulator.rules.cadence import Cadence, Plan
from simulator.rules.instants import Instant
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.mapping import check_hierarchy
from simulator.sync.ports import Source
from simulator.sync.store import EngineStore
from simulator.sync.store.records import Connection, Sync, SyncKind, SyncState


class SetupRefused(ValueError):
    """Amplitude would not save this connection or sync; the message says what to change."""


class UnknownSetup(LookupError):
    """No connection or sync of that id exists."""


class Terms(NamedTuple):
    """CONN-3. What the plan of a project allows."""

    plan: Plan = Plan.ENTERPRISE
    automated_syncs: int | None = cadence_rules.AUTOMATED_SYNCS
    """How many scheduled and real-time syncs it includes; None for any number."""


class Setup:
    """What a person does in Amplitude's settings pages. Every change is a row in the ledger."""

    def __init__(self, store: EngineStore, ledger: Ledger, clock: SimClock, source: Source, seed: int) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._source = source
        self._seed = seed
        self.terms: dict[str, Terms] = {MAIN: Terms()}
        """Of every project, by its name; whoever wires a world keeps them up."""

    # connections

    def create_connection(
        self, kind: str, name: str, endpoint: str, settings: Mapping[str, Any],
        mappings: Sequence[IdentifierMapping], workspace: str, project: str = MAIN,
    ) -> Connection:  # fmt: skip
        """CONN-1, CONN-2. Save a destination of a project; several of one kind may stand beside each other.

        Raises SetupRefused, UnknownSetup.
        """
        terms = self._terms(project)
        if refusal := cadence_rules.destination_refusal(terms.plan):
            raise SetupRefused(refusal)
        if not endpoint:
            raise SetupRefused("a connection needs the REST endpoint, such as https://rest.iad-01.braze.com")
        if not name:
            raise SetupRefused("a connection needs a name")
        for setting, value in settings.items():
            if value == "":
                raise SetupRefused(f"a connection needs {setting.replace('_', ' ')}")
        others = [each for each in self._store.connections() if each.project == project and not each.deleted]
        if any(each.name == name for each in others):
            raise SetupRefused(f"a connection named {name!r} exists; give this one another name")
        self._check(mappings)
        with self._store.transaction():
            number = len(self._store.connections()) + 1
            connection = Connection(
                id=f"connection-{number}", kind=kind, name=name, endpoint=endpoint, settings=dict(settings),
                mappings=tuple(mappings), workspace=workspace, created_at=self._clock.now, deleted=False,
                project=project,
            )  # fmt: skip
            self._store.add_connection(connection)
            self._note("connection_saved", detail={"connection": connection.id, "mappings": _texts(mappings)})
        return connection

    def change_mapping(self, connection_id: str, mappings: Sequence[IdentifierMapping]) -> None:
        """MAP-5. Only people who enter afterwards are sent under the new mapping. Raises SetupRefused."""
        before = self.connection(connection_id)
        self._check(mappings)
        with self._store.transaction():
            self._store.update_connection(connection_id, mappings=tuple(mappings))
            detail = {
                "connection": connection_id, "mappings": _texts(mappings), "before": _texts(before.mappings),
                "warning": "only users who enter from now on use the new mapping",
            }  # fmt: skip
            self._note("mapping_changed", rules="MAP-5", detail=detail)

    def change_settings(self, connection_id: str, **settings: object) -> None:
        """KEY-1. Paste a new key, or another endpoint setting; requests not yet sent, retries too, use it."""
        connection = self.connection(connection_id)
        with self._store.transaction():
            self._store.update_connection(connection_id, settings={**connection.settings, **settings})
            self._note("settings_changed", detail={"connection": connection_id, "changed": sorted(settings)})

    def change_endpoint(self, connection_id: str, endpoint: str) -> None:
        """Point a connection at another cluster."""
        self.connection(connection_id)
        if not endpoint:
            raise SetupRefused("a connection needs the REST endpoint, such as https://rest.iad-01.braze.com")
        self._store.update_connection(connection_id, endpoint=endpoint)

    def delete_connection(self, connection_id: str) -> None:
        """A destination goes only when no sync uses it. Raises SetupRefused."""
        self.connection(connection_id)
        users = [each.id for each in self._live() if each.connection == connection_id]
        if users:
            raise SetupRefused(f"{', '.join(users)} still use {connection_id}; delete them first")
        with self._store.transaction():
            self._store.update_connection(connection_id, deleted=1)
            self._note("connection_deleted", detail={"connection": connection_id})

    def connection(self, connection_id: str) -> Connection:
        """A connection that exists. Raises UnknownSetup."""
        found = self._store.connection(connection_id)
        if found is None or found.deleted:
            raise UnknownSetup(f"there is no connection {connection_id!r}")
        return found

    # syncs

    def create_sync(
        self, kind: SyncKind, cohort: str, connection_id: str, cadence: Cadence, owner: str,
        settings: Mapping[str, Any],
    ) -> Sync:  # fmt: skip
        """CAD-1 to CAD-3, CONN-3. Save a sync; its first run is due at once. Raises SetupRefused."""
        connection = self.connection(connection_id)
        if kind is SyncKind.COHORT:
            self._check_project(cohort, connection)
        self._check_cadence(kind, cohort, cadence, connection.project)
        now = self._clock.now
        with self._store.transaction():
            number = self._store.next_sync_number()
            sync = Sync(
                number=number, id=f"sync-{number}", kind=kind, cohort=cohort, connection=connection_id,
                cadence=cadence, slot_ms=self._draw_slot(number, cadence), owner=owner, state=SyncState.ACTIVE,
                settings=dict(settings), saved_at=now, next_run_at=now, cursor=None, last_success=0, name_sent=None,
                runs=0,
            )  # fmt: skip
            self._store.add_sync(sync)
            detail = {
                "connection": connection_id, "destination": connection.kind, "cadence": cadence, "slot_ms": sync.slot_ms
            }  # fmt: skip
            self._note("sync_saved", sync, detail=detail)
        return sync

    def change_cadence(self, sync_id: str, cadence: Cadence) -> Sync:
        """CAD-2. Saving a sync again draws a new slot and runs it at once. Raises SetupRefused."""
        sync = self.sync(sync_id)
        self._check_cadence(sync.kind, sync.cohort, cadence, self._project_of(sync), sync.id)
        now = self._clock.now
        slot_ms = self._draw_slot(sync.number, cadence, sync.slot_ms, now)
        with self._store.transaction():
            self._store.update_sync(
                sync.number, cadence=cadence, slot_ms=slot_ms, saved_at=now, next_run_at=now, state=SyncState.ACTIVE
            )
            self._note("sync_edited", sync, detail={"cadence": cadence, "slot_ms": slot_ms})
        return self.sync(sync_id)

    def pause(self, sync_id: str) -> None:
        """No further run begins; one that is under way ends as it would."""
        sync = self.sync(sync_id)
        with self._store.transaction():
            self._store.update_sync(sync.number, state=SyncState.PAUSED, next_run_at=None)
            self._note("sync_paused", sync)

    def resume(self, sync_id: str) -> None:
        """Runs go on at the next slot; what changed in between rides with the first of them."""
        sync = self.sync(sync_id)
        if sync.state is not SyncState.PAUSED:
            return
        now = self._clock.now
        due = now if sync.runs == 0 else cadence_rules.next_run(sync.cadence, sync.saved_at, now, sync.slot_ms)
        with self._store.transaction():
            self._store.update_sync(sync.number, state=SyncState.ACTIVE, next_run_at=due)
            self._note("sync_resumed", sync)

    def delete_sync(self, sync_id: str) -> Sync:
        """Nothing is sent any more; members in Braze stay, since Braze has no call to delete a cohort."""
        sync = self.sync(sync_id)
        with self._store.transaction():
            self._store.update_sync(sync.number, state=SyncState.DELETED, next_run_at=None)
            self._note("sync_deleted", sync)
        return sync

    def run_now(self, sync_id: str) -> None:
        """Make the next run due at once; the slot stays as it is."""
        sync = self.sync(sync_id)
        self._store.update_sync(sync.number, next_run_at=self._clock.now)

    def sync(self, sync_id: str) -> Sync:
        """A sync that exists. Raises UnknownSetup."""
        found = self._store.sync_by_id(sync_id)
        if found is None or found.state is SyncState.DELETED:
            raise UnknownSetup(f"there is no sync {sync_id!r}")
        return found

    def _live(self) -> list[Sync]:
        return [each for each in self._store.syncs() if each.state is not SyncState.DELETED]

    def _project_of(self, sync: Sync) -> str:
        connection = self._store.connection(sync.connection)
        assert connection is not None, "a connection that a sync uses is never removed"
        return connection.project

    def _terms(self, project: str) -> Terms:
        if project not in self.terms:
            raise UnknownSetup(f"there is no project {project!r}; there are {', '.join(self.terms)}")
        return self.terms[project]

    def _check_project(self, cohort: str, connection: Connection) -> None:
        """CONN-2. A destination is made per project and sends that project's cohorts."""
        info = self._source.cohort_info(cohort)
        if info.project != connection.project:
            raise SetupRefused(
                f"cohort {info.name!r} belongs to project {info.project} and connection {connection.name!r} to "
                f"{connection.project}; make a connection in {info.project}"
            )

    def _check_cadence(self, kind: SyncKind, cohort: str, cadence: Cadence, project: str, edited: str = "") -> None:
        """CONN-3, CAD-3. Looked at when a sync is saved. A cohort that outgrows real time, or is edited into a kind
        that it refuses, goes on as it was until its sync is saved again (inferred: no page says what becomes of it)."""
        terms = self._terms(project)
        if refusal := cadence_rules.cadence_refusal(cadence, terms.plan):
            raise SetupRefused(refusal)
        automated = [
            each
            for each in self._live()
            if each.cadence is not Cadence.ONE_TIME and each.id != edited and self._project_of(each) == project
        ]
        if refusal := cadence_rules.automated_refusal(cadence, len(automated), terms.automated_syncs):
            raise SetupRefused(refusal)
        if kind is SyncKind.TRAITS:
            if cadence is Cadence.REAL_TIME:
                raise SetupRefused("a sync of traits is one-time or scheduled, never real-time")
            return
        info = self._source.cohort_info(cohort)
        if cadence is Cadence.REAL_TIME:
            size = self._source.size(cohort)
            if refusal := cadence_rules.real_time_refusal(size, info.real_time_blockers):
                raise SetupRefused(refusal)

    def _draw_slot(
        self, number: int, cadence: Cadence, left_ms: int | None = None, edited_at: Instant | None = None
    ) -> int:
        path = ("slot", number) if edited_at is None else ("slot", number, edited_at)
        return cadence_rules.slot_of(cadence, derive_int(self._seed, *path), left_ms)

    def _check(self, mappings: Sequence[IdentifierMapping]) -> None:
        try:
            check_hierarchy(mappings)
        except ValueError as error:
            raise SetupRefused(str(error)) from error

    def _note(self, event: str, sync: Sync | None = None, *, rules: str = "", detail: Any = None) -> None:
        content = dict(detail or {}) | ({"rule": rules} if rules else {})
        self._ledger.write(
            self._clock.now, room="engine", event=event, cohort=sync.cohort if sync else "",
            sync=sync.id if sync else "", detail=content,
        )  # fmt: skip


def _texts(mappings: Sequence[IdentifierMapping]) -> list[str]:
    return [str(mapping) for mapping in mappings]


def masked(connection: Connection) -> Connection:
    """A connection that may be shown: its keys are masked but for the last four characters."""
    shown = {
        name: f"…{str(value)[-4:]}" if name.endswith("key") and len(str(value)) > 8 else value
        for name, value in connection.settings.items()
    }
    return replace(connection, settings=shown)
