"""The tracking plan: every kind is created, read, changed, deleted and restored, each refusal in its words."""

from __future__ import annotations

import pytest

BASE = "/api/2/taxonomy/"


def form(amplitude, method, path, **fields):
    return amplitude.call(method, BASE + path, data=fields)


def said(answer) -> tuple[int, str]:
    assert answer.json["success"] is False
    return answer.status_code, answer.json["errors"][0]["message"]


def test_categories_are_made_read_renamed_and_deleted(amplitude) -> None:
    assert form(amplitude, "POST", "category", category_name="Attribution").json == {"success": True}
    form(amplitude, "POST", "category", category_name="Conversion")
    found = amplitude.get(BASE + "category").json
    assert found == {
        "success": True,
        "data": [{"id": 412931, "name": "Attribution"}, {"id": 412932, "name": "Conversion"}],
    }
    assert amplitude.get(BASE + "category/Conversion").json["data"] == {"id": 412932, "name": "Conversion"}
    assert form(amplitude, "PUT", "category/412932", category_name="Converted").json == {"success": True}
    assert amplitude.call("DELETE", BASE + "category/412931").json == {"success": True}
    assert amplitude.get(BASE + "category").json["data"] == [{"id": 412932, "name": "Converted"}]


def test_categories_refuse(amplitude) -> None:
    form(amplitude, "POST", "category", category_name="Attribution")
    assert said(form(amplitude, "POST", "category", category_name="Attribution")) == (
        409,
        'Attempted to add an event category, "Attribution", that already exists.',
    )
    assert said(form(amplitude, "POST", "category")) == (400, "Missing required parameter: category_name")
    assert said(amplitude.get(BASE + "category/Nothing")) == (400, "Not found")
    missing = 'Attempted to operate on entity event_category, id "4129", that does not exist.'
    assert said(form(amplitude, "PUT", "category/4129", category_name="x")) == (409, missing)
    assert said(amplitude.call("DELETE", BASE + "category/4129")) == (409, missing)


def test_a_category_does_not_take_the_name_of_another(amplitude) -> None:
    form(amplitude, "POST", "category", category_name="Attribution")
    form(amplitude, "POST", "category", category_name="Conversion")
    taken = 'Attempted to add an event category, "Attribution", that already exists.'
    assert (409, taken) == said(form(amplitude, "PUT", "category/412932", category_name="Attribution"))
    assert 200 == form(amplitude, "PUT", "category/412932", category_name="Conversion").status_code


def test_an_event_type_has_the_shape_seen_live(amplitude) -> None:
    form(amplitude, "POST", "event", event_type="app_opened", category="Use", description="d", tags="a, b")
    assert amplitude.get(BASE + "event/app_opened").json["data"] == {
        "event_type": "app_opened",
        "description": "d",
        "display_name": None,
        "category": {"name": "Use"},
        "deleted": None,
        "tags": ["a", "b"],
        "is_active": True,
        "owner": None,
        "is_hidden_from_dropdowns": False,
        "is_hidden_from_persona_results": False,
        "is_hidden_from_pathfinder": False,
        "is_hidden_from_timeline": False,
    }


def test_properties_have_the_shapes_seen_live(amplitude) -> None:
    shared = {"description": "", "type": "any", "enum_values": None, "regex": None, "is_array_type": False}
    shared |= {"is_hidden": False, "classifications": []}
    form(amplitude, "POST", "event-property", event_property="color", event_type="app_opened")
    form(amplitude, "POST", "user-property", user_property="plan", type="enum", enum_values="free, plus")
    form(amplitude, "POST", "group-property", group_property="seats")
    assert amplitude.get(BASE + "event-property").json["data"] == [
        {"event_type": "app_opened", "event_property": "color", **shared, "is_required": False}
    ]
    assert amplitude.get(BASE + "user-property").json["data"][0] == {
        "user_property": "gp:plan",
        **shared,
        "type": "enum",
        "enum_values": ["free", "plus"],
        "deleted": False,
    }
    assert amplitude.get(BASE + "group-property").json["data"] == [
        {"group_type": None, "group_property": "grp:seats", **shared}
    ]


def test_built_in_user_properties_are_always_there(amplitude) -> None:
    names = [each["user_property"] for each in amplitude.get(BASE + "user-property").json["data"]]
    assert names[:2] == ["library", "amplitude_id"]
    assert amplitude.get(BASE + "user-property/device_id").json["data"]["user_property"] == "device_id"
    assert said(amplitude.call("DELETE", BASE + "user-property/device_id")) == (
        409,
        "Amplitude user properties aren't deletable.",
    )


@pytest.mark.parametrize(
    ("path", "key", "name", "stored", "new_name_key", "taken"),
    [
        ("event", "event_type", "opened", "opened", "new_event_type", 'an event, "opened"'),
        ("event-property", "event_property", "color", "color", "new_event_property_value",
         'an event property, "color"'),
        ("user-property", "user_property", "plan", "gp:plan", "new_user_property_value", 'a user property, "gp:plan"'),
        ("group-property", "group_property", "seats", "grp:seats", "new_group_property_value",
         'a group property, "grp:seats"'),
    ],
)  # fmt: skip
def test_every_kind_is_changed_renamed_and_never_doubled(
    amplitude, path, key, name, stored, new_name_key, taken
) -> None:
    """updateEventType, updateEventProperty, updateUserProperty, updateGroupProperty."""
    assert form(amplitude, "POST", path, **{key: name}).json == {"success": True}
    assert said(form(amplitude, "POST", path, **{key: name})) == (
        409,
        f"Attempted to add {taken}, that already exists.",
    )
    assert form(amplitude, "PUT", f"{path}/{stored}", description="new").json == {"success": True}
    assert amplitude.get(f"{BASE}{path}/{stored}").json["data"]["description"] == "new"
    form(amplitude, "POST", path, **{key: "other"})
    assert form(amplitude, "PUT", f"{path}/{stored}", **{new_name_key: "other"}).status_code == 409
    assert form(amplitude, "PUT", f"{path}/{stored}", **{new_name_key: "third"}).json == {"success": True}
    assert amplitude.get(f"{BASE}{path}/{stored}").status_code in (400, 404)
    assert said(form(amplitude, "POST", path)) == (400, f"Missing required parameter: {key}")


@pytest.mark.parametrize(
    ("path", "status"),
    [("event/x", 400), ("event-property/x", 400), ("user-property/x", 404), ("group-property/x", 400)],
)
def test_an_unknown_one_is_not_found(amplitude, path, status) -> None:
    assert said(amplitude.get(BASE + path)) == (status, "Not found")


NOT_PLANNED = [
    ("event/Event", "display_name", 'the event display name for event "Event", but the event'),
    (
        "event-property/Task",
        "description",
        'the event property description for property "Task" for event "", but the property',
    ),
    ("user-property/plan", "description", 'the user property description for property "plan", but the property'),
]


@pytest.mark.parametrize(("path", "field", "what"), NOT_PLANNED)
def test_changing_what_is_not_planned_is_a_conflict_in_the_vendors_words(amplitude, path, field, what) -> None:
    expected = f"Attempted to change {what} is not in schema."
    assert said(form(amplitude, "PUT", path, **{field: "x"})) == (409, expected)


def test_an_ingested_event_type_is_marked_deleted_and_can_be_restored(amplitude, an_event) -> None:
    amplitude.upload(an_event())
    form(amplitude, "POST", "event", event_type="app_opened")
    assert said(form(amplitude, "POST", "event/app_opened/restore")) == (409, "Not found")
    assert amplitude.call("DELETE", BASE + "event/app_opened").json == {"success": True}
    assert amplitude.get(BASE + "event").json["data"] == []
    assert amplitude.get(BASE + "event", showDeleted="true").json["data"][0]["deleted"] is True
    assert said(amplitude.call("DELETE", BASE + "event/app_opened")) == (409, "Not found")
    assert form(amplitude, "POST", "event/app_opened/restore").json == {"success": True}
    assert amplitude.get(BASE + "event/app_opened").json["data"]["deleted"] is None


@pytest.mark.parametrize(("path", "name"), [("event-property", "color"), ("user-property", "gp:plan")])
def test_an_ingested_property_is_marked_deleted_and_can_be_restored(amplitude, an_event, path, name) -> None:
    """restoreEventProperty, restoreUserProperty."""
    amplitude.upload(an_event(event_properties={"color": "red"}, user_properties={"plan": "plus"}))
    form(amplitude, "POST", path, **{path.replace("-", "_"): name})
    assert amplitude.call("DELETE", f"{BASE}{path}/{name}").json == {"success": True}
    assert form(amplitude, "POST", f"{path}/{name}/restore").json == {"success": True}


@pytest.mark.parametrize("path", ["event", "event-property", "user-property"])
def test_what_was_only_planned_goes_for_good(amplitude, path) -> None:
    key = path.replace("-", "_") if path != "event" else "event_type"
    form(amplitude, "POST", path, **{key: "gp:planned" if path == "user-property" else "planned"})
    name = "gp:planned" if path == "user-property" else "planned"
    assert amplitude.call("DELETE", f"{BASE}{path}/{name}").json == {"success": True}
    assert said(form(amplitude, "POST", f"{path}/{name}/restore")) == (409, "Not found")


def test_event_properties_belong_to_an_event_type(amplitude) -> None:
    form(amplitude, "POST", "event-property", event_property="color", event_type="app_opened")
    form(amplitude, "POST", "event-property", event_property="color")
    of_event = amplitude.get(BASE + "event-property", event_type="app_opened").json["data"]
    assert ([each["event_type"] for each in of_event], len(amplitude.get(BASE + "event-property").json["data"])) == (
        ["app_opened"],
        2,
    )
    by_form = amplitude.call("GET", BASE + "event-property/color", data={"event_type": "app_opened"})
    assert by_form.json["data"]["event_type"] == "app_opened"
    assert said(form(amplitude, "POST", "event-property", event_property="color", event_type="app_opened")) == (
        409,
        'Attempted to add an event property, "color" for event "app_opened", that already exists.',
    )


def test_an_event_type_marked_inactive_makes_nobody_active(amplitude, an_event) -> None:
    amplitude.upload(an_event())
    form(amplitude, "POST", "event", event_type="app_opened", is_active="false")
    assert amplitude.get("/api/2/events/list").json["data"][0]["non_active"] is True
    assert amplitude.service.store.events.inactive_types(amplitude.main) == {"app_opened"}
    form(amplitude, "PUT", "event/app_opened", is_active="true")
    assert amplitude.service.store.events.inactive_types(amplitude.main) == frozenset()


def test_reads_cost_one_and_writes_two_of_7200_an_hour(amplitude) -> None:
    assert amplitude.service.access.spend("taxonomy", "main", 7195, amplitude.now) is None
    assert form(amplitude, "POST", "category", category_name="c1").status_code == 200
    assert form(amplitude, "POST", "category", category_name="c2").status_code == 200
    assert form(amplitude, "POST", "category", category_name="c3").status_code == 429
    assert [amplitude.get(BASE + "category").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("method", "path"), [("POST", "event"), ("PUT", "user-property/plan"), ("POST", "category")])
def test_a_body_that_is_no_object_is_refused(amplitude, method, path) -> None:
    assert said(amplitude.call(method, BASE + path, json=["a"])) == (400, "The body must be an object")


def test_an_event_type_set_inactive_leaves_cohorts_of_active_people_at_once(amplitude, an_event) -> None:
    """Amplitude, Change event activity status: inactive events make nobody active."""
    amplitude.upload(an_event(event_type="email_sent"))
    amplitude.service.cohorts.create("active", {"active_within": "30d"})
    assert len(amplitude.service.cohorts.members("active")) == 1
    form(amplitude, "POST", "event", event_type="email_sent", is_active="false")
    assert amplitude.service.cohorts.members("active") == []
    form(amplitude, "PUT", "event/email_sent", is_active="true")
    assert len(amplitude.service.cohorts.members("active")) == 1


@pytest.mark.parametrize("path", ["event-property", "group-property"])
def test_a_body_that_is_no_object_names_no_event_type(amplitude, path) -> None:
    assert amplitude.call("GET", BASE + path, json=["a"]).json == {"success": True, "data": []}
