"""Projects: keys from the seed or given, ranges of ids that never meet, plans."""

from __future__ import annotations

import json

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings, UnknownProject

TWO = AmplitudeSettings(
    projects=(ProjectSettings(api_key="given-api", secret_key="given-secret"), ProjectSettings("shop", plan="plus"))
)


def test_keys_are_given_or_made_from_the_seed(amplitude_with) -> None:
    first, again = amplitude_with(TWO), amplitude_with(TWO)
    main, shop = first.service.store.projects.all()
    assert (main.api_key, main.secret_key, shop.plan) == ("given-api", "given-secret", "plus")
    assert (len(shop.api_key), len(shop.secret_key), shop.api_key == shop.secret_key) == (32, 32, False)
    assert first.service.store.projects.all() == again.service.store.projects.all()


def test_an_amplitude_id_has_thirteen_digits_and_names_one_user_of_one_project(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(TWO)
    main, shop = amplitude.service.store.projects.all()
    assert (len(str(main.first_id)), len(str(shop.first_id))) == (13, 13)
    assert main.id_range[1] <= shop.id_range[0]
    assert main.org_id == shop.org_id


def test_projects_are_found_by_name_and_by_key(amplitude_with) -> None:
    projects = amplitude_with(TWO).service.store.projects
    assert projects.of_api_key("given-api") == projects.of_secret_key("given-secret") == projects.named("main")
    assert (projects.of_api_key("given-secret"), projects.of_secret_key("given-api")) == (None, None)
    with pytest.raises(UnknownProject, match="there is no project 'x'; there are main, shop"):
        projects.named("x")


def test_a_plan_is_one_of_four(amplitude) -> None:
    projects = amplitude.service.store.projects
    projects.change_plan("main", "starter")
    assert projects.named("main").plan == "starter"
    with pytest.raises(ValueError, match="there is no plan 'gratis'"):
        projects.change_plan("main", "gratis")


REGIONS = AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("europe", region="eu")))
US_HOSTS = ["api2.amplitude.com", "api.amplitude.com", "amplitude.com"]
EU_HOSTS = ["api.eu.amplitude.com", "analytics.eu.amplitude.com"]


@pytest.mark.parametrize(
    ("project", "host", "known"),
    [
        *[("main", host, True) for host in US_HOSTS],
        *[("main", host, False) for host in EU_HOSTS],
        *[("europe", host, False) for host in US_HOSTS],
        *[("europe", host, True) for host in EU_HOSTS],
        *[(project, "127.0.0.1:8001", True) for project in ("main", "europe")],
    ],
)
def test_a_host_knows_the_keys_of_its_region_only(amplitude_with, an_event, project, host, known) -> None:
    amplitude = amplitude_with(REGIONS)
    key = amplitude.service.store.projects.named(project).api_key
    headers = {"Host": host}
    identification = {"api_key": key, "identification": json.dumps({"user_id": "ida-1001"})}
    mapping = {"api_key": key, "mapping": json.dumps({"user_id": "ida-1001", "global_user_id": "ida@example.com"})}
    upload = amplitude.client.post("/2/httpapi", json={"api_key": key, "events": [an_event()]}, headers=headers)
    identify = amplitude.client.post("/identify", data=identification, headers=headers)
    usermap = amplitude.client.post("/usermap", data=mapping, headers=headers)
    cohorts = amplitude.client.get("/api/3/cohorts", headers={**amplitude.auth(project), **headers})
    if known:
        assert [each.status_code for each in (upload, identify, usermap, cohorts)] == [200, 200, 200, 200]
    else:
        assert (upload.status_code, upload.json["error"]) == (400, f"Invalid API key: {key}")
        assert [each.text for each in (identify, usermap)] == ["invalid_api_key", "invalid_api_key"]
        assert cohorts.status_code == 403


@pytest.mark.parametrize(("project", "status"), [("main", 200), ("europe", 401)])
def test_the_user_profile_api_is_not_offered_in_the_eu(amplitude_with, an_event, project, status) -> None:
    """PROF-1."""
    amplitude = amplitude_with(REGIONS)
    keys = amplitude.service.store.projects.named(project)
    amplitude.service.ingest(project, [an_event()])
    headers = {"Authorization": f"Api-Key {keys.secret_key}"}
    assert amplitude.client.get("/v1/userprofile?user_id=ida-1001", headers=headers).status_code == status


def test_a_reopened_project_is_where_it_was(amplitude_with) -> None:
    projects = amplitude_with(REGIONS).service.store.projects
    projects.change_plan("europe", "plus")
    europe = projects.named("europe")
    assert (europe.region, europe.endpoint) == ("eu", "https://api.eu.amplitude.com")
