"""The Braze fake as one service: its application, and the plain methods behind phone and dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask import Flask

from simulator import openapi
from simulator.clock import DueWork, SimClock
from simulator.database import Database
from simulator.fakes.binding import Gate, Handler, Service
from simulator.fakes.braze.audience.control import AudienceControl
from simulator.fakes.braze.audience.service import Audience
from simulator.fakes.braze.cohorts import Cohorts
from simulator.fakes.braze.control import Control
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import BrazeSettings, KeyGate, Keys
from simulator.fakes.braze.limits import LimitGate
from simulator.fakes.braze.phone import Phone
from simulator.fakes.braze.seeding import MAIN, ProfileSeed, Seeding
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.users.aliases import Aliases
from simulator.fakes.braze.users.endings import Endings
from simulator.fakes.braze.users.export import ExportByIds
from simulator.fakes.braze.users.external_ids import ExternalIds
from simulator.fakes.braze.users.identify import Identify
from simulator.fakes.braze.users.imports import TokenImports
from simulator.fakes.braze.users.track import Track
from simulator.fakes.braze.wire import MANNERS, Wording
from simulator.fakes.control import ControlGate
from simulator.ledger import Ledger
from simulator.openapi import Contract
from simulator.rules.switches import RuleSet


class BrazeService:
    """One Braze for all workspaces of a world. Raises ContractMismatch when handlers and contract disagree."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: SimClock,
        contract: Contract,
        rules: RuleSet,
        seed: int,
        settings: BrazeSettings | None = None,
        *,
        gates: Sequence[Gate] = (),
    ) -> None:
        """`gates` (faults, for example) stand outside keys and limits."""
        self.settings = settings or BrazeSettings()
        self.room = Room(database, ledger, clock, rules, seed)
        self.store = self.room.store
        self.keys = Keys(self.room, self.settings)
        self.life = LifeCycle(self.room)
        self.phone = Phone(self.room, self.life)
        self.imports = TokenImports(self.room, self.life)
        self.audience = Audience(self.room, self.keys, self.life)
        self._seeding = Seeding(self.room)
        self.service = Service("braze", clock, seed, MANNERS)
        self.limits = LimitGate(self.room, self.keys, enabled=self.settings.limits_on)
        gates = [*gates, Wording(lambda: self.rules), KeyGate(self.room, self.keys), self.limits]
        self.service.bind(contract, {**self._handlers(), **self.audience.handlers()}, gates)
        control = openapi.load("control")
        doors = Control(self.room, self.keys, self.phone, self._seeding)
        self.service.bind(control, doors.handlers(), [ControlGate(control)], tag="profiles", observed=False)
        dashboard = AudienceControl(self.audience, lambda: clock.now)
        self.service.bind(control, dashboard.handlers(), [ControlGate(control)], tag="audiences", observed=False)

    def _handlers(self) -> Mapping[str, Handler]:
        """operationId of partner and user operations -> what answers it."""
        room, keys, life = self.room, self.keys, self.life
        cohorts, track, aliases = Cohorts(room, keys), Track(room, keys, life), Aliases(room, keys, life)
        endings, external_ids = Endings(room, keys, life), ExternalIds(room, keys, life)
        return {
            "nameCohort": cohorts.name_cohort,
            "changeCohortUsers": cohorts.change_users,
            "trackUsers": track.track,
            "trackUsersBulk": track.track_bulk,
            "trackUsersSync": track.track_sync,
            "identifyUsers": Identify(room, keys, life).identify,
            "createUserAliases": aliases.create,
            "updateUserAliases": aliases.update,
            "deleteUsers": endings.delete,
            "mergeUsers": endings.merge,
            "renameExternalIds": external_ids.rename,
            "removeExternalIds": external_ids.remove,
            "exportUsersByIds": ExportByIds(room, keys).export,
        }

    @property
    def app(self) -> Flask:
        """The WSGI application."""
        return self.service.app

    @property
    def due_works(self) -> list[DueWork]:
        """What the world's agenda must run for this service, in this order."""
        return [self.room.writes, self.imports, *self.audience.due_works]

    @property
    def rules(self) -> RuleSet:
        """The switches in force."""
        return self.room.rules

    @rules.setter
    def rules(self, rules: RuleSet) -> None:
        self.room.rules = rules

    def seed_profiles(self, seeds: Iterable[ProfileSeed], workspace: str = MAIN) -> int:
        """Put profiles into a workspace, in order; how many there were."""
        return self._seeding.seed(seeds, workspace)
