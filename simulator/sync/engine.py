"""The sync engine of a world: syncs become due, runs are planned, requests are delivered, all on the simulated clock.

Nothing is kept between calls but rows, so an engine built again on the same database goes on where the last one
stopped. The engine never holds a transaction while a request is under way.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from simulator.clock import SimClock
from simulator.database import Database
from simulator.exchange import fits_header
from simulator.feeds import MAIN, UnknownCohort
from simulator.ledger import Ledger
from simulator.rules.cadence import Cadence, next_run
from simulator.rules.identity import Kind
from simulator.rules.instants import Instant
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.outcomes import RunStatus
from simulator.rules.switches import RuleSet
from simulator.sync.connections import Setup, SetupRefused, UnknownSetup
from simulator.sync.deliveries import Deliverer
from simulator.sync.destinations.webhooks import check as check_webhook
from simulator.sync.history import History
from simulator.sync.mailbox import Mailbox
from simulator.sync.ports import OutcomeReader, Source, TraitSources, Transports
from simulator.sync.runs import RunPlanner
from simulator.sync.store import EngineStore
from simulator.sync.store.records import Connection, Delivery, Run, Sync, SyncKind, SyncState
from simulator.sync.traits.selection import TraitIdentity, check

BY_USER_ID = TraitIdentity()


class Tidings(NamedTuple):
    """How one sync of a cohort is doing."""

    target: str
    cadence: Cadence
    last_successful: Instant | None
    last_failure: Instant | None
    params: Mapping[str, object]


class Engine:
    """Due work for the agenda, and the pages of Amplitude on which syncs are set up and watched."""

    name = "sync engine"

    def __init__(
        self, *, database: Database, ledger: Ledger, clock: SimClock, source: Source, transports: Transports,
        rules: RuleSet, seed: int, outcomes: OutcomeReader | None = None,
        traits: TraitSources | None = None,
    ) -> None:  # fmt: skip
        self.clock = clock
        self.store = EngineStore(database)
        self.mailbox = Mailbox(database)
        self.history = History(self.store, ledger)
        self.setup = Setup(self.store, ledger, clock, source, seed)
        self._rules = rules
        self._traits = traits
        self._planner = RunPlanner(self.store, ledger, source, rules, seed, outcomes, traits)
        self._deliverer = Deliverer(self.store, ledger, self.mailbox, transports, self._planner, rules, seed)
        self._working = threading.Lock()

    # due work

    def next_due(self) -> Instant | None:
        """The earliest instant at which a run begins or a request is sent."""
        running = self.store.running()
        begins = self.store.next_run_due(bool(running))
        dues = [self._deliverer.next_due(run) for run in running]
        return min(dues if begins is None else [*dues, begins], default=None)

    def run_due(self, at: Instant) -> None:
        """Begin every run and send every request due at or before `at`; returns at once when already at work."""
        if not self._working.acquire(blocking=False):
            return
        try:
            for sync in self.store.due_syncs(at):
                self._begin(sync, at)
            while self._work(at):
                pass
        finally:
            self._working.release()

    def unfinished(self) -> bool:
        """Whether a run is under way, or a scheduled sync still owes what its failed run could not deliver."""
        return bool(self.store.running()) or self.store.any_owing()

    def _work(self, at: Instant) -> bool:
        """Go on with every run that can go on; whether there was one."""
        ready = [run for run in self.store.running() if self._deliverer.next_due(run) <= at]
        for run in ready:
            self._deliverer.work(run, at)
        return bool(ready)

    def _begin(self, sync: Sync, at: Instant) -> None:
        connection = self.store.connection(sync.connection)
        assert connection is not None
        trigger = "first" if sync.runs == 0 else "manual" if sync.cadence is Cadence.ONE_TIME else "schedule"
        # A run by hand leaves a paused sync paused.
        following = next_run(sync.cadence, sync.saved_at, at, sync.slot_ms) if sync.state is SyncState.ACTIVE else None
        with self.store.transaction():
            try:
                run, sends = self._planner.begin(sync, connection, trigger, at)
            except UnknownCohort:
                gone = self._planner.empty_run(sync, connection, trigger, at)
                self._deliverer.end_at_once(sync, gone, following, at, "The cohort does not exist any more.")
                return
            if sends:
                self.store.add_run(run)
                self.store.update_sync(sync.number, runs=run.number, next_run_at=following)
                self._deliverer.tell_began(sync, run, at)
            else:
                self._deliverer.end_at_once(sync, run, following, at)

    def use_rules(self, rules: RuleSet) -> None:
        """Read the documents differently from now on; requests planned already stay as they are."""
        self._rules = rules
        self._planner.rules = rules
        self._deliverer.rules = rules

    # settings pages

    def create_connection(
        self, name: str, *, rest_endpoint: str, partner_api_key: str, data_import_key: str,
        mappings: Sequence[IdentifierMapping], partner: str = "amplitude", workspace: str = "main",
        project: str = MAIN,
    ) -> Connection:  # fmt: skip
        """CONN-1. Save a Braze destination. Raises SetupRefused."""
        settings = {"partner": partner, "partner_api_key": partner_api_key, "data_import_key": data_import_key}
        return self.setup.create_connection("braze", name, rest_endpoint, settings, mappings, workspace, project)

    def create_trait_connection(
        self, name: str, *, rest_endpoint: str, rest_api_key: str, workspace: str = "main", project: str = MAIN
    ) -> Connection:
        """KEY-4. Save a destination that writes custom attributes with a REST key. Raises SetupRefused."""
        if not fits_header(rest_api_key):
            raise SetupRefused("a REST API key is sent in a header; it holds printable ASCII characters only")
        by_user_id = [IdentifierMapping("user_id", Kind.EXTERNAL_ID)]
        settings = {"rest_api_key": rest_api_key}
        return self.setup.create_connection(
            "braze_attributes", name, rest_endpoint, settings, by_user_id, workspace, project
        )

    def create_webhook(
        self, name: str, *, url: str, headers: Mapping[str, str] | None = None, properties: Sequence[str] = (),
        template: str | None = None, amplitude_property: str = "user_id", project: str = MAIN,
    ) -> Connection:  # fmt: skip
        """Save a destination that posts entries and exits to a URL. Raises SetupRefused."""
        settings = {"url": url, "headers": dict(headers or {}), "properties": list(properties), "template": template}
        endpoint = _checked_webhook(settings)
        mappings = [IdentifierMapping(amplitude_property, Kind.EXTERNAL_ID)]
        return self.setup.create_connection("webhook", name, endpoint, settings, mappings, "", project)

    def change_webhook(self, connection_id: str, **changes: Any) -> None:
        """Change url, headers, properties or template of a webhook; retries use them too. Raises SetupRefused."""
        connection = self.setup.connection(connection_id)
        if connection.kind != "webhook":
            raise SetupRefused(f"{connection.name} is no webhook; it has no {', '.join(changes)}")
        endpoint = _checked_webhook({**connection.settings, **changes})
        self.setup.change_settings(connection_id, **changes)
        self.setup.change_endpoint(connection_id, endpoint)

    def change_mapping(self, connection_id: str, mappings: Sequence[IdentifierMapping]) -> None:
        """MAP-5. Change how a destination names people, also while a run is under way."""
        self.setup.change_mapping(connection_id, mappings)

    def new_key(self, connection_id: str, data_import_key: str) -> None:
        """KEY-1. Paste a new data import key; requests not yet answered are sent with it from now on."""
        self.setup.change_settings(connection_id, data_import_key=data_import_key)

    def create_sync(self, cohort: str, connection_id: str, cadence: Cadence, *, owner: str = "owner") -> Sync:
        """CAD-1 to CAD-3. Save a sync of a cohort and run it for the first time, at once. Raises SetupRefused."""
        return self._saved(self.setup.create_sync(SyncKind.COHORT, cohort, connection_id, cadence, owner, {}))

    def sync_traits(
        self, connection_id: str, cadence: Cadence, *, properties: Sequence[str] = (), computations: Sequence[str] = (),
        recommendations: Sequence[str] = (), identity: TraitIdentity = BY_USER_ID, owner: str = "owner",
    ) -> Sync:  # fmt: skip
        """TRAIT-1. Save a sync of user properties, computations and recommendations, and run it at once.

        Raises SetupRefused, UnknownSetup.
        """
        if self._traits is None:
            raise SetupRefused("this world has no source of traits")
        worked_out = [*computations, *recommendations]
        try:
            check(identity, properties, worked_out, self._rules.trait_identifier)
        except ValueError as error:
            raise SetupRefused(str(error)) from error
        project = self.setup.connection(connection_id).project
        if unknown := self._traits(project).unknown(worked_out):
            raise UnknownSetup(f"there is no computation or recommendation {', '.join(unknown)}; define it first")
        settings = {
            "properties": list(properties), "computations": worked_out, "identity": list(identity),
            "names": [*properties, *worked_out],
        }  # fmt: skip
        return self._saved(self.setup.create_sync(SyncKind.TRAITS, "", connection_id, cadence, owner, settings))

    def change_cadence(self, sync_id: str, cadence: Cadence) -> Sync:
        """CAD-2. Save a sync with another cadence; it runs at once and gets a new slot. Raises SetupRefused."""
        return self._saved(self.setup.change_cadence(sync_id, cadence))

    def sync_now(self, sync_id: str) -> Run:
        """Run a sync at once, beside its schedule; the run as it stands when nothing more is due."""
        self.setup.run_now(sync_id)
        self.run_due(self.clock.now)
        return self.runs(sync_id)[-1]

    def pause(self, sync_id: str) -> None:
        """Stop a sync's schedule; a run under way ends as it would."""
        self.setup.pause(sync_id)

    def resume(self, sync_id: str) -> None:
        """Take up a sync's schedule again."""
        self.setup.resume(sync_id)

    def delete_sync(self, sync_id: str) -> None:
        """End a sync for good; a run under way is cancelled and Braze's members stay."""
        sync = self.setup.delete_sync(sync_id)
        for run in self.store.running():
            if run.sync == sync.number:
                self._deliverer.cancel(sync, run, self.clock.now, "The sync was deleted.")

    def delete_connection(self, connection_id: str) -> None:
        """Remove a destination that no sync uses. Raises SetupRefused."""
        self.setup.delete_connection(connection_id)

    # what happened

    def syncs(self) -> list[Sync]:
        """All syncs, deleted ones too, by creation."""
        return self.store.syncs()

    def sync(self, sync_id: str) -> Sync:
        """One sync. Raises UnknownSetup."""
        return self.setup.sync(sync_id)

    def runs(self, sync_id: str, since: Instant | None = None) -> list[Run]:
        """The runs of a sync, oldest first; those that began at or after `since`. Deleted syncs keep theirs."""
        found = self.store.sync_by_id(sync_id)
        return self.store.runs(found.number, since or 0) if found else []

    def tidings(self, cohort: str) -> list[Tidings]:
        """How the active syncs of a cohort are doing, by creation."""
        found = []
        for sync in self.store.syncs():
            if sync.cohort != cohort or sync.state is not SyncState.ACTIVE:
                continue
            connection = self.setup.connection(sync.connection)
            ended: dict[RunStatus, Instant | None] = {
                run.status: run.finished_at for run in self.store.runs(sync.number)
            }
            params = {mapping.amplitude_property: str(mapping.target) for mapping in connection.mappings}
            found.append(
                Tidings(
                    connection.kind,
                    sync.cadence,
                    ended.get(RunStatus.SUCCESS),
                    ended.get(RunStatus.FAILED),
                    {"connection": connection.name, "mappings": params},
                )
            )
        return found

    def deliveries(self, run: Run) -> list[Delivery]:
        """The requests of a run, in order."""
        return self.store.deliveries(run.sync, run.number)

    def _saved(self, sync: Sync) -> Sync:
        self.run_due(self.clock.now)
        return self.store.sync(sync.number)


def _checked_webhook(settings: Mapping[str, Any]) -> str:
    """The endpoint of a webhook. Raises SetupRefused."""
    try:
        check_webhook(settings["url"], settings["headers"], settings["properties"], settings["template"] or "")
    except ValueError as error:
        raise SetupRefused(str(error)) from error
    return "{0.scheme}://{0.netloc}".format(urlsplit(settings["url"]))
