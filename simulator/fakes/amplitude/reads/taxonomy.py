"""The tracking plan: categories, event types and properties, made, read, changed, deleted, restored (Taxonomy API)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import fields_of, flag
from simulator.fakes.amplitude.store.events import Events
from simulator.fakes.amplitude.store.users import Users
from simulator.fakes.binding import Call, Problem, Reply
from simulator.rules.instants import Instant

FIRST_ID = 412_931
Field = Callable[[object], object]
ActivityChanged = Callable[[Project, Instant], None]
"""Told when an event type makes people active that did not, or the reverse."""


def _text(value: object) -> object:
    return None if value is None else str(value)


def _words(value: object) -> object:
    return [each.strip() for each in str(value or "").split(",") if each.strip()]


def _words_or_none(value: object) -> object:
    return _words(value) or None


_PROPERTY: dict[str, tuple[Field, object]] = {
    "description": (_text, ""),
    "type": (_text, "any"),
    "enum_values": (_words_or_none, None),
    "regex": (_text, None),
    "is_array_type": (flag, False),
    "is_required": (flag, False),
    "is_hidden": (flag, False),
    "classifications": (_words, []),
}
_EVENT: dict[str, tuple[Field, object]] = {
    "description": (_text, None),
    "display_name": (_text, None),
    "category": (_text, None),
    "tags": (_words, []),
    "is_active": (flag, True),
    "owner": (_text, None),
    "is_hidden_from_dropdowns": (flag, False),
    "is_hidden_from_persona_results": (flag, False),
    "is_hidden_from_pathfinder": (flag, False),
    "is_hidden_from_timeline": (flag, False),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of planned thing: its key in bodies, its fields with defaults, what it belongs to, how it is renamed.

    `words` is what error messages call it, `missing_status` what a read of an unknown one answers.
    """

    key: str
    words: str
    fields: Mapping[str, tuple[Field, object]]
    parent: str = ""
    new_name: str = ""
    prefix: str = ""
    missing_status: int = 400


def _without(name: str) -> dict[str, tuple[Field, object]]:
    return {key: field for key, field in _PROPERTY.items() if key != name}


EVENT = Kind("event_type", "event", _EVENT, new_name="new_event_type")
EVENT_PROPERTY = Kind("event_property", "event property", _PROPERTY, "event_type", "new_event_property_value")
USER_PROPERTY = Kind(
    "user_property", "user property", _without("is_required"), "", "new_user_property_value", "gp:", missing_status=404
)
GROUP_PROPERTY = Kind(
    "group_property", "group property", _without("is_required"), "group_type", "new_group_property_value", "grp:"
)
BUILT_IN_USER_PROPERTIES = (
    "library", "amplitude_id", "event_id", "session_id", "user_id", "device_id", "location_lat", "location_lng",
    "server_upload_time", "_time",
)  # fmt: skip
"""Always in the list of user properties, never deletable (seen live)."""


def failed(status: int, message: str) -> Problem:
    """The error shape of the taxonomy family."""
    return Problem(Reply(status, {"success": False, "errors": [{"message": message}]}))


_DONE = Reply(200, {"success": True})
_COLUMNS = "id, name, parent, state, body"


@dataclass(frozen=True, slots=True)
class _Planned:
    id: int
    name: str
    parent: str
    state: str
    body: dict[str, object]


class Taxonomy:
    """Handlers of every kind; the tracking plan of each project."""

    def __init__(self, database: Database, events: Events, users: Users, activity_changed: ActivityChanged) -> None:
        self._database = database
        self._events = events
        self._users = users
        self._activity_changed = activity_changed

    # --- categories --------------------------------------------------------------------------------

    def create_category(self, project: Project, call: Call) -> Reply:
        """`POST /api/2/taxonomy/category`."""
        name = _required(_given(call), "category_name")
        if self._find(project, "category", name, "") is not None:
            raise failed(409, f'Attempted to add an event category, "{name}", that already exists.')
        self._insert(project, "category", name, "", {})
        return _DONE

    def list_categories(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/taxonomy/category`."""
        found = [{"id": each.id, "name": each.name} for each in self._all(project, "category")]
        return Reply(200, {"success": True, "data": found})

    def get_category(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/taxonomy/category/{category}`, by name."""
        found = self._find(project, "category", call.path["category"], "")
        if found is None:
            raise failed(400, "Not found")
        return Reply(200, {"success": True, "data": {"id": found.id, "name": found.name}})

    def update_category(self, project: Project, call: Call) -> Reply:
        """`PUT /api/2/taxonomy/category/{category}`, by id."""
        name = _required(_given(call), "category_name")
        category = self._category(project, call.path["category"])
        if name != category.name and self._find(project, "category", name, "") is not None:
            # The page says nothing of a name that is taken; the words are those of making one (inferred).
            raise failed(409, f'Attempted to add an event category, "{name}", that already exists.')
        self._database.execute("UPDATE amplitude_taxonomy SET name = ? WHERE id = ?", (name, category.id))
        return _DONE

    def delete_category(self, project: Project, call: Call) -> Reply:
        """`DELETE /api/2/taxonomy/category/{category}`, by id."""
        self._remove(self._category(project, call.path["category"]))
        return _DONE

    def _category(self, project: Project, number: str) -> _Planned:
        for each in self._all(project, "category"):
            if str(each.id) == number:
                return each
        raise failed(409, f'Attempted to operate on entity event_category, id "{number}", that does not exist.')

    # --- everything else ---------------------------------------------------------------------------

    def create(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`POST /api/2/taxonomy/<kind>`."""
        given = _given(call)
        name, parent = _prefixed(kind, _required(given, kind.key)), _parent(kind, given)
        with self._database.transaction():
            if self._find(project, kind.key, name, parent) is not None:
                of_parent = f' for event "{parent}"' if parent else ""
                article = "an" if kind.words.startswith("e") else "a"
                raise failed(409, f'Attempted to add {article} {kind.words}, "{name}"{of_parent}, that already exists.')
            body = {field: default for field, (_, default) in kind.fields.items()}
            body.update({field: read(given[field]) for field, (read, _) in kind.fields.items() if field in given})
            self._insert(project, kind.key, name, parent, body)
            self._apply(kind, project, name, body, call)
        return _DONE

    def list_all(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`GET /api/2/taxonomy/<kind>`; `showDeleted` adds the deleted ones."""
        with_deleted = flag(call.argument("showDeleted"))
        parent = _asked_parent(kind, call)
        found = [
            self._shown(kind, each)
            for each in self._all(project, kind.key)
            if (with_deleted or each.state != "deleted") and (parent is None or each.parent == parent)
        ]
        if kind is USER_PROPERTY:
            found += [self._built_in(name) for name in BUILT_IN_USER_PROPERTIES]
        return Reply(200, {"success": True, "data": found})

    def get(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`GET /api/2/taxonomy/<kind>/{name}`."""
        name = call.path[kind.key]
        if kind is USER_PROPERTY and name in BUILT_IN_USER_PROPERTIES:
            return Reply(200, {"success": True, "data": self._built_in(name)})
        found = self._find(project, kind.key, _prefixed(kind, name), _asked_parent(kind, call) or "")
        if found is None or (found.state == "deleted" and not flag(call.argument("showDeleted"))):
            raise failed(kind.missing_status, "Not found")
        return Reply(200, {"success": True, "data": self._shown(kind, found)})

    def update(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`PUT /api/2/taxonomy/<kind>/{name}`."""
        given = _given(call)
        changes = {field: read(given[field]) for field, (read, _) in kind.fields.items() if field in given}
        new_name = given.get(kind.new_name)
        with self._database.transaction():
            found = self._planned(kind, project, call, given, next(iter([*changes, "name"])))
            name = _prefixed(kind, str(new_name)) if new_name else found.name
            if name != found.name and self._find(project, kind.key, name, found.parent) is not None:
                raise failed(409, f'Attempted to rename {kind.words} "{found.name}" to "{name}", that already exists.')
            body = {**found.body, **changes}
            self._database.execute(
                "UPDATE amplitude_taxonomy SET name = ?, body = ? WHERE id = ?",
                (name, orjson.dumps(body).decode(), found.id),
            )
            self._apply(kind, project, name, body, call)
        return _DONE

    def delete(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`DELETE /api/2/taxonomy/<kind>/{name}`: what was ingested is marked deleted, what was only planned goes."""
        with self._database.transaction():
            if kind is USER_PROPERTY and call.path[kind.key] in BUILT_IN_USER_PROPERTIES:
                raise failed(409, "Amplitude user properties aren't deletable.")
            found = self._find(project, kind.key, _prefixed(kind, call.path[kind.key]), _asked_parent(kind, call) or "")
            if found is None or found.state == "deleted":
                raise failed(409, "Not found")
            if self._is_live(kind, project, found.name):
                self._state(found, "deleted")
            else:
                self._remove(found)
        return _DONE

    def restore(self, kind: Kind, project: Project, call: Call) -> Reply:
        """`POST /api/2/taxonomy/<kind>/{name}/restore`; one that was not deleted cannot be."""
        name, given = _prefixed(kind, call.path[kind.key]), _given(call)
        found = self._find(project, kind.key, name, _parent(kind, given))
        if found is None or found.state != "deleted":
            raise failed(409, "Not found")
        self._state(found, "planned")
        return _DONE

    def _planned(
        self, kind: Kind, project: Project, call: Call, given: Mapping[str, object], first_change: str
    ) -> _Planned:
        name = call.path[kind.key]
        parent = _parent(kind, given) or _asked_parent(kind, call) or ""
        found = self._find(project, kind.key, _prefixed(kind, name), parent)
        if found is None or found.state == "deleted":
            what = "event" if kind is EVENT else kind.words
            change = first_change.replace("_", " ")
            if kind is EVENT:
                raise failed(
                    409, f'Attempted to change the event {change} for event "{name}", but the event is not in schema.'
                )
            of_parent = f' for event "{parent}"' if kind is EVENT_PROPERTY else ""
            message = f'Attempted to change the {what} {change} for property "{name}"{of_parent}'
            raise failed(409, f"{message}, but the property is not in schema.")
        return found

    def _shown(self, kind: Kind, planned: _Planned) -> dict[str, object]:
        shown: dict[str, object] = {kind.key: planned.name, **planned.body}
        if kind.parent:
            shown[kind.parent] = planned.parent or None
        if kind is EVENT:
            category = planned.body.get("category")
            shown["category"] = None if category is None else {"name": category}
            shown["deleted"] = True if planned.state == "deleted" else None
        if kind is USER_PROPERTY:
            shown["deleted"] = planned.state == "deleted"
        return shown

    def _built_in(self, name: str) -> dict[str, object]:
        body = {field: default for field, (_, default) in USER_PROPERTY.fields.items()}
        return {"user_property": name, **body, "deleted": False}

    def _apply(self, kind: Kind, project: Project, name: str, body: Mapping[str, object], call: Call) -> None:
        """An event type marked inactive makes nobody active any more; cohorts that look at it hear of it."""
        if kind is EVENT and body["is_active"] is not (name not in self._events.inactive_types(project)):
            self._events.mark_active(project, name, bool(body["is_active"]), call.at)
            self._activity_changed(project, call.at)

    def _is_live(self, kind: Kind, project: Project, name: str) -> bool:
        if kind is EVENT:
            return any(each[1] == name and each[2] > 0 for each in self._events.types(project))
        if kind is EVENT_PROPERTY:
            return self._events.carries(project, name)
        return kind is USER_PROPERTY and self._users.carries(project, name.removeprefix(kind.prefix))

    # --- the table ---------------------------------------------------------------------------------

    def _all(self, project: Project, kind: str) -> list[_Planned]:
        query = f"SELECT {_COLUMNS} FROM amplitude_taxonomy WHERE project = ? AND kind = ? ORDER BY id"
        return [_planned(row) for row in self._database.rows(query, (project.name, kind))]

    def _find(self, project: Project, kind: str, name: str, parent: str) -> _Planned | None:
        query = f"SELECT {_COLUMNS} FROM amplitude_taxonomy WHERE project = ? AND kind = ? AND name = ? AND parent = ?"
        row = self._database.row(query, (project.name, kind, name, parent))
        return None if row is None else _planned(row)

    def _insert(self, project: Project, kind: str, name: str, parent: str, body: Mapping[str, object]) -> None:
        self._database.execute(
            "INSERT INTO amplitude_taxonomy (id, project, kind, name, parent, state, body)"
            " SELECT coalesce(max(id) + 1, ?), ?, ?, ?, ?, 'planned', ? FROM amplitude_taxonomy",
            (FIRST_ID, project.name, kind, name, parent, orjson.dumps(body).decode()),
        )

    def _state(self, planned: _Planned, state: str) -> None:
        self._database.execute("UPDATE amplitude_taxonomy SET state = ? WHERE id = ?", (state, planned.id))

    def _remove(self, planned: _Planned) -> None:
        self._database.execute("DELETE FROM amplitude_taxonomy WHERE id = ?", (planned.id,))


def _planned(row: tuple[object, ...]) -> _Planned:
    number, name, parent, state, body = row
    return _Planned(int(str(number)), str(name), str(parent), str(state), orjson.loads(str(body)))


def _given(call: Call) -> dict[str, object]:
    return fields_of(call, lambda message: failed(400, message))


def _required(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if value is None or value == "":
        raise failed(400, f"Missing required parameter: {name}")
    return str(value)


def _prefixed(kind: Kind, name: str) -> str:
    built_in = kind is USER_PROPERTY and name in BUILT_IN_USER_PROPERTIES
    return name if built_in or name.startswith(kind.prefix) else f"{kind.prefix}{name}"


def _parent(kind: Kind, given: Mapping[str, object]) -> str:
    return str(given.get(kind.parent) or "") if kind.parent else ""


def _asked_parent(kind: Kind, call: Call) -> str | None:
    """The event or group type that a read is about; in the query or, as the page has it, in the body.

    A body that is no object names nothing: the page knows no 400 for these calls.
    """
    if not kind.parent:
        return None
    asked = call.argument(kind.parent)
    if asked is None and call.body:
        try:
            asked = _parent(kind, _given(call)) or None
        except Problem:
            return None
    return asked
