"""Who may call: REST keys with permissions, data import keys of partners, workspaces, clusters, and the gate.

Sources: Braze, "API overview", "API errors", "Partner cohort import integration".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from simulator.database import Database
from simulator.fakes.binding import Call, MalformedBody, Problem, Reply
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.wire import BODY_BYTES, BULK_BODY_BYTES, failure, refuse
from simulator.ids import derive_uuid
from simulator.openapi import Operation
from simulator.rules.instants import Instant

CLUSTER_HOSTS: Mapping[str, str] = {
    **{f"US-0{n}": f"rest.iad-0{n}.braze.com" for n in range(1, 9)},
    "US-09": "rest.us-09.braze.com",
    "US-10": "rest.us-10.braze.com",
    **{f"EU-0{n}": f"rest.fra-0{n}.braze.eu" for n in range(1, 4)},
    "AU-01": "rest.au-01.braze.com",
    "ID-01": "rest.id-01.braze.com",
    "JP-01": "rest.jp-01.braze.com",
    "KR-01": "rest.kr-01.braze.com",
}
EUROPE = "EU"
"""How the names of clusters begin for which partners have a key of their own."""
ANY_PARTNER = "*"
PARTNER_NAME = re.compile(r"[a-z0-9_.-]{1,100}")
"""A company's name in lower case; no key is of a partner with another name (inferred), a NUL byte in it included."""
INVALID_KEY = "Invalid API Key"
_KNOWN_HOSTS = frozenset(CLUSTER_HOSTS.values())
_JSON = ("application/json",)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """One workspace of a world. Keys that are not given are derived from the seed."""

    name: str = "main"
    cluster: str = "US-01"
    rest_key: str = ""
    data_import_key: str = ""


@dataclass(frozen=True, slots=True)
class BrazeSettings:
    """How a world's Braze is set up. `cluster`: the one that this service stands for; empty means the Host header says.

    `partner_api_key` is valid for every partner name; `partner_api_keys` adds some for one partner only.
    """

    workspaces: tuple[WorkspaceSettings, ...] = (WorkspaceSettings(),)
    partner_api_key: str = ""
    partner_api_keys: Mapping[str, str] = field(default_factory=dict)
    cluster: str = ""
    limits_on: bool = True


@dataclass(frozen=True, slots=True)
class RestKey:
    """A REST key without its value; empty permissions or addresses mean all."""

    workspace: str
    shown: str
    name: str
    permissions: frozenset[str]
    addresses: frozenset[str]
    created_at: Instant
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True)
class DataImportKey:
    """A data import key without its value. `partner` is `*` for the world's own key."""

    workspace: str
    partner: str
    shown: str
    created_at: Instant
    revoked_at: Instant | None


def masked(key: str) -> str:
    """Enough of a key to recognise it."""
    return f"{key[:4]}****"


def _digest(key: str) -> str:
    return blake2b(key.encode(), digest_size=20).hexdigest()


class Keys:
    """Keys, workspaces and partners as the dashboard manages them. Values of keys are told once, at creation."""

    def __init__(self, room: Room, settings: BrazeSettings) -> None:
        self._room = room
        self._settings = settings
        self._database: Database = room.database
        self.partner_api_key = settings.partner_api_key or derive_uuid(room.seed, "braze", "partner_api_key")
        self.partner_api_key_of_europe = derive_uuid(room.seed, "braze", "partner_api_key", EUROPE)
        self.rest_keys: dict[str, str] = {}
        self.data_import_keys: dict[str, str] = {}
        for workspace in settings.workspaces:
            self.open_workspace(workspace)

    def open_workspace(self, workspace: WorkspaceSettings) -> None:
        """A workspace with one REST key that may do everything and one data import key for any partner.

        One that exists stays as it is. Raises ValueError for an unknown cluster.
        """
        name, seed, at = workspace.name, self._room.seed, self._room.clock.now
        if workspace.cluster not in CLUSTER_HOSTS:
            raise ValueError(f"there is no Braze cluster {workspace.cluster!r}; there are {', '.join(CLUSTER_HOSTS)}")
        self.rest_keys[name] = workspace.rest_key or derive_uuid(seed, "braze", "rest_key", name)
        self.data_import_keys[name] = workspace.data_import_key or derive_uuid(seed, "braze", "data_import_key", name)
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO braze_workspace (workspace, cluster) VALUES (?, ?)", (name, workspace.cluster)
            )
            self.create_rest_key(name, "absim", value=self.rest_keys[name], at=at)
            self.create_data_import_key(name, ANY_PARTNER, value=self.data_import_keys[name], at=at)

    # -- REST keys

    def create_rest_key(
        self,
        workspace: str,
        name: str,
        *,
        permissions: Collection[str] = (),
        addresses: Collection[str] = (),
        value: str = "",
        at: Instant | None = None,
    ) -> str:
        """A new REST key; its permissions cannot be edited later (KEY-4). An existing value stays as it is."""
        self._check_workspace(workspace)
        with self._database.transaction():
            number = int(self._database.value("SELECT count(*) FROM braze_rest_key"))
            key = value or derive_uuid(self._room.seed, "braze", "rest_key", workspace, number)
            self._database.execute(
                "INSERT OR IGNORE INTO braze_rest_key "
                "(digest, workspace, shown, name, permissions, addresses, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    _digest(key), workspace, masked(key), name, orjson.dumps(sorted(permissions)).decode(),
                    orjson.dumps(sorted(addresses)).decode(), self._room.clock.now if at is None else at,
                ),
            )  # fmt: skip
        return key

    def revoke_rest_key(self, key: str, at: Instant | None = None) -> bool:
        """Invalidate a REST key from an instant on (now if none is given); False when there is no such key."""
        return self._revoke("braze_rest_key", key, at)

    def listed_rest_keys(self, workspace: str) -> list[RestKey]:
        """The REST keys of a workspace, masked."""
        found = self._database.rows(
            "SELECT workspace, shown, name, permissions, addresses, created_at, revoked_at FROM braze_rest_key "
            "WHERE workspace = ? ORDER BY created_at, rowid",
            (workspace,),
        )
        return [_rest_key(row) for row in found]

    def rest_key_of(self, call: Call) -> RestKey:
        """The valid REST key that a call carries in its Authorization header. Raises Problem (401, 403).

        A key used from an address that is not on its list is refused like an unknown one (inferred).
        By the switch `key_in_body` a call without the header may carry it as `api_key`, as until 2020.
        """
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if not scheme and self._room.rules.key_in_body == "accepted":
            scheme, key = "bearer", _key_beside_the_data(call)
        if scheme.lower() != "bearer" or not key:
            raise self._invalid(key)
        found = self._database.row(
            "SELECT workspace, shown, name, permissions, addresses, created_at, revoked_at FROM braze_rest_key "
            "WHERE digest = ?",
            (_digest(key.strip()),),
        )
        if found is None:
            raise self._invalid(key)
        rest_key = _rest_key(found)
        revoked = rest_key.revoked_at is not None and rest_key.revoked_at <= call.at
        elsewhere = bool(rest_key.addresses) and call.remote not in rest_key.addresses
        if revoked or elsewhere or not self._on_this_cluster(rest_key.workspace, call):
            raise self._invalid(key)
        return rest_key

    def _invalid(self, key: str) -> Problem:
        """The refusal of a key; by the switch `invalid_key_text` it repeats the key, as recorded answers do."""
        with_key = self._room.rules.invalid_key_text == "with_key" and key
        return refuse(401, f"Invalid API key: {key.strip()}" if with_key else INVALID_KEY)

    def workspace_of(self, call: Call) -> str:
        """The workspace whose REST key a call carries. Raises Problem."""
        return self.rest_key_of(call).workspace

    # -- data import keys and partners

    def create_data_import_key(
        self, workspace: str, partner: str = ANY_PARTNER, *, value: str = "", at: Instant | None = None
    ) -> str:
        """KEY-1. A new data import key; the ones before it stay valid. An existing value stays as it is."""
        self._check_workspace(workspace)
        with self._database.transaction():
            number = int(self._database.value("SELECT count(*) FROM braze_data_import_key"))
            key = value or derive_uuid(self._room.seed, "braze", "data_import_key", workspace, partner, number)
            self._database.execute(
                "INSERT OR IGNORE INTO braze_data_import_key (digest, workspace, partner, shown, created_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (_digest(key), workspace, partner.lower(), masked(key), self._room.clock.now if at is None else at),
            )
        return key

    def invalidate_data_import_key(self, key: str, at: Instant | None = None) -> bool:
        """KEY-1. From an instant on (now if none is given) the key is refused; False when there is no such key."""
        return self._revoke("braze_data_import_key", key, at)

    def listed_data_import_keys(self, workspace: str) -> list[DataImportKey]:
        """The data import keys of a workspace, masked."""
        found = self._database.rows(
            "SELECT workspace, partner, shown, created_at, revoked_at FROM braze_data_import_key "
            "WHERE workspace = ? ORDER BY created_at, rowid",
            (workspace,),
        )
        return [DataImportKey(*row) for row in found]

    def switch_partner(self, workspace: str, partner: str, enabled: bool) -> None:
        """Switch a partner on or off for a workspace; every partner is on until it is switched off."""
        self._check_workspace(workspace)
        self._database.execute(
            "INSERT OR REPLACE INTO braze_partner (workspace, partner, enabled) VALUES (?, ?, ?)",
            (workspace, partner.lower(), enabled),
        )

    def has_partner(self, workspace: str, partner: str) -> bool:
        """Whether a partner is switched on for a workspace."""
        query = "SELECT enabled FROM braze_partner WHERE workspace = ? AND partner = ?"
        return bool(self._database.value(query, (workspace, partner.lower())) in (None, 1))

    def partner_workspace(self, call: Call, body: Mapping[str, object]) -> str:
        """KEY-2, KEY-3, KEY-4. The workspace that receives a partner's cohort. Raises Problem (401), in this order:
        nothing that looks like a key, wrong partner key, wrong data import key, partner switched off."""
        partner = call.path["partner"].lower()
        partner_key, secret = body.get("partner_api_key"), body.get("client_secret")
        if partner_key is None and secret is None:
            raise refuse(401, "Unauthorized access")
        if not isinstance(partner_key, str) or partner_key not in self._partner_keys(partner):
            raise refuse(401, "Invalid Partner API key")
        if not isinstance(secret, str):
            raise refuse(401, "Invalid client secret")
        found = self._database.row(
            "SELECT k.workspace, k.partner, k.revoked_at, coalesce(p.enabled, 1) FROM braze_data_import_key k "
            "LEFT JOIN braze_partner p ON p.workspace = k.workspace AND p.partner = ? WHERE k.digest = ?",
            (partner, _digest(secret)),
        )
        if found is None:
            raise refuse(401, "Invalid client secret")
        workspace, owner, revoked_at, enabled = found
        revoked = revoked_at is not None and revoked_at <= call.at
        if revoked or owner not in (partner, ANY_PARTNER) or not self._on_this_cluster(workspace, call):
            raise refuse(401, "Invalid client secret")
        if partner_key not in self._partner_keys(partner, workspace):
            raise refuse(401, "Invalid Partner API key")
        if not enabled:
            raise refuse(401, f"Partner not enabled for client with client secret: `{secret}`")
        return str(workspace)

    def partner_key_of(self, workspace: str) -> str:
        """The partner key that opens a workspace: one for all, or by the switch `partner_keys` Europe's own."""
        by_region = self._room.rules.partner_keys == "by_region"
        return self.partner_api_key_of_europe if by_region and self._is_european(workspace) else self.partner_api_key

    def _partner_keys(self, partner: str, workspace: str | None = None) -> set[str]:
        """The keys of a partner (that open a workspace)."""
        if PARTNER_NAME.fullmatch(partner) is None:
            return set()
        own = self._settings.partner_api_keys.get(partner)
        keys = {self.partner_api_key} if own is None else {self.partner_api_key, own}
        if self._room.rules.partner_keys == "one":
            return keys
        if workspace is None:
            return {*keys, self.partner_api_key_of_europe}
        return {self.partner_api_key_of_europe} if self._is_european(workspace) else keys

    def _is_european(self, workspace: str) -> bool:
        return self.cluster_of(workspace).startswith(EUROPE)

    # -- workspaces

    def switch_workspace(self, workspace: str, active: bool) -> None:
        """An inactive account is refused with 403 whatever the key."""
        self._check_workspace(workspace)
        self._database.execute("UPDATE braze_workspace SET active = ? WHERE workspace = ?", (active, workspace))

    def is_active(self, workspace: str) -> bool:
        """Whether the account is active."""
        return bool(self._database.value("SELECT active FROM braze_workspace WHERE workspace = ?", (workspace,)))

    def workspaces(self) -> list[str]:
        """The names of all workspaces."""
        return [name for (name,) in self._database.rows("SELECT workspace FROM braze_workspace ORDER BY workspace")]

    def cluster_of(self, workspace: str) -> str:
        """The cluster that a workspace is on, such as `US-01`. Raises UnknownWorkspace."""
        self._check_workspace(workspace)
        return str(self._database.value("SELECT cluster FROM braze_workspace WHERE workspace = ?", (workspace,)))

    def _check_workspace(self, workspace: str) -> None:
        if self._database.row("SELECT 1 FROM braze_workspace WHERE workspace = ?", (workspace,)) is None:
            raise UnknownWorkspace(f"there is no workspace {workspace!r}; there are {', '.join(self.workspaces())}")

    def _on_this_cluster(self, workspace: str, call: Call) -> bool:
        """KEY-3. A host that is no Braze cluster (a loopback address) stands for any of them."""
        cluster = self._database.value("SELECT cluster FROM braze_workspace WHERE workspace = ?", (workspace,))
        if self._settings.cluster and self._settings.cluster != cluster:
            return False
        host = call.headers.get("host", "").partition(":")[0].lower()
        return host not in _KNOWN_HOSTS or host == CLUSTER_HOSTS[cluster]

    def _revoke(self, table: str, key: str, at: Instant | None) -> bool:
        instant = self._room.clock.now if at is None else at
        return (
            self._database.execute(f"UPDATE {table} SET revoked_at = ? WHERE digest = ?", (instant, _digest(key))) > 0
        )


class UnknownWorkspace(ValueError):
    """There is no workspace of that name; the message lists those that exist."""


def _key_beside_the_data(call: Call) -> str:
    """`api_key` of the query or of a JSON body; empty when there is none."""
    if (in_query := call.argument("api_key")) is not None:
        return in_query
    try:
        body = call.json()
    except MalformedBody:
        return ""
    key = body.get("api_key") if isinstance(body, dict) else None
    return key if isinstance(key, str) else ""


def _rest_key(row: tuple[object, ...]) -> RestKey:
    workspace, shown, name, permissions, addresses, created_at, revoked_at = row
    return RestKey(
        workspace=str(workspace),
        shown=str(shown),
        name=str(name),
        permissions=frozenset(orjson.loads(str(permissions))),
        addresses=frozenset(orjson.loads(str(addresses))),
        created_at=Instant(int(str(created_at))),
        revoked_at=None if revoked_at is None else Instant(int(str(revoked_at))),
    )


class KeyGate:
    """KEY-4. Stands before every handler: key, permission, content type, size, in this order.

    The permission an operation needs is `x-permission` in the contract. Partner operations carry their keys in the
    body, so their handlers check them; links of exports need none. Both have an empty `security` in the contract.
    """

    def __init__(self, room: Room, keys: Keys) -> None:
        self._room = room
        self._keys = keys

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Refuse, or let the call through; what is left out says so to everybody."""
        if not operation.emulated:
            return None
        if operation.definition.get("security") != []:
            try:
                key = self._keys.rest_key_of(call)
            except Problem as problem:
                return problem.reply
            if not self._keys.is_active(key.workspace):
                return failure(403, "Forbidden")
            permission = operation.definition.get("x-permission")
            if key.permissions and permission not in key.permissions:
                return failure(int(self._room.rules.permission_error), "Access Denied")
        if call.method not in _WITH_BODY:
            return None
        content = operation.definition.get("requestBody", {}).get("content", _JSON)
        if call.headers.get("content-type", "").partition(";")[0].strip().lower() not in content:
            return failure(415, "Unsupported Media Type")
        if operation.operation_id == "trackUsersBulk" and len(call.body) > BULK_BODY_BYTES:
            return failure(400, "Request body exceeds the 2 MB limit")
        if len(call.body) > BODY_BYTES:
            return failure(413, "Request Entity Too Large")
        return None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Nothing to add."""
        return reply
