"""The ledger: pages, stories of one person, and the digest."""

from __future__ import annotations

from simulator.database import Database
from simulator.ids import numbered_id
from simulator.ledger import MIGRATIONS, Entry, Ledger, Strip
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

BENS_DEVICE = Identifier(Kind.DEVICE_ID, "d-ben")
IDAS_ID = Identifier(Kind.EXTERNAL_ID, "ida-1001")


def write_one_sync(ledger: Ledger) -> None:
    """Braze answers first; the engine writes down what it sent once it has the answer."""
    ledger.write(Instant(1), room="amplitude", event="entered", cohort="c1", entries=[Entry("1"), Entry("2")])
    ledger.write(
        Instant(2),
        room="braze",
        event="matched",
        request="q1",
        entries=[
            Entry("", "", BENS_DEVICE, "dropped", ("MATCH-4", "MATCH-5"), "the device of ben-1001"),
            Entry("", "b-ida", IDAS_ID, "added", ("MATCH-1",)),
        ],
        detail={"status": 201},
    )
    ledger.write(
        Instant(2),
        room="engine",
        event="sent",
        run="r1",
        request="q1",
        entries=[Entry("1", "", BENS_DEVICE, "sent_add"), Entry("2", "", IDAS_ID, "sent_add")],
    )


def test_what_is_written_reads_back(ledger: Ledger) -> None:
    write_one_sync(ledger)
    last = list(ledger.pages(rooms=["braze"]))[-1]
    assert ({"status": 201}, "q1", "matched") == (last.detail, last.request, last.event)
    assert Entry("", "", BENS_DEVICE, "dropped", ("MATCH-4", "MATCH-5"), "the device of ben-1001") == last.entries[0]
    assert ledger.last_page() == 3


def test_profiles_that_stand_as_numbers_read_back_as_their_ids(ledger: Ledger) -> None:
    strip = Strip("", "", "added", (), "", (), [1, 2], ["ida", "ben"], "b")
    ledger.write(Instant(5), room="braze", event="cohort_changed", strips=[strip])
    (page,) = ledger.pages()
    assert [numbered_id("b", 1), numbered_id("b", 2)] == [entry.profile for entry in page.entries]


def test_pages_are_narrowed_by_what_they_say(ledger: Ledger) -> None:
    write_one_sync(ledger)
    assert ["sent"] == [page.event for page in ledger.pages(run="r1")]
    assert ["matched", "sent"] == [page.event for page in ledger.pages(request="q1")]
    assert ["matched"] == [page.event for page in ledger.pages(events=["matched"], after=1)]
    assert ["entered"] == [page.event for page in ledger.pages(cohort="c1", rooms=["amplitude", "braze"])]
    assert [] == list(ledger.pages(after=3))


def test_the_story_of_a_person_joins_what_was_sent_with_what_braze_made_of_it(ledger: Ledger) -> None:
    write_one_sync(ledger)
    story = [(page.room, entry.outcome) for page, entry in ledger.story({"1"}, set())]
    assert [("amplitude", ""), ("braze", "dropped"), ("engine", "sent_add")] == story


def test_a_story_can_be_told_from_the_profile_or_the_identifier_alone(ledger: Ledger) -> None:
    write_one_sync(ledger)
    assert ["added"] == [entry.outcome for _, entry in ledger.story(set(), {"b-ida"})]
    assert ["dropped"] == [entry.outcome for _, entry in ledger.story(set(), set(), [BENS_DEVICE])]


def test_the_digest_depends_on_everything_that_happened() -> None:
    first, second, other = (Ledger(Database.memory([MIGRATIONS])) for _ in range(3))
    for each in (first, second, other):
        write_one_sync(each)
    other.write(Instant(3), room="engine", event="mail")
    assert first.digest() == second.digest()
    assert first.digest() != other.digest()


def test_more_pages_than_one_read_fetches_all_come_back(ledger: Ledger) -> None:
    for number in range(1_201):
        ledger.write(Instant(number), room="engine", event="tick")
    assert list(range(1, 1_202)) == [page.page for page in ledger.pages()]
