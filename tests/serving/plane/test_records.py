"""Journal and ledger can be read, narrowed, followed and cleared from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_each_exchange_at_a_service_is_in_the_journal_and_no_control_call_is(client: Any) -> None:
    client.events("ida-1001")
    client.sim("GET", "/clock")

    told = client.sim("GET", "/journal").body

    assert (told["matched"], told["written"], told["lost"]) == (1, 1, 0)
    exchange = told["exchanges"][0]
    assert (exchange["service"], exchange["method"], exchange["url"]) == ("amplitude", "POST", "/2/httpapi")
    assert exchange["at"] == "2026-03-02T10:00:00Z"
    assert json.loads(exchange["request"]["body"])["api_key"] == "***"


def test_the_journal_names_what_breaks_the_contract(client: Any) -> None:
    key = client.stage.keys.amplitude_api_key
    client.amplitude("/2/httpapi", {"api_key": key, "events": "none"})

    exchange = client.sim("GET", "/journal").body["exchanges"][0]

    assert any("events" in each for each in exchange["violations"])


def test_no_key_is_told_by_journal_or_ledger(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="one_time")

    told = json.dumps([client.sim("GET", path).body for path in ("/journal", "/ledger", "/connections")])

    keys = client.stage.keys
    clear = [name for name in keys.__dataclass_fields__ if getattr(keys, name) in told]
    assert clear == []


def test_the_journal_is_narrowed_and_followed(client: Any) -> None:
    client.events("ida-1001")
    client.braze("/users/track", {"attributes": [{"external_id": "ida-1001"}]})
    client.braze("/users/track", {})

    def numbers(query: str) -> list[int]:
        return [each["number"] for each in client.sim("GET", f"/journal?{query}").body["exchanges"]]

    assert numbers("") == [1, 2, 3]
    assert numbers("service=braze") == [2, 3]
    assert numbers("operation=trackUsers&status=400") == [3]
    assert numbers("after=1&limit=1") == [2]
    assert numbers("limit=1") == [3]
    assert numbers("request_id=nobody") == []


def test_exchanges_are_counted(client: Any) -> None:
    client.events("ida-1001")
    client.events("ben")
    client.braze("/users/track", {"attributes": [{"external_id": "ida-1001"}]})

    told = client.sim("GET", "/journal/count?service=amplitude").body

    assert told["count"] == 2
    assert [(each["status"], each["count"]) for each in told["by"]] == [(200, 1), (400, 1)]


def test_a_cleared_journal_is_empty(client: Any) -> None:
    client.events("ida-1001")

    assert client.sim("DELETE", "/journal").status == 204
    assert client.sim("GET", "/journal").body == {"exchanges": [], "matched": 0, "written": 0, "lost": 0}


def test_the_ledger_tells_pages_with_their_people(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="one_time")

    pages = client.sim("GET", f"/ledger?room=engine&sync={sync}").body["pages"]
    joined = client.sim("GET", f"/ledger?room=braze&request_id={_request(pages)}").body["pages"]

    assert {page["room"] for page in pages} == {"engine"}
    assert [entry["identifier"] for page in joined for entry in page["entries"]] == [
        {"kind": "external_id", "value": "ida-1001"}
    ]


def test_the_ledger_is_followed_with_a_cursor(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="one_time")
    first = client.sim("GET", "/ledger?limit=2").body

    rest = client.sim("GET", f"/ledger?after={first['pages'][-1]['page']}").body

    assert len(first["pages"]) == 2
    assert rest["pages"][0]["page"] == first["pages"][-1]["page"] + 1
    assert rest["pages"][-1]["page"] == rest["written"] == first["written"]


@pytest.mark.parametrize(
    "query", ["status=high", "limit=0", "limit=10001", "after=-1", "service=mixpanel", "status=99"]
)
def test_a_query_that_makes_no_sense_is_refused(client: Any, query: str) -> None:
    refused = client.sim("GET", f"/journal?{query}")

    assert refused.status == 400
    assert refused.body["detail"].startswith(f"query {query.partition('=')[0]}")


def _request(pages: list[dict[str, Any]]) -> str:
    return str(next(page["request"] for page in pages if page["request"] and page["entries"]))
