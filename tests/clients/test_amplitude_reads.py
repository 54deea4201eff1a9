"""Public clients of the cohort, export and dashboard endpoints from PyPI, unmodified, against a served world."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from amplitude_data_wrapper import analytics_api as wrapper
from pyamplitude import exceptions, regions
from pyamplitude.cohorts import CohortsClient
from pyamplitude.credentials import AmplitudeCredentials
from pyamplitude.dashboard import DashboardClient
from pyamplitude.export import ExportClient
from pyamplitude.models import CohortMembership

from simulator.rules.instants import HOUR_MS, MINUTE_MS, format_instant
from simulator.serving.server import Server
from simulator.serving.stage import Stage
from simulator.world import WorldSettings

PEOPLE = ("ida-1001", "ben-1001", "noor-1001")
Made = Callable[..., Any]


def opened(stage: Stage) -> None:
    """Everybody opens the app."""
    events = [{"user_id": each, "event_type": "app_opened", "user_properties": {"plan": "pro"}} for each in PEOPLE]
    stage.world.amplitude.ingest("main", events)


@pytest.fixture
def made(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Makes pyamplitude's clients for a region of ours."""
    base = stage.urls["amplitude"]
    here = regions.RegionEndpoints(
        dashboard=f"{base}/api/2", export=f"{base}/api/2/export", cohorts_v3=f"{base}/api/3/cohorts",
        cohorts_v5=f"{base}/api/5/cohorts", http_v2=f"{base}/2/httpapi", batch=f"{base}/batch",
    )  # fmt: skip
    monkeypatch.setitem(regions.REGIONS, "HERE", here)
    opened(stage)

    def of(kind: type[Any], secret: str = "") -> Any:
        keys = AmplitudeCredentials(
            api_key=stage.keys.amplitude_api_key, secret_key=secret or stage.keys.amplitude_secret_key
        )
        return kind(keys, region="HERE")

    return of


@pytest.fixture
def app_id(stage: Stage) -> int:
    return stage.world.amplitude.store.projects.named("main").app_id


def upload(client: Any, app_id: int, *ids: str, **more: Any) -> str:
    """A cohort of these people."""
    answer = client.upload_cohort(
        name="vips", app_id=app_id, id_type="BY_USER_ID", ids=ids, owner="demo@example.com", published=True, **more
    )
    return str(answer["cohortId"])


def test_a_cohort_is_uploaded_changed_and_downloaded(stage: Stage, made: Made, app_id: int) -> None:
    client = made(CohortsClient)
    cohort_id = upload(client, app_id, "ida-1001")
    change = CohortMembership(ids=["ben-1001", "nobody-1"], id_type="BY_NAME", operation="ADD")
    changed = client.update_membership(cohort_id=cohort_id, memberships=[change])
    asked = client.request_cohort(cohort_id, property_keys=["plan"])
    waiting = client.request_status(asked["request_id"])
    stage.move_on(MINUTE_MS)
    ready = client.request_status(asked["request_id"])
    rows = list(csv.DictReader(io.StringIO(client.download_cohort(asked["request_id"]).decode())))

    assert ["nobody-1"] == changed["memberships_result"][0]["skipped_ids"]
    assert ("JOB INPROGRESS", "JOB COMPLETED") == (waiting["async_status"], ready["async_status"])
    assert [("ida-1001", "pro"), ("ben-1001", "pro")] == [(row["user_id"], row["plan"]) for row in rows]
    assert [(cohort_id, 2)] == [(each["id"], each["size"]) for each in client.list_all_cohorts()]


def test_each_refusal_raises_the_error_of_its_status(stage: Stage, made: Made, app_id: int) -> None:
    client = made(CohortsClient)
    cohort_id = upload(client, app_id, "ida-1001")
    change = [CohortMembership(ids=["nobody-1"], id_type="BY_NAME", operation="ADD")]

    with pytest.raises(exceptions.AmplitudeBadRequest):
        client.update_membership(cohort_id=cohort_id, memberships=change, skip_invalid_ids=False)
    with pytest.raises(exceptions.AmplitudeAuthError):
        made(CohortsClient, "wrong").list_cohorts()
    with pytest.raises(exceptions.AmplitudeHTTPError) as unknown:
        client.request_cohort("nobody00")
    assert 404 == unknown.value.status_code
    for _ in range(4):
        client.request_cohort(cohort_id)
    with pytest.raises(exceptions.AmplitudeRateLimitError):
        client.request_cohort(cohort_id)
    with pytest.raises(exceptions.AmplitudeServerError) as left_out:
        made(DashboardClient).event_segmentation(start="20260301", end="20260302", events=["app_opened"])
    assert 501 == left_out.value.status_code


def test_the_dashboard_finds_people_and_what_they_did(made: Made) -> None:
    client = made(DashboardClient)
    found = client.user_search(user="ida-1001")
    activity = client.user_activity(user=str(found["matches"][0]["amplitude_id"]), limit=10)

    assert "match_user_or_device_id" == found["type"]
    assert ("ida-1001", ["app_opened"]) == (
        activity["userData"]["user_id"], [each["event_type"] for each in activity["events"]],
    )  # fmt: skip
    assert [("app_opened", 3)] == [(each["name"], each["totals"]) for each in client.event_list()["data"]]
    assert ("match_user_prefix", "nomatch") == (
        client.user_search(user="ida")["type"], client.user_search(user="zoe")["type"],
    )  # fmt: skip


def test_an_archive_is_exported_once_its_hour_is_there(stage: Stage, made: Made) -> None:
    hour = format_instant(stage.world.clock.now)[:13].replace("-", "")
    client = made(ExportClient)
    with pytest.raises(exceptions.AmplitudeHTTPError) as early:
        client.download_archive(start=hour, end=hour)
    stage.move_on(3 * HOUR_MS)

    assert 404 == early.value.status_code
    assert [list(PEOPLE)] == [people(lines) for lines in unpacked(client.download_archive(start=hour, end=hour))]


def unpacked(archive: bytes) -> list[list[dict[str, Any]]]:
    """The lines of each file of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return [
            [json.loads(line) for line in gzip.decompress(files.read(name)).splitlines()] for name in files.namelist()
        ]


def people(lines: list[dict[str, Any]]) -> list[object]:
    return [line["user_id"] for line in lines]


# --- amplitude-data-wrapper -----------------------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A world that runs twenty times as fast as the machine: the client polls every five seconds and moves no clock."""
    with Server(WorldSettings(seed=7), pace="20x", at_machine_time=True) as server:
        opened(server.main)
        monkeypatch.setitem(wrapper.API_DOMAINS, "eu", server.main.urls["amplitude"])
        yield server.main


@pytest.fixture
def keys(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The project's keys, and the client's region turned to the served world."""
    opened(stage)
    monkeypatch.setitem(wrapper.API_DOMAINS, "eu", stage.urls["amplitude"])
    return {"api_key": stage.keys.amplitude_api_key, "secret": stage.keys.amplitude_secret_key}


# The client leaves the file that it wrote to the garbage collector.
leaves_a_file_open = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@leaves_a_file_open
def test_a_client_that_polls_gets_its_file(hurried: Stage, tmp_path: Path) -> None:
    cohort = hurried.world.amplitude.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    file = wrapper.get_cohort(
        hurried.keys.amplitude_api_key, hurried.keys.amplitude_secret_key, cohort.cohort_id, str(tmp_path / "c.csv"),
        props=1,
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(Path(file).read_text(encoding="utf-8"))))
    assert list(PEOPLE) == [row["user_id"] for row in rows]


@leaves_a_file_open
def test_a_project_is_exported_into_a_file(stage: Stage, keys: dict[str, str], tmp_path: Path) -> None:
    hour = format_instant(stage.world.clock.now)[:13].replace("-", "")
    stage.move_on(3 * HOUR_MS)
    file = wrapper.export_project_data(hour, hour, **keys, filename=str(tmp_path / "project.zip"))
    assert [list(PEOPLE)] == [people(lines) for lines in unpacked(Path(file).read_bytes())]


def test_people_are_found_deleted_and_listed_for_deletion(stage: Stage, keys: dict[str, str]) -> None:
    found = wrapper.find_user("ida-1001", **keys).json()["matches"][0]["amplitude_id"]
    (job,) = wrapper.delete_user_data([found], ["nobody-1"], "dpo@example.com", **keys, ignore_invalid_id=True).json()
    today = format_instant(stage.world.clock.now)[:10]
    jobs = wrapper.get_deletion_jobs(today, job["day"], **keys).json()

    assert ("staging", [found], ["nobody-1"]) == (
        job["status"], [each["amplitude_id"] for each in job["amplitude_ids"]], job["invalid_ids"],
    )  # fmt: skip
    assert [job["day"]] == [each["day"] for each in jobs]


def test_event_types_are_listed_and_deleted(stage: Stage, keys: dict[str, str]) -> None:
    assert [] == wrapper.get_all_event_types(**keys).json()["data"]
    assert 409 == wrapper.delete_event_type(**keys, event_type="app_opened").status_code
    assert 501 == wrapper.get_chart(**keys, chart_id="abc123").status_code
