"""The journal keeps what was said, never what was secret, and admits what it forgot."""

import gzip
import json

import pytest

from simulator.exchange import Exchange
from simulator.journal import Counted, Journal, JournalIncomplete, mask_headers, mask_text
from simulator.rules.instants import Instant

SECRET = "s3cr3t-ben-0001"


def exchange(
    body: bytes = b"{}",
    *,
    status: int = 201,
    query: str = "",
    answer: bytes = b'{"message":"success"}',
    operation: str = "changeCohortUsers",
    request_id: str = "request-1",
    answer_headers: dict[str, str] | None = None,
) -> Exchange:
    return Exchange(
        service="braze",
        operation=operation,
        at=Instant(1_772_445_600_000),
        request_id=request_id,
        method="POST",
        path="/partners/amplitude/cohorts/users",
        query=query,
        request_headers={"authorization": f"Bearer {SECRET}", "content-type": "application/json"},
        request_body=body,
        status=status,
        response_headers=answer_headers or {"content-type": "application/json"},
        response_body=answer,
    )


@pytest.mark.parametrize(
    "text",
    [
        f'{{"api_key": "{SECRET}"}}',
        f'{{"api_key":"{SECRET}"}}',
        f'{{"API_KEY" :\n "{SECRET}"}}',
        f'{{"api\\u005fkey": "{SECRET}"}}',
        f'{{"partner_api_key": "{SECRET}", "client_secret": "{SECRET}"}}',
        f'{{"secret_key": "a\\"{SECRET}"}}',
        f'{{"api_key": ["{SECRET}"]}}',
        f'{{"note": "{{\\"api_key\\": \\"{SECRET}\\"}}"}}',
        f'{{"client_secret": "{SECRET}',
        f"api_key={SECRET}&event=1",
        f"event=%5B%5D&API_KEY={SECRET}",
        f'--b\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{SECRET}\r\n--b--',
        f'--b\r\nContent-Disposition: form-data; name="api_key"\r\nContent-Type: text/plain\r\n\r\n{SECRET}\r\n--b--',
        f'{{"code": 400, "error": "Invalid API key: {SECRET}"}}',
        f'{{"message": "Partner not enabled for client with client secret: `{SECRET}`"}}',
    ],
)
def test_a_secret_is_masked_however_it_is_written(text: str) -> None:
    masked = mask_text(text)

    assert SECRET not in masked
    assert "***" in masked


def test_a_masked_json_body_is_still_json() -> None:
    body = {"partner_api_key": SECRET, "client_secret": SECRET, "cohort_changes": [{"user_ids": ["ida-1001"]}]}

    masked = json.loads(mask_text(json.dumps(body)))

    assert masked == {
        "partner_api_key": "***",
        "client_secret": "***",
        "cohort_changes": [{"user_ids": ["ida-1001"]}],
    }


def test_what_only_looks_like_a_secret_stays() -> None:
    text = '{"monkey": "grey", "keynote": 1, "user_id": "李雷", "key": "colour"}'

    assert mask_text(text) == text


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"authorization": "Bearer abc"}, {"authorization": "Bearer ***"}),
        ({"Authorization": "Basic YWJjOmRlZg=="}, {"Authorization": "Basic ***"}),
        ({"authorization": "abc"}, {"authorization": "***"}),
        ({"x-api-key": "abc"}, {"x-api-key": "***"}),
        ({"referer": "http://x/?api_key=abc&b=1"}, {"referer": "http://x/?api_key=***&b=1"}),
        ({"content-type": "application/json"}, {"content-type": "application/json"}),
    ],
)
def test_credentials_in_headers_are_masked(header: dict[str, str], expected: dict[str, str]) -> None:
    assert mask_headers(header) == expected


def test_no_part_of_an_entry_holds_a_secret() -> None:
    journal = Journal()

    entry = journal.record(
        exchange(
            json.dumps({"client_secret": SECRET}).encode(),
            query=f"api_key={SECRET}&x=1",
            answer=f'{{"error": "Invalid API key: {SECRET}"}}'.encode(),
        ),
        violations=[f'body: {{"api_key": "{SECRET}"}} has no cohort'],
    )

    assert SECRET not in json.dumps(entry.as_json())
    assert entry.url == "/partners/amplitude/cohorts/users?api_key=***&x=1"
    assert entry.violations == ('body: {"api_key": "***"} has no cohort',)


def test_a_secret_across_the_cut_is_masked() -> None:
    journal = Journal(body_bytes=30)
    body = json.dumps({"client_secret": SECRET, "more": "x" * 90}).encode()

    entry = journal.record(exchange(body))

    assert entry.request_body == '{"client_secret": "***"…'
    assert entry.request_bytes == len(body)


def test_a_body_that_is_not_text_is_named_and_not_kept() -> None:
    packed = gzip.compress(SECRET.encode(), mtime=0)

    entry = Journal().record(exchange(packed, answer=b"\0\0"))

    assert entry.request_body == f"<{len(packed)} bytes that are not text>"
    assert entry.response_body == "<2 bytes that are not text>"


def test_a_cut_through_a_character_is_still_text() -> None:
    entry = Journal(body_bytes=4).record(exchange("李雷".encode()))

    assert entry.request_body == "李…"
    assert entry.request_bytes == 6


def test_a_transport_fault_is_written_and_its_marker_is_not_a_header() -> None:
    entry = Journal().record(exchange(answer_headers={"x-absim-transport": "reset"}))

    assert (entry.transport, entry.response_headers) == ("reset", {})
    assert entry.as_json()["transport"] == "reset"


def test_entries_are_found_by_what_they_are() -> None:
    journal = Journal()
    journal.record(exchange(request_id="a"))
    journal.record(exchange(request_id="b", status=401))
    journal.record(exchange(request_id="c", operation="createCohort"))

    def found(**wanted: object) -> list[str]:
        return [entry.request_id for entry in journal.entries(**wanted)]  # type: ignore[arg-type]

    assert found() == ["a", "b", "c"]
    assert found(status=401) == ["b"]
    assert found(operation="createCohort") == ["c"]
    assert found(request_id="a") == ["a"]
    assert found(after=1) == ["b", "c"]
    assert found(service="amplitude") == []


def test_the_ring_forgets_the_oldest_and_says_so() -> None:
    journal = Journal(entries=2)
    for number in range(5):
        journal.record(exchange(request_id=str(number)))

    assert [entry.request_id for entry in journal.entries()] == ["3", "4"]
    assert (journal.written, journal.lost) == (5, 3)
    assert journal.counted() == [Counted("braze", "changeCohortUsers", 201, 5)]
    with pytest.raises(JournalIncomplete, match="3 of 5 exchanges are no longer in the journal"):
        list(journal.entries(complete=True))


def test_the_ring_holds_no_more_bytes_than_it_may() -> None:
    journal = Journal(total_bytes=5_000)
    for _ in range(10):
        journal.record(exchange(b"x" * 1_000))

    assert len(list(journal.entries())) == 3
    assert journal.lost == 7


def test_a_cleared_journal_is_empty_and_goes_on_counting_numbers() -> None:
    journal = Journal()
    journal.record(exchange())
    journal.clear()

    entry = journal.record(exchange())

    assert (entry.number, journal.written, journal.lost) == (2, 1, 0)
    journal.verify_complete()


def test_a_watcher_sees_each_entry_as_it_is_written() -> None:
    journal = Journal()
    seen: list[int] = []
    journal.watch(lambda entry: seen.append(entry.number))

    journal.record(exchange())
    journal.record(exchange())

    assert seen == [1, 2]
