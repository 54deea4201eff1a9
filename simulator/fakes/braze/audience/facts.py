"""Reads the facts that segment filters ask for, as they were at an instant, many profiles at a time.

Histories are kept of everything that a filter may ask about, so the past is exact: what a profile was called and had,
which cohorts it was in, what it had done and how it could be reached, as Braze had heard of it by then. What a profile
did before it was merged away belongs, in the past too, to that profile and not to the one that was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.fakes.braze.audience.messaging.channels import SENDS
from simulator.fakes.braze.store.profiles import random_bucket
from simulator.fakes.braze.store.room import Room
from simulator.rules.instants import Instant
from simulator.rules.segments.facts import ProfileFacts
from simulator.rules.segments.tree import AllOf, Comparison, Filter, Kind, Tree, filters_of

BATCH = 5_000


@dataclass(slots=True)
class _Draft:
    """One profile while its facts are being collected."""

    braze_id: str
    external_id: str | None
    fields: dict[str, object]
    custom: dict[str, object]
    aliases: frozenset[tuple[str, str]] = frozenset()
    events: dict[str, list[Instant]] = field(default_factory=dict)
    purchases: dict[str, list[Instant]] = field(default_factory=dict)
    cohorts: set[tuple[str, str]] = field(default_factory=set)
    apps: set[str] = field(default_factory=set)
    last_used_app: Instant | None = None
    groups: dict[str, str] = field(default_factory=dict)
    received: set[str] = field(default_factory=set)

    def done(self, with_bucket: bool) -> ProfileFacts:
        return ProfileFacts(
            self.braze_id, self.external_id, self.aliases, self.fields, self.custom, self.events, self.purchases,
            frozenset(self.cohorts), frozenset(self.apps), self.last_used_app, self.groups, frozenset(self.received),
            random_bucket(self.braze_id) if with_bucket else 0,
        )  # fmt: skip


Drafts = dict[int, _Draft]
_OF_FIELDS = frozenset(
    {Kind.COUNTRY, Kind.LANGUAGE, Kind.PROFILE_FIELD, Kind.EMAIL_SUBSCRIPTION, Kind.PUSH_SUBSCRIPTION}
)


class FactsReader:
    """Reads no more than the given filters need."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database

    def candidates(self, workspace: str, tree: Tree, at: Instant) -> list[int]:
        """Rows of everybody who lived at the instant and may be in the segment: fewer when a cohort is required."""
        living = self._room.store.profiles.rows(workspace, at)
        required = next((asked for asked in _required(tree) if asked.kind is Kind.PARTNER_COHORT), None)
        if required is None:
            return living
        members = self._room.store.membership.members(workspace, required.subject, str(required.value), at)
        alive = set(living)
        return [row for row in members if row in alive]

    def read(
        self, workspace: str, rows: Sequence[int], at: Instant, trees: Iterable[Tree]
    ) -> Iterator[tuple[int, ProfileFacts]]:
        """Row and facts of each profile, in the order of arrival; rows that never were are left out."""
        asked = [found for tree in trees for found in filters_of(tree)]
        kinds = frozenset(each.kind for each in asked)
        members = self._members(workspace, asked, at)
        ordered = sorted(rows)
        for start in range(0, len(ordered), BATCH):
            drafts = self._profiles(ordered[start : start + BATCH], at, kinds)
            for cohort, inside in members.items():
                for row in inside.intersection(drafts):
                    drafts[row].cohorts.add(cohort)
            for kind, fill in _FILLS.items():
                subjects = sorted({str(f.subject or f.value) for f in asked if f.kind is kind})
                if subjects:
                    fill(self, drafts, subjects, at)
            for row, draft in drafts.items():
                yield row, draft.done(Kind.RANDOM_BUCKET in kinds)

    def _members(self, workspace: str, asked: list[Filter], at: Instant) -> dict[tuple[str, str], set[int]]:
        cohorts = {(f.subject, str(f.value)) for f in asked if f.kind is Kind.PARTNER_COHORT}
        store = self._room.store.membership
        return {(partner, cid): set(store.members(workspace, partner, cid, at)) for partner, cid in sorted(cohorts)}

    def _profiles(self, rows: Sequence[int], at: Instant, kinds: frozenset[Kind]) -> Drafts:
        """The profiles as they were; JSON that no filter asks about is not even parsed."""
        store = self._room.store
        past = store.profiles.past(rows, at)
        with_fields, with_custom = bool(kinds & _OF_FIELDS), Kind.CUSTOM_ATTRIBUTE in kinds
        aliases = store.identifiers.aliases_of(rows) if Kind.USER_ALIAS in kinds else {}
        drafts: Drafts = {}
        for row, workspace, external_id, email, phone, fields, custom in self._database.rows(
            "SELECT profile, workspace, external_id, email, phone, fields, custom FROM braze_profile "
            "WHERE profile IN (SELECT value FROM json_each(?)) ORDER BY profile",
            (_array(rows),),
        ):
            then, braze_id = past.get(row), store.profiles.braze_id_of(workspace, row)
            if then is not None:
                known = {**then.fields, "email": then.email, "phone": then.phone}
                drafts[row] = _Draft(braze_id, then.external_id, known, dict(then.custom), then.aliases)
                continue
            known = {}
            if with_fields:
                known = orjson.loads(fields)
                known["email"], known["phone"] = email, phone
            attributes = orjson.loads(custom) if with_custom else {}
            drafts[row] = _Draft(braze_id, external_id, known, attributes, frozenset(aliases.get(row, ())))
        return drafts

    def _fill_events(self, drafts: Drafts, names: Sequence[str], at: Instant) -> None:
        wanted = "e.name IN (SELECT value FROM json_each(?)) AND e.at <= ? AND e.heard_at <= ?"
        rows = self._done("braze_event", "e.name, e.at", wanted, drafts, at, (_array(names), at, at))
        for row, name, moment in sorted(rows):
            drafts[row].events.setdefault(name, []).append(moment)

    def _fill_purchases(self, drafts: Drafts, products: Sequence[str], at: Instant) -> None:
        wanted = "e.product_id IN (SELECT value FROM json_each(?)) AND e.at <= ? AND e.heard_at <= ?"
        columns = "e.product_id, e.at, e.quantity"
        rows = self._done("braze_purchase", columns, wanted, drafts, at, (_array(products), at, at))
        for row, product, moment, quantity in sorted(rows):
            drafts[row].purchases.setdefault(product, []).extend([moment] * quantity)

    def _fill_apps(self, drafts: Drafts, names: Sequence[str], at: Instant) -> None:
        for row, app, moment in self._done("braze_session", "e.app, e.at", "e.at <= ?", drafts, at, (at,)):
            draft = drafts[row]
            draft.apps.add(app)
            draft.last_used_app = Instant(max(draft.last_used_app or 0, moment))

    def _fill_groups(self, drafts: Drafts, groups: Sequence[str], at: Instant) -> None:
        who = "profile IN (SELECT value FROM json_each(?)) AND group_id IN (SELECT value FROM json_each(?))"
        query = (
            f"SELECT profile, group_id, state FROM braze_group_state WHERE {who} AND at <= ? UNION ALL "
            f"SELECT profile, group_id, state FROM braze_group_state_past WHERE {who} AND since <= ? AND until > ?"
        )
        asked = (_array(drafts), _array(groups))
        for row, group, state in self._database.rows(query, (*asked, at, *asked, at, at)):
            drafts[row].groups[group] = state

    def _fill_received(self, drafts: Drafts, campaigns: Sequence[str], at: Instant) -> None:
        wanted = "e.campaign_id <> '' AND e.campaign_id IN (SELECT value FROM json_each(?)) AND e.at <= ?"
        rows = self._done("braze_message_event", "e.campaign_id, e.name", wanted, drafts, at, (_array(campaigns), at))
        for row, campaign, name in rows:
            if name in SENDS:
                drafts[row].received.add(campaign)

    def _done(
        self, table: str, columns: str, wanted: str, drafts: Drafts, at: Instant, parameters: Sequence[object]
    ) -> list[tuple[Any, ...]]:
        """What profiles did: their row, then the columns (of `e`) of what was theirs at the instant and is wanted."""
        if at >= self._room.clock.now:
            whose = f"SELECT e.profile, {columns} FROM {table} e WHERE e.profile IN (SELECT value FROM json_each(?))"
            return self._database.rows(f"{whose} AND {wanted}", (_array(drafts), *parameters))
        query = f"{_THEN} SELECT h.owner, {columns} FROM holder h JOIN {table} e ON e.profile = h.profile "
        query += f"JOIN part p ON p.owner = h.owner AND p.profile = e.origin WHERE {wanted}"
        return self._database.rows(query, (_array(drafts), at, *parameters))


_THEN = """
    WITH RECURSIVE asked (owner) AS (SELECT value FROM json_each(?)),
    part (owner, profile) AS (
        SELECT owner, owner FROM asked UNION ALL
        SELECT part.owner, gone.profile FROM part
        JOIN braze_profile gone ON gone.merged_into = part.profile AND gone.gone_at <= ?),
    holder (owner, profile) AS (
        SELECT owner, owner FROM asked UNION ALL
        SELECT holder.owner, gone.merged_into FROM holder
        JOIN braze_profile gone ON gone.profile = holder.profile AND gone.merged_into IS NOT NULL)
"""
"""Whose something was at an instant: `part` says which profiles had become part of an owner by then, `holder` who may
hold the owner's rows today, because the owner itself was merged away since."""

_FILLS: dict[Kind, Callable[[FactsReader, Drafts, Sequence[str], Instant], None]] = {
    Kind.CUSTOM_EVENT: FactsReader._fill_events,
    Kind.PURCHASED_PRODUCT: FactsReader._fill_purchases,
    Kind.USED_APP: FactsReader._fill_apps,
    Kind.LAST_USED_APP: FactsReader._fill_apps,
    Kind.SUBSCRIPTION_GROUP: FactsReader._fill_groups,
    Kind.MESSAGE_RECEIVED: FactsReader._fill_received,
}


def _required(tree: Tree) -> list[Filter]:
    """Filters that everybody in the segment satisfies and that name who may be in it."""
    if isinstance(tree, Filter):
        return [tree] if tree.comparison is Comparison.INCLUDES_VALUE else []
    if isinstance(tree, AllOf):
        return [found for child in tree.children for found in _required(child)]
    return []


def _array(values: Iterable[object]) -> str:
    return orjson.dumps(list(values)).decode()
