"""Connections and syncs are set up as on Amplitude's settings pages, and a run goes through the doors."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.request import Request, urlopen

import pytest

from simulator.rules.cadence import Cadence
from simulator.sync.connections import SetupRefused

BY_USER_ID = [{"property": "user_id", "to": "external_id"}]


def connect(client: Any, name: str = "braze", **more: object) -> Any:
    return client.sim("POST", "/connections", {"name": name, "identify_by": BY_USER_ID, **more})


def test_a_connection_is_made_with_the_keys_of_its_world(client: Any) -> None:
    made = connect(client)

    assert made.status == 201
    assert made.body["identify_by"] == BY_USER_ID
    assert made.body["data_import_key"] == "…" + client.stage.keys.braze_data_import_key[-4:]
    assert made.headers["Location"] == "/_sim/connections/connection-1"
    assert client.sim("GET", "/connections").body == {"connections": [made.body]}


def test_a_connection_is_found_by_its_id_and_by_its_name(client: Any) -> None:
    made = connect(client).body

    assert client.sim("GET", "/connections/braze").body == made
    assert client.sim("GET", "/connections/connection-1").body == made


def test_mapping_key_and_endpoint_of_a_connection_can_be_changed(client: Any) -> None:
    connect(client)
    mapping = [{"property": "crm_id", "to": "alias", "label": "crm"}, {"property": "device_id", "to": "device_id"}]

    changed = client.sim(
        "PATCH",
        "/connections/braze",
        {"identify_by": mapping, "data_import_key": "another-key-0001", "endpoint": "https://rest.iad-05.braze.com"},
    )

    assert changed.status == 200
    assert changed.body["identify_by"] == mapping
    assert changed.body["data_import_key"] == "…0001"
    assert changed.body["endpoint"] == "https://rest.iad-05.braze.com"


def test_a_connection_goes_when_no_sync_uses_it(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")

    used = client.sim("DELETE", "/connections/braze")
    client.sim("DELETE", f"/syncs/{sync}")
    unused = client.sim("DELETE", "/connections/braze")

    assert (used.status, unused.status) == (409, 204)
    assert "still use" in used.body["detail"]
    assert client.sim("GET", "/connections").body == {"connections": []}


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        ({"name": "braze", "identify_by": []}, 400, "body.identify_by"),
        ({"name": "braze", "identify_by": BY_USER_ID * 4}, 400, "body.identify_by"),
        ({"name": "braze", "identify_by": [{"property": "crm_id", "to": "alias"}]}, 400, "body.identify_by[0]"),
        ({"name": "braze", "identify_by": [{"property": "user_id", "to": "email"}]}, 400, "body.identify_by[0]"),
        ({"name": "first", "identify_by": BY_USER_ID}, 409, "a connection named 'first' exists"),
    ],
)
def test_a_connection_that_amplitude_would_not_save_is_refused(
    client: Any, wanted: dict[str, object], status: int, said: str
) -> None:
    connect(client, "first")

    refused = client.sim("POST", "/connections", wanted)

    assert refused.status == status
    assert said in refused.body["detail"]


def test_a_new_sync_has_run_when_it_is_answered(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", "kim-1002", cadence="hourly")

    told = client.sim("GET", f"/syncs/{sync}").body
    runs = client.sim("GET", f"/syncs/{sync}/runs").body["runs"]

    assert (told["cadence"], told["paused"]) == ("hourly", False)
    assert told["next_run"] > "2026-03-02T10:00:00Z"
    assert [(run["run"], run["status"], run["added"], run["skipped"]) for run in runs] == [
        (f"{sync}/1", "success", 2, 0)
    ]


def test_the_engine_comes_through_the_doors_like_any_client(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="one_time")

    exchanges = client.sim("GET", "/journal?service=braze&operation=changeCohortUsers").body["exchanges"]

    assert [each["status"] for each in exchanges] == [201]
    assert exchanges[0]["request"]["headers"]["host"] == "rest.iad-01.braze.com"
    assert '"ida-1001"' in exchanges[0]["request"]["body"]


def test_the_cohort_list_of_amplitude_says_what_is_synced(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="hourly")
    project = client.stage.world.amplitude.store.projects.named("main")
    basic = b64encode(f"{project.api_key}:{project.secret_key}".encode()).decode()
    url = f"{client.stage.urls['amplitude']}/api/3/cohorts?includeSyncInfo=true"
    with urlopen(Request(url, headers={"Authorization": f"Basic {basic}"}), timeout=30) as answer:
        (cohort,) = json.load(answer)["cohorts"]

    (shown,) = cohort["syncMetadata"]

    assert (shown["target"], shown["frequency"], shown["last_failure"]) == ("braze", "hourly", None)
    assert shown["last_successful"].startswith("2026-03-02T10:00:00")
    assert (
        client.sim("GET", "/journal?service=amplitude&operation=listCohorts").body["exchanges"][0].get("violations", [])
        == []
    )


def test_a_sync_runs_when_told(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="daily")
    client.events("kim-1002")

    run = client.sim("POST", f"/syncs/{sync}/run")

    assert (run.status, run.body["run"], run.body["added"]) == (200, f"{sync}/2", 1)


def test_a_paused_sync_does_not_run_until_it_is_resumed(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")

    paused = client.sim("PATCH", f"/syncs/{sync}", {"paused": True})
    refused = client.sim("POST", f"/syncs/{sync}/run")
    client.sim("POST", "/clock/advance", {"by": "3h"})
    while_paused = len(client.sim("GET", f"/syncs/{sync}/runs").body["runs"])
    client.sim("PATCH", f"/syncs/{sync}", {"paused": False})
    client.sim("POST", "/clock/advance", {"by": "1h"})

    assert (paused.body["paused"], paused.body["next_run"]) == (True, None)
    assert (refused.status, while_paused) == (409, 1)
    assert len(client.sim("GET", f"/syncs/{sync}/runs").body["runs"]) == 2


def test_a_cadence_can_be_changed(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")

    changed = client.sim("PATCH", f"/syncs/{sync}", {"cadence": "daily"})

    assert (changed.status, changed.body["cadence"]) == (200, "daily")


def test_a_deleted_sync_is_gone_from_the_list(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")

    assert client.sim("DELETE", f"/syncs/{sync}").status == 204
    assert client.sim("GET", "/syncs").body == {"syncs": []}
    assert client.sim("DELETE", f"/syncs/{sync}").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "/connections/nowhere", None, "there is no connection 'nowhere'"),
        ("GET", "/syncs/sync-9", None, "there is no sync 'sync-9'"),
        ("POST", "/syncs/sync-9/run", None, "there is no sync 'sync-9'"),
        ("GET", "/syncs/sync-9/runs", None, "there is no sync 'sync-9'"),
        ("POST", "/syncs", {"cohort": "ghosts", "connection": "braze"}, "there is no cohort 'ghosts'"),
        ("POST", "/syncs", {"cohort": "ghosts", "connection": "nowhere"}, "there is no connection 'nowhere'"),
    ],
)
def test_what_does_not_exist_is_named(client: Any, method: str, path: str, body: object, said: str) -> None:
    connect(client)

    told = client.sim(method, path, body)

    assert told.status == 404
    assert said in told.body["detail"]


def shop_with_a_cohort(client: Any, **project: object) -> str:
    """Another project with one person whom Braze knows, in a cohort of the same name as one in the main project."""
    key = client.sim("POST", "/amplitude/projects", {"name": "shop", **project}).body["api_key"]
    event = {"user_id": "ben-2002", "event_type": "app_opened"}
    assert client.amplitude("/2/httpapi", {"api_key": key, "events": [event]}).status == 200
    client.braze("/users/track", {"attributes": [{"external_id": "ben-2002", "plan": "gold"}]})
    wanted = {"name": "openers", "definition": {"performed": "app_opened", "within": "7d"}}
    return str(client.sim("POST", "/amplitude/cohorts?project=shop", wanted).body["cohort_id"])


def test_a_connection_sends_the_cohorts_of_its_project(client: Any) -> None:
    """CONN-2. Names stand for what they name in the connection's project, also where both have the name."""
    shops = shop_with_a_cohort(client)
    client.synced_cohort("ida-1001", cadence="hourly")
    made = connect(client, "shop", project="shop")
    sync = client.sim("POST", "/syncs", {"cohort": "openers", "connection": "shop", "cadence": "hourly"}).body

    (run,) = client.sim("GET", f"/syncs/{sync['sync']}/runs").body["runs"]
    members = client.sim("GET", f"/braze/cohorts/amplitude/{shops}/members").body["members"]

    assert ("shop", shops) == (made.body["project"], sync["cohort"])
    assert ("success", 1) == (run["status"], run["added"])
    assert ["ben-2002"] == [each["external_id"] for each in members]


def test_two_projects_may_give_their_connections_the_same_name(client: Any) -> None:
    shop_with_a_cohort(client)
    connect(client)
    second = connect(client, project="shop")

    by_name = client.sim("GET", "/connections/braze")
    by_id = client.sim("GET", f"/connections/{second.body['connection']}")

    assert (201, 200, "shop") == (second.status, by_id.status, by_id.body["project"])
    assert (
        404,
        "several projects have a connection 'braze'; say its id: connection-1 in main, connection-2 in shop",
    ) == (by_name.status, by_name.body["detail"])


def test_a_cohort_of_another_project_cannot_be_synced_to_a_connection(client: Any) -> None:
    shops = shop_with_a_cohort(client)
    main = connect(client).body["connection"]

    with pytest.raises(SetupRefused, match="belongs to project shop and connection 'braze' to main"):
        client.stage.world.engine.create_sync(shops, main, Cadence.ONE_TIME)


def test_each_project_has_a_plan_and_automated_syncs_of_its_own(client: Any) -> None:
    """CONN-3."""
    shop_with_a_cohort(client, plan="plus", automated_syncs=1)
    connect(client, "shop", project="shop")
    client.synced_cohort("ida-1001", cadence="real_time")
    wanted = {"cohort": "openers", "connection": "shop"}
    answers = [client.sim("POST", "/syncs", {**wanted, "cadence": each}) for each in ("real_time", "hourly", "daily")]
    client.sim("PUT", "/amplitude/projects/shop/plan", {"plan": "growth", "automated_syncs": None})
    later = client.sim("POST", "/syncs", {**wanted, "cadence": "real_time"})

    assert [400, 201, 400] == [each.status for each in answers]
    assert "needs the plan growth and enterprise; this project is on plus" in answers[0].body["detail"]
    assert "the plan includes 1 automated syncs and 1 are set up" in answers[2].body["detail"]
    assert 201 == later.status


def test_a_project_on_the_starter_plan_has_no_braze_destination_while_another_has(client: Any) -> None:
    """CONN-3."""
    client.sim("POST", "/amplitude/projects", {"name": "shop", "plan": "starter"})

    assert (400, 201) == (connect(client, "shop", project="shop").status, connect(client).status)


def test_sync_info_is_that_of_the_projects_own_cohort(client: Any) -> None:
    shop_with_a_cohort(client)
    client.synced_cohort("ida-1001", cadence="hourly")
    connect(client, "shop", project="shop")
    client.sim("POST", "/syncs", {"cohort": "openers", "connection": "shop", "cadence": "daily"})
    shown = {}
    for project in client.stage.world.amplitude.store.projects.all():
        basic = b64encode(f"{project.api_key}:{project.secret_key}".encode()).decode()
        url = f"{client.stage.urls['amplitude']}/api/3/cohorts?includeSyncInfo=true"
        with urlopen(Request(url, headers={"Authorization": f"Basic {basic}"}), timeout=30) as answer:
            shown[project.name] = [each["syncMetadata"][0]["frequency"] for each in json.load(answer)["cohorts"]]

    assert {"main": ["hourly"], "shop": ["daily"]} == shown


def test_a_cohort_is_synced_to_another_workspace_on_its_own_cluster(client: Any) -> None:
    """KEY-3."""
    made = client.sim("POST", "/braze/workspaces", {"workspace": "europe", "cluster": "EU-01"}).body
    client.synced_cohort("ida-1001", cadence="hourly")
    profiles = {"workspace": "europe", "profiles": [{"external_id": "ida-1001"}]}
    assert client.sim("POST", "/braze/profiles", profiles).status == 201
    connect(client, "abroad", endpoint=made["endpoint"], data_import_key=made["data_import_key"])
    connect(client, "lost", endpoint="https://rest.iad-05.braze.com", data_import_key=made["data_import_key"])

    for connection in ("abroad", "lost"):
        client.sim("POST", "/syncs", {"cohort": "openers", "connection": connection, "cadence": "one_time"})

    runs = [client.sim("GET", f"/syncs/sync-{n}/runs").body["runs"][0]["status"] for n in (2, 3)]
    cohorts = client.sim("GET", "/braze/cohorts?workspace=europe").body["cohorts"]
    assert (runs, [cohort["size"] for cohort in cohorts]) == (["success", "failed"], [1])
    assert client.sim("GET", "/data-points?workspace=europe&by=cadence").body["charges"] == [
        {"cadence": "one_time", "points": 1, "requests": 1}
    ]
