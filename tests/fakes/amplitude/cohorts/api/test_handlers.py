"""Listing, reading, and the three steps of a download."""

import csv
import gzip
import io

import pytest

from simulator.fakes.amplitude.cohorts.api.objects import SyncInfo
from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.rules.instants import Instant

OPENERS = {"performed": "app_opened", "within": "7d"}
GET_PATHS = [
    "/api/3/cohorts",
    "/api/3/cohorts/usage",
    "/api/3/cohorts/26umsb5",
    "/api/5/cohorts/request/26umsb5",
    "/api/5/cohorts/request-status/qfaZya",
    "/api/5/cohorts/request/qfaZya/file",
]
POST_PATHS = ["/api/3/cohorts/upload", "/api/3/cohorts/membership"]


def rows(response):
    return list(csv.reader(io.StringIO(response.get_data(as_text=True))))


def export(desk, cohort_id, **query):
    answer = desk.get(f"/api/5/cohorts/request/{cohort_id}", **query)
    assert answer.status_code == 202
    desk.amplitude.later("30s")
    return answer.json["request_id"]


@pytest.mark.parametrize("path", [*GET_PATHS, *POST_PATHS])
def test_without_keys_every_call_is_a_401_and_with_wrong_ones_a_403(desk, path):
    method = "POST" if path in POST_PATHS else "GET"
    absent = desk.amplitude.client.open(path, method=method, json={})
    wrong = desk.amplitude.client.open(path, method=method, json={}, auth=(desk.amplitude.main.api_key, "wrong"))
    assert (absent.status_code, wrong.status_code) == (401, 403)


def test_a_project_without_cohorts_lists_none(desk):
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}


def test_a_cohort_nobody_computed_has_no_size(desk):
    cohort = desk.cohorts.create("openers", OPENERS, owners=["demo@example.com"])
    (shown,) = desk.get("/api/3/cohorts").json["cohorts"]
    assert (shown["id"], shown["finished"], shown["size"], shown["lastComputed"]) == (
        cohort.cohort_id,
        False,
        None,
        None,
    )
    desk.cohorts.compute("openers")
    (shown,) = desk.get("/api/3/cohorts").json["cohorts"]
    seconds = desk.amplitude.now // 1000
    assert (shown["finished"], shown["size"], shown["lastComputed"], shown["createdAt"]) == (True, 3, seconds, seconds)
    assert (shown["name"], shown["owners"], shown["type"], shown["appId"]) == (
        "openers",
        ["demo@example.com"],
        "redshift",
        desk.amplitude.main.app_id,
    )
    assert "syncMetadata" not in shown


def test_the_list_shows_the_definition_as_amplitude_stores_it(desk):
    """COHORT-3."""
    desk.cohorts.create("openers", OPENERS)
    (shown,) = desk.get("/api/3/cohorts").json["cohorts"]
    (row,) = shown["definition"]["andClauses"]
    assert row["orClauses"][0] == {
        "type": "event",
        "type_value": "app_opened",
        "operator": ">=",
        "operator_value": 1,
        "group_by": [],
        "metric": None,
        "time_type": "rolling",
        "time_value": 7,
        "offset": 0,
        "interval": 1,
        "exclude_current_interval": False,
    }


def test_hidden_and_deleted_cohorts_are_not_listed_and_archived_ones_say_so(desk):
    desk.cohorts.create("hidden", OPENERS, published=False)
    desk.cohorts.create("deleted", OPENERS)
    desk.cohorts.create("archived", OPENERS)
    desk.cohorts.delete("deleted")
    desk.cohorts.archive("archived")
    shown = desk.get("/api/3/cohorts").json["cohorts"]
    assert [(each["name"], each["archived"]) for each in shown] == [("archived", True)]


def test_the_size_is_that_of_the_instant_of_asking(desk):
    desk.cohorts.create("openers", OPENERS)
    desk.cohorts.compute("openers")
    desk.amplitude.clock.move_to(Instant(desk.amplitude.now + 7 * 86_400_000))
    assert desk.get("/api/3/cohorts").json["cohorts"][0]["size"] == 0


def test_one_cohort_comes_with_everybody_in_it(desk):
    anonymous = desk.anonymous("d-ben-0001")
    cohort = desk.cohorts.create("openers", OPENERS)
    answer = desk.get(f"/api/3/cohorts/{cohort.cohort_id}")
    assert answer.json["user_ids"] == ["ida-1001", "ben-1001", "李雷-1001"]
    assert answer.json["amplitude_ids"][-1] == anonymous
    assert answer.json["cohort"]["size"] == 4


@pytest.mark.parametrize("path", ["/api/3/cohorts/{}", "/api/5/cohorts/request/{}"])
def test_an_unknown_cohort_is_a_404(desk, path):
    answer = desk.get(path.format("26umsb5"))
    assert (answer.status_code, answer.json["error"]["http_code"]) == (404, 404)


def test_a_cohort_of_another_project_is_unknown(desk_with):
    desk = desk_with(AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("second"))))
    cohort = desk.cohorts.create("openers", OPENERS, project="second")
    assert desk.get(f"/api/3/cohorts/{cohort.cohort_id}").status_code == 404
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}


# --- downloads -------------------------------------------------------------------------------------


def test_a_download_takes_half_a_minute_on_the_simulated_clock(desk):
    cohort = desk.cohorts.create("openers", OPENERS)
    asked = desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}")
    request_id = asked.json["request_id"]
    assert (asked.status_code, asked.json["cohort_id"]) == (202, cohort.cohort_id)
    status = f"/api/5/cohorts/request-status/{request_id}"
    desk.amplitude.later("29s 999ms")
    running = desk.get(status)
    assert (running.status_code, running.json["async_status"]) == (202, "JOB INPROGRESS")
    assert desk.get(f"/api/5/cohorts/request/{request_id}/file").status_code == 404
    desk.amplitude.later("1ms")
    done = desk.get(status)
    assert (done.status_code, done.json) == (
        200,
        {"request_id": request_id, "cohort_id": cohort.cohort_id, "async_status": "JOB COMPLETED"},
    )
    assert desk.get(f"/api/5/cohorts/request/{request_id}/file").status_code == 200


def test_the_file_holds_ids_every_field_quoted(desk):
    anonymous = desk.anonymous("d-ben-0001")
    cohort = desk.cohorts.create("openers", OPENERS)
    file = desk.get(f"/api/5/cohorts/request/{export(desk, cohort.cohort_id)}/file")
    lines = file.get_data(as_text=True).splitlines()
    assert lines[0] == '"amplitude_id","user_id"'
    assert lines[-1] == f'"{anonymous}",""'
    assert [row[1] for row in rows(file)[1:]] == ["ida-1001", "ben-1001", "李雷-1001", ""]


@pytest.mark.parametrize("accepted", [{"Accept-Encoding": "gzip, deflate"}, {"Accept-Encoding": "*"}, {}], ids=str)
def test_the_file_is_gzip_encoded_unless_the_client_takes_nothing_encoded(desk, accepted):
    cohort = desk.cohorts.create("openers", OPENERS)
    path = f"/api/5/cohorts/request/{export(desk, cohort.cohort_id)}/file"
    file = desk.amplitude.client.get(path, headers={**desk.amplitude.auth(), **accepted})
    assert file.headers["Content-Encoding"] == "gzip"
    plain = desk.get(path)
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(file.data) == plain.data


def test_the_file_holds_the_properties_asked_for(desk):
    desk.did("kim-1001", plan="pro", tags=["a", "b"], age=41)
    cohort = desk.cohorts.create("pros", {"property": {"plan": "pro"}})
    every = desk.get(f"/api/5/cohorts/request/{export(desk, cohort.cohort_id, props='1')}/file")
    assert rows(every)[0][:2] == ["amplitude_id", "user_id"]
    assert dict(zip(rows(every)[0], rows(every)[1], strict=True)) | {"amplitude_id": ""} == {
        "amplitude_id": "",
        "user_id": "kim-1001",
        "age": "41",
        "plan": "pro",
        "tags": '["a","b"]',
    }
    some = desk.get(
        f"/api/5/cohorts/request/{export(desk, cohort.cohort_id, props='1', propKeys=['plan', 'city'])}/file"
    )
    assert [row[1:] for row in rows(some)] == [["user_id", "plan", "city"], ["kim-1001", "pro", ""]]
    none = desk.get(f"/api/5/cohorts/request/{export(desk, cohort.cohort_id, propKeys='plan')}/file")
    assert rows(none)[0] == ["amplitude_id", "user_id"]


def test_the_file_holds_the_members_of_the_moment_of_asking(desk):
    """COHORT-3."""
    cohort = desk.cohorts.create("openers", OPENERS)
    request_id = desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").json["request_id"]
    desk.did("late-1001")
    desk.amplitude.later("6d")
    assert len(rows(desk.get(f"/api/5/cohorts/request/{request_id}/file"))) == 4


def test_the_wrong_props_are_refused(desk):
    cohort = desk.cohorts.create("openers", OPENERS)
    assert desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}", props="2").status_code == 400


@pytest.mark.parametrize(("passed", "status"), [("6d 23h 59m 59s", 200), ("7d", 404)])
def test_a_request_lives_for_seven_days(desk, passed, status):
    cohort = desk.cohorts.create("openers", OPENERS)
    request_id = desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").json["request_id"]
    desk.amplitude.later(passed)
    assert desk.get(f"/api/5/cohorts/request-status/{request_id}").status_code == status
    assert desk.get(f"/api/5/cohorts/request/{request_id}/file").status_code == status


def test_an_unknown_request_is_a_404(desk):
    assert desk.get("/api/5/cohorts/request-status/qfaZya").status_code == 404
    assert desk.get("/api/5/cohorts/request/qfaZya/file").status_code == 404


def test_the_request_of_a_deleted_cohort_is_gone(desk):
    cohort = desk.cohorts.create("openers", OPENERS)
    request_id = export(desk, cohort.cohort_id)
    desk.cohorts.delete("openers")
    assert desk.get(f"/api/5/cohorts/request/{request_id}/file").status_code == 404


@pytest.mark.parametrize(("large_from", "status"), [(2, 302), (3, 302), (4, 200)])
def test_a_large_file_is_behind_a_link(desk, large_from, status):
    desk.api.exports.redirect_from = large_from
    cohort = desk.cohorts.create("openers", OPENERS)
    request_id = export(desk, cohort.cohort_id)
    assert desk.get(f"/api/5/cohorts/request/{request_id}/file").status_code == status


@pytest.mark.parametrize(("passed", "status"), [("0s", 200), ("59s 999ms", 200), ("1m", 403)])
def test_a_link_needs_no_keys_and_lives_for_a_minute(desk, passed, status):
    desk.api.exports.redirect_from = 1
    cohort = desk.cohorts.create("openers", OPENERS)
    request_id = export(desk, cohort.cohort_id)
    link = desk.get(f"/api/5/cohorts/request/{request_id}/file").headers["Location"]
    desk.amplitude.later(passed)
    assert desk.amplitude.client.get(link).status_code == status
    again = desk.get(f"/api/5/cohorts/request/{request_id}/file").headers["Location"]
    assert desk.amplitude.client.get(again).status_code == 200


@pytest.mark.parametrize("tamper", [("Signature=", "Signature=0"), ("Date=1", "Date=2"), ("Date=", "Date=x")])
def test_a_link_that_was_not_made_here_is_refused(desk, tamper):
    desk.api.exports.redirect_from = 1
    cohort = desk.cohorts.create("openers", OPENERS)
    link = desk.get(f"/api/5/cohorts/request/{export(desk, cohort.cohort_id)}/file").headers["Location"]
    refused = desk.amplitude.client.get(link.replace(*tamper))
    assert (refused.status_code, b"SignatureDoesNotMatch" in refused.data) == (403, True)
    assert desk.amplitude.client.get("/cohort-exports/qfaZya").status_code == 403


@pytest.mark.parametrize(("at_most", "status"), [(2, 400), (3, 202), (4, 202)])
def test_a_cohort_may_be_too_large_to_download(desk, at_most, status):
    desk.api.members_to_download = at_most
    cohort = desk.cohorts.create("openers", OPENERS)
    assert desk.get(f"/api/5/cohorts/request/{cohort.cohort_id}").status_code == status


def test_the_list_says_on_demand_what_each_cohort_is_synced_to(desk):
    desk.cohorts.create("openers", OPENERS)
    desk.api.sync_info = lambda project, cohort_id: [
        SyncInfo("braze", "hourly", desk.amplitude.now, None, {"mapping": "user_id"}),
        SyncInfo("braze", "one_time", desk.amplitude.now),
    ]
    (plain,) = desk.get("/api/3/cohorts", includeSyncInfo="false").json["cohorts"]
    (shown,) = desk.get("/api/3/cohorts", includeSyncInfo="true").json["cohorts"]
    assert "syncMetadata" not in plain
    assert shown["syncMetadata"] == [
        {
            "target": "braze",
            "frequency": "hourly",
            "last_successful": "2026-03-02T10:00:00.000000+00:00",
            "last_failure": None,
            "params": {"mapping": "user_id"},
        }
    ]


def test_only_discoverable_cohorts_are_listed_and_downloaded(desk):
    """Amplitude, Behavioral Cohorts API: "Get a discoverable cohort using its cohort_id"."""
    cohort_id = desk.upload(published=False).json["cohortId"]
    assert desk.get("/api/3/cohorts").json == {"cohorts": []}
    assert desk.get(f"/api/5/cohorts/request/{cohort_id}").status_code == 404
    assert desk.get("/api/3/cohorts/usage").json["rest_download"]["usage"] == 0
