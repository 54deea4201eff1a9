"""Conservation is checked from the ledger alone: each way to lose a person is told on hand-written pages."""

from __future__ import annotations

import pytest

from simulator.audit.conservation import Broken, Conservation
from simulator.ids import numbered_id
from simulator.ledger import Entry, Ledger, Strip
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

IDA = Identifier(Kind.EXTERNAL_ID, "ida-1001")
AT = Instant(1_000)


def told(ledger: Ledger) -> Broken:
    return Conservation().read(ledger.pages())


class Story:
    """Writes the pages of a small story in the order in which a world would."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.run = 0
        self.entered("ida")
        ledger.write(AT, room="engine", event="sync_saved", cohort="c1", sync="s1")

    def entered(self, *people: str, at: Instant = AT) -> None:
        entries = [Entry(person) for person in people]
        self.ledger.write(at, room="amplitude", event="entered", cohort="c1", entries=entries)

    def left(self, *people: str, at: Instant = AT) -> None:
        self.ledger.write(at, room="amplitude", event="left", cohort="c1", entries=[Entry(each) for each in people])

    def braze(self, outcome: str, request: str = "q1") -> None:
        entry = Entry("", numbered_id("b", 1), IDA, outcome)
        detail = {"workspace": "main", "partner": "amplitude"}
        self.ledger.write(
            AT, room="braze", event="cohort_changed", cohort="c1", request=request, entries=[entry], detail=detail
        )

    def delivered(self, outcome: str = "sent_add", person: str = "ida", request: str = "q1") -> None:
        entry = Entry(person, "", IDA, outcome)
        self.ledger.write(
            AT, room="engine", event="delivered", cohort="c1", sync="s1", run="s1/1", request=request, entries=[entry]
        )

    def skipped(self, person: str = "ida") -> None:
        self.ledger.write(
            AT, room="engine", event="skipped", cohort="c1", sync="s1", run="s1/1", entries=[Entry(person)]
        )

    def began(self) -> None:
        self.ledger.write(AT, room="engine", event="run_began", cohort="c1", sync="s1", run="s1/1")

    def finished(self, status: str = "success", began: Instant = AT) -> None:
        detail = {"status": status, "started_at": began}
        self.ledger.write(AT, room="engine", event="run_finished", cohort="c1", sync="s1", run="s1/1", detail=detail)


@pytest.fixture
def story(ledger: Ledger) -> Story:
    return Story(ledger)


@pytest.mark.parametrize("outcome", ["added", "already_there", "dropped"])
def test_somebody_sent_with_an_outcome_is_accounted_for(story: Story, outcome: str) -> None:
    story.braze(outcome)
    story.delivered()
    story.finished()
    assert Broken() == told(story.ledger)


def test_somebody_skipped_is_accounted_for(story: Story) -> None:
    story.skipped()
    story.finished()
    assert Broken() == told(story.ledger)


def test_somebody_wanted_and_forgotten_is_named(story: Story) -> None:
    story.finished()
    (line,) = told(story.ledger).conservation
    assert "s1/1 succeeded, and ida, wanted in c1 since 1970-01-01T00:00:01Z, was neither sent nor skipped" == line


def test_a_failed_run_may_leave_people_open(story: Story) -> None:
    story.finished("failed")
    assert Broken() == told(story.ledger)


def test_somebody_who_entered_after_the_run_began_waits_for_the_next(story: Story) -> None:
    story.skipped()
    story.entered("ben", at=Instant(2_000))
    story.finished()
    assert Broken() == told(story.ledger)
    story.finished(began=Instant(3_000))
    assert len(told(story.ledger).conservation) == 1


def test_who_moves_at_the_instant_at_which_a_run_began_but_after_it_waits_for_the_next(story: Story) -> None:
    story.entered("kim")
    story.skipped("kim")
    story.braze("added")
    story.began()
    story.entered("ben")
    story.left("kim")
    story.delivered()
    story.left("ida")
    story.finished()
    assert Broken() == told(story.ledger)
    story.finished()
    assert (1, 1) == (len(told(story.ledger).conservation), len(told(story.ledger).removal))


def test_somebody_sent_of_whom_braze_knows_nothing_is_named(story: Story) -> None:
    story.delivered()
    story.finished()
    (line,) = told(story.ledger).conservation
    assert "Braze has no outcome" in line


def test_nobody_may_be_sent_and_skipped_in_one_run(story: Story) -> None:
    story.skipped()
    story.braze("added")
    story.delivered()
    story.finished()
    assert ["s1/1: ida is both skipped and sent"] == told(story.ledger).conservation


def test_somebody_who_left_must_be_sent_as_a_removal(story: Story) -> None:
    story.braze("added")
    story.delivered()
    story.finished()
    story.left("ida", at=Instant(2_000))
    story.finished(began=Instant(3_000))
    (line,) = told(story.ledger).removal
    assert "ida, who left c1 at 1970-01-01T00:00:02Z, was never sent as a removal" in line


@pytest.mark.parametrize("outcome", ["removed", "already_gone", "dropped"])
def test_a_removal_with_an_outcome_is_accounted_for(story: Story, outcome: str) -> None:
    story.braze("added")
    story.delivered()
    story.finished()
    story.left("ida", at=Instant(2_000))
    story.braze(outcome, "q2")
    story.delivered("sent_remove", request="q2")
    story.finished(began=Instant(3_000))
    assert Broken() == told(story.ledger)


def test_a_removal_that_braze_took_for_an_addition_is_named(story: Story) -> None:
    story.braze("added")
    story.delivered("sent_remove")
    (line,) = told(story.ledger).removal
    assert "ida was sent_remove by external_id ida-1001, and Braze says added" in line


def test_leaving_and_returning_between_two_runs_asks_for_nothing(story: Story) -> None:
    story.braze("added")
    story.delivered()
    story.finished()
    story.left("ida", at=Instant(2_000))
    story.entered("ida", at=Instant(2_500))
    story.finished(began=Instant(3_000))
    assert Broken() == told(story.ledger)


def test_members_follow_a_profile_that_was_merged_into_another(ledger: Ledger) -> None:
    ida, ben, kim = (numbered_id("b", number) for number in (1, 2, 3))
    for event, entries in (
        ("cohort_changed", [Entry("", ida, None, "added"), Entry("", ben, None, "already_there")]),
        ("profile_merged", [Entry("", ida, None, "merged_away"), Entry("", kim, None, "merged_into")]),
    ):
        detail = {"workspace": "main", "partner": "amplitude"}
        ledger.write(AT, room="braze", event=event, cohort="c1", request="q", entries=entries, detail=detail)
    reader = Conservation()
    reader.read(ledger.pages())
    home = ("main", "amplitude", "c1")
    assert {home: {"b": {1, 3}}} == reader.ever_added


def test_profiles_written_by_number_are_those_written_by_name(ledger: Ledger) -> None:
    strip = Strip("", "", "added", (), "", (), [1, 2], [], "b")
    detail = {"workspace": "main", "partner": "amplitude"}
    for entries, strips in (([], [strip]), ([Entry("", numbered_id("b", 3), None, "added")], [])):
        ledger.write(
            AT, room="braze", event="cohort_changed", cohort="c1", entries=entries, strips=strips, detail=detail
        )
    reader = Conservation()
    reader.read(ledger.pages())
    assert {("main", "amplitude", "c1"): {"b": {1, 2, 3}}} == reader.ever_added


def test_somebody_taken_out_in_the_first_run_and_still_wanted_is_open_again(story: Story) -> None:
    story.braze("added")
    story.delivered()
    story.braze("removed", "q2")
    story.delivered("sent_remove", request="q2")
    story.finished()
    (line,) = told(story.ledger).conservation
    assert "ida, wanted in c1" in line
    assert "neither sent nor skipped" in line


def test_somebody_wanted_after_the_first_run_is_open_until_the_second_sends_them(story: Story) -> None:
    story.skipped()
    story.finished()
    story.entered("ben")
    story.finished()
    (line,) = told(story.ledger).conservation
    assert "ben, wanted in c1" in line
    story.delivered(person="ben", request="q2")
    story.braze("added", "q2")
    story.finished()
    assert [line] == told(story.ledger).conservation
