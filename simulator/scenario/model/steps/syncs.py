"""Steps that set up and change syncs, cohorts, connections and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.rules.cadence import Cadence
from simulator.rules.mapping import Mapping
from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Choice
from simulator.scenario.model.cohorts import CohortDefinition, CohortShape
from simulator.scenario.model.connections import HIERARCHY
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import COHORT, CONNECTION, FLAG, SYNC, TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Step):
    """Syncs a cohort to a connection. The first run starts at once and happens within the step; what is retried, and
    later runs, need `advance`. Each `sync` step saves a sync of its own, also of a cohort that is synced already: it
    begins with the whole cohort. A sync without `name` is called like its cohort; the second one of a cohort is called
    `openers (2)`, and so on."""

    SHORT: ClassVar[str] = "cohort"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "sync: openers",
        "sync: {cohort: openers, to: braze, cadence: hourly}",
        "sync: {cohort: openers, to: by_device, cadence: real_time, name: anonymous openers}",
    )

    cohort: str = key(COHORT, "Which cohort.")
    to: str | None = key(CONNECTION, "Over which connection.", default=None, shown="the only connection of the file")
    cadence: Cadence = key(Choice(Cadence), "How often.", default=Cadence.ONE_TIME)
    name: str | None = key(TEXT, "What other steps call this sync.", default=None, shown="the cohort's name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMapping(Step):
    """Changes the identifier mappings of a live connection (MAP-5)."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("change_mapping: {connection: braze, identify_by: [user_id]}",)

    connection: str = key(CONNECTION, "Which connection.")
    identify_by: tuple[Mapping, ...] = key(HIERARCHY, "The new mappings.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameCohort(Step):
    """Gives a cohort another name in Amplitude; the file goes on calling it by the old one."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("rename_cohort: {cohort: openers, to: Frequent openers}",)

    cohort: str = key(COHORT, "Which cohort.")
    to: str = key(TEXT, "The new name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCohort(Step):
    """Gives a cohort another definition in Amplitude; who comes or goes by it does so at once."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        'edit_cohort: {cohort: openers, definition: {performed: app_opened, times: ">= 3", within: 7d}}',
    )

    cohort: str = key(COHORT, "Which cohort.")
    definition: CohortDefinition = key(CohortShape(), "The new definition.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCohort(Step):
    """Deletes a cohort in Amplitude. Braze keeps it as it is; a request under way is still tried, and every later run
    of its syncs fails, for there is nothing to ask any more (our reading)."""

    SHORT: ClassVar[str] = "cohort"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("delete_cohort: openers",)

    cohort: str = key(COHORT, "Which cohort.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncNow(Step):
    """A sync runs at once, beside its schedule."""

    SHORT: ClassVar[str] = "sync"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("sync_now: openers",)

    sync: str = key(SYNC, "Which sync.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCadence(Step):
    """Saves a sync with another cadence; it runs at once and gets a new slot."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("change_cadence: {sync: openers, cadence: daily}",)

    sync: str = key(SYNC, "Which sync.")
    cadence: Cadence = key(Choice(Cadence), "How often from now on.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSync(Step):
    """A sync stops running until it is resumed."""

    SHORT: ClassVar[str] = "sync"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("pause_sync: openers",)

    sync: str = key(SYNC, "Which sync.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSync(Step):
    """A paused sync runs again."""

    SHORT: ClassVar[str] = "sync"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("resume_sync: openers",)

    sync: str = key(SYNC, "Which sync.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSync(Step):
    """A sync ends. Braze keeps the cohort as it is."""

    SHORT: ClassVar[str] = "sync"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("delete_sync: openers",)

    sync: str = key(SYNC, "Which sync.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey(Step):
    """Braze invalidates the data import key that a connection uses (KEY-1)."""

    SHORT: ClassVar[str] = "connection"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("revoke_key: braze", "revoke_key: {connection: braze, former: true}")

    connection: str = key(CONNECTION, "Which connection's key.")
    former: bool = key(FLAG, "Those it used before its last `new_key`, in place of the present one.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey(Step):
    """Braze makes another data import key, and the connection uses it from now on. Older keys stay valid until they are
    revoked (KEY-1)."""

    SHORT: ClassVar[str] = "connection"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("new_key: braze",)

    connection: str = key(CONNECTION, "Which connection.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePartner(Step):
    """Braze switches a partner on."""

    SHORT: ClassVar[str] = "partner"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("enable_partner: amplitude",)

    partner: str = key(TEXT, "The partner's name.", default="amplitude")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisablePartner(Step):
    """Braze switches a partner off; its cohort calls answer 401 (KEY-2)."""

    SHORT: ClassVar[str] = "partner"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("disable_partner: amplitude",)

    partner: str = key(TEXT, "The partner's name.", default="amplitude")
