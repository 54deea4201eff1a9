"""The doors of the control plane to cohorts; every answer is held against its contract."""

import pytest

from simulator.openapi import load
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.stored.writing import to_stored_json

CONTROL = load("control")
ROOT = "/_sim/amplitude/cohorts"
OPENERS = {"performed": "app_opened", "within": "7d"}


@pytest.fixture
def ask(desk):
    """Call the control plane without keys and check the answer against its contract."""

    def ask(method, path="", body=None, **query):
        answer = desk.amplitude.client.open(f"{ROOT}{path}", method=method, json=body, query_string=query)
        operation, _ = CONTROL.find(method, f"{ROOT}{path}")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert CONTROL.check_response(operation, answer.status_code, headers, answer.data) == []
        return answer

    return ask


def test_a_cohort_is_made_computed_and_listed(ask, desk):
    made = ask("POST", body={"name": "openers", "definition": OPENERS, "owners": ["demo@example.com"]})
    assert (made.status_code, made.json["definition"], made.json["size"]) == (201, OPENERS, None)
    cohort_id = made.json["cohort_id"]
    assert ask("GET", f"/{cohort_id}").json["size"] == 3
    assert ask("GET", "/openers").json["cohort_id"] == cohort_id
    assert [each["name"] for each in ask("GET").json["cohorts"]] == ["openers"]


def test_a_cohort_may_be_given_as_amplitude_stores_it(ask):
    stored = to_stored_json(from_language(OPENERS))
    assert ask("POST", body={"name": "openers", "stored": stored}).json["definition"] == OPENERS


def test_what_a_real_time_sync_refuses_is_shown(ask):
    made = ask("POST", body={"name": "funnel", "definition": {"sequence": ["a", "b"]}})
    assert made.json["real_time_blockers"] == ["funnel"]


def test_a_cohort_is_renamed_edited_and_archived(ask):
    ask("POST", body={"name": "openers", "definition": OPENERS})
    changed = ask(
        "PATCH", "/openers", {"name": "signed up", "definition": {"performed": "signed_up"}, "archived": True}
    )
    assert (changed.json["name"], changed.json["definition"], changed.json["archived"]) == (
        "signed up",
        {"performed": "signed_up"},
        True,
    )
    assert ask("GET", "/openers").status_code == 404


def test_a_cohort_is_deleted_unless_another_one_names_it(ask):
    ask("POST", body={"name": "openers", "definition": OPENERS})
    ask("POST", body={"name": "second", "definition": {"in_cohort": "openers"}})
    assert ask("DELETE", "/openers").status_code == 409
    assert [ask("DELETE", "/second").status_code, ask("DELETE", "/openers").status_code] == [204, 204]
    assert ask("GET").json == {"cohorts": []}


def test_members_are_listed_a_page_at_a_time_and_moved(ask, desk):
    *_, lei = desk.did("ida-1001", "ben-1001", "李雷-1001")
    ask("POST", body={"name": "vips", "definition": {"user_ids": ["ida-1001"]}})
    moved = ask("POST", "/vips/members", {"enter": ["ben-1001", lei], "leave": ["ida-1001"]})
    assert (moved.json["size"], moved.json["definition"]) == (2, None)
    page = ask("GET", "/vips/members", limit=1).json
    assert (page["count"], [each["user_id"] for each in page["members"]]) == (2, ["ben-1001"])
    rest = ask("GET", "/vips/members", after=page["members"][-1]["amplitude_id"]).json
    assert [each["amplitude_id"] for each in rest["members"]] == [lei]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "", {"name": "openers"}, 400, "one of definition, stored is missing"),
        ("POST", "", {"name": " ", "definition": OPENERS}, 400, "name"),
        ("POST", "", {"name": "x", "definition": {"performed": "a", "within": "soon"}}, 400, "definition.within: "),
        ("POST", "", {"name": "x", "definition": {"perfomed": "a"}}, 400, "did you mean performed?"),
        ("POST", "", {"name": "x", "stored": {"andClauses": []}}, 400, "stored.andClauses: "),
        ("POST", "", {"name": "x", "definition": {"people": ["ida"]}}, 409, "bind people"),
        ("POST", "", {"name": "x", "definition": {"in_cohort": "nobody"}}, 409, "no cohort 'nobody'"),
        ("GET", "/nobody", None, 404, "no cohort 'nobody'"),
        ("PATCH", "/nobody", {"name": "x"}, 404, "no cohort 'nobody'"),
        ("DELETE", "/nobody", None, 404, "no cohort 'nobody'"),
        ("GET", "/nobody/members", None, 404, "no cohort 'nobody'"),
        ("POST", "/nobody/members", {"enter": []}, 404, "no cohort 'nobody'"),
        ("POST", "/nobody/lock", {"for": "1s"}, 404, "no cohort 'nobody'"),
        ("POST", "/nobody/lock", {"for": "soon"}, 400, "for"),
        ("PATCH", "/nobody", {}, 400, "body"),
    ],
)
def test_a_refusal_names_the_place(ask, method, path, body, status, detail):
    answer = ask(method, path, body)
    assert (answer.status_code, detail in answer.json["detail"]) == (status, True)


def test_strangers_cannot_be_moved_nor_people_of_a_computed_cohort(ask, desk):
    ask("POST", body={"name": "vips", "definition": {"user_ids": ["ida-1001"]}})
    ask("POST", body={"name": "openers", "definition": OPENERS})
    assert ask("POST", "/vips/members", {"enter": ["nobody-1"]}).status_code == 404
    assert ask("POST", "/vips/members", {"leave": [7]}).status_code == 404
    assert ask("POST", "/openers/members", {"enter": ["ida-1001"]}).status_code == 409


def test_an_unknown_project_is_a_404(ask):
    assert ask("GET", project="nowhere").status_code == 404


def test_a_body_that_is_not_declared_as_json_is_a_415(desk):
    answer = desk.amplitude.client.post(ROOT, data="name=x")
    assert answer.status_code == 415


def test_a_held_cohort_refuses_other_writers_for_a_while(ask, desk):
    cohort_id = desk.upload().json["cohortId"]
    held = ask("POST", f"/{cohort_id}/lock", {"for": "30s"})
    assert held.json == {"cohort_id": cohort_id, "until": "2026-03-02T10:00:30Z"}
    change = ("ADD", "BY_NAME", ["ben-1001"])
    assert desk.membership(cohort_id, change).status_code == 429
    desk.amplitude.later("30s")
    assert desk.membership(cohort_id, change).status_code == 200
