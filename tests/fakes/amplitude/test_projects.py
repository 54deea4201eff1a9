"""Projects: keys from the seed or given, ranges of ids that never meet, plans."""

from __future__ import annotations

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
