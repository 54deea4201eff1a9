"""The expectations, one frozen class each; the key under `expect` is the class name in small letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.rules.catalogue import RULES
from simulator.rules.outcomes import DropReason, RunStatus, SkipReason
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.quantities import Amount
from simulator.scenario.language.records import Record, RecordOf, key
from simulator.scenario.language.shapes import (
    Broken,
    Choice,
    Either,
    Json,
    ListOf,
    MapOf,
    Reader,
    SchemaBook,
    Shape,
    Text,
    expected,
)
from simulator.scenario.language.source import did_you_mean
from simulator.scenario.model.words import (
    AMOUNT,
    CAMPAIGN,
    COHORT,
    CONNECTION,
    COUNT,
    FILLED_TEXT,
    FLAG,
    OPERATION,
    PEOPLE,
    PERSON,
    SEGMENT,
    STATUS,
    SYNC,
    TEMPLATE,
    TEXT,
    RuleId,
)

PEOPLE_OR_AMOUNT = Either(AMOUNT, PEOPLE, None)
"""`[ida, ben]` names people, `4` or `"3..5"` counts them. One person alone is written `[ida]`."""


class PeopleOrAmount(Shape):
    """Names of people, exactly these, or how many."""

    words = "a list of people (exactly these), or an amount"

    def read(self, node: Node, reader: Reader) -> tuple[str, ...] | Amount | Broken:
        if isinstance(node, Scalar) and node.text in reader.known("person"):
            return (node.text,)
        if isinstance(node, Scalar) and not any(letter.isdigit() for letter in node.text):
            hint = did_you_mean(node.text, reader.known("person"), "people") if node.text else "`[]` means nobody"
            return expected(self.words, node, reader, hint)
        value: tuple[str, ...] | Amount | Broken = (AMOUNT if isinstance(node, Scalar) else PEOPLE).read(node, reader)
        return value

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"anyOf": [{"type": "array", "items": {"type": "string"}}, AMOUNT.schema(book), {"type": "string"}]}


class Cause(Shape):
    """A rule id or a reason of the closed lists."""

    words = "a rule id or a reason"

    def __init__(self, *reasons: type[SkipReason] | type[DropReason]) -> None:
        self.reasons = tuple(str(member) for listing in reasons for member in listing)

    def read(self, node: Node, reader: Reader) -> str | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        if text in RULES or text in self.reasons:
            return text
        return expected(self.words, node, reader, did_you_mean(text, (*self.reasons, *RULES), "reasons"))

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(self.reasons)}, RuleId().schema(book)]}


class Lost(Shape):
    """People with the cause of each, people alone, or how many."""

    def __init__(self, *reasons: type[SkipReason] | type[DropReason]) -> None:
        self.cause = Cause(*reasons)
        self.causes = MapOf(PERSON, self.cause)

    words = "a mapping from people to rule id or reason (exactly these people), a list of people, or an amount"

    def read(self, node: Node, reader: Reader) -> Any:
        return Either(PeopleOrAmount(), PeopleOrAmount(), self.causes).read(node, reader)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"anyOf": [self.causes.schema(book), PeopleOrAmount().schema(book)]}


Who = tuple[str, ...] | Amount
WhoAndWhy = Mapping[str, str] | tuple[str, ...] | Amount
_WHO = PeopleOrAmount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Record):
    """Something that must be so when the step is reached."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Members(Expectation):
    """Who is in the cohort in Braze now: exactly these people, or how many profiles."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("members: {openers: [ida], vips: []}", 'members: {openers: "7980..8020"}')

    value: Mapping[str, Who] = key(MapOf(COHORT, _WHO), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Expectation):
    """What a cohort is called in Braze now; `none` if no call has named it yet (SYNC-2)."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("named: {openers: Frequent openers, vips: none}",)

    value: Mapping[str, str] = key(MapOf(COHORT, TEXT), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted(Expectation):
    """Who is in the cohort in Amplitude now: exactly these people."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("wanted: {openers: [ben, ida]}",)

    value: Mapping[str, Who] = key(MapOf(COHORT, _WHO), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added(Expectation):
    """Who was added to a cohort in Braze and was no member before."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("added: [ida]", 'added: "7980..8020"')

    value: Who = key(_WHO, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyThere(Expectation):
    """Who was sent to be added and was a member in Braze already."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("already_there: [ida]",)

    value: Who = key(_WHO, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Expectation):
    """Who was removed from a cohort in Braze and was a member before."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("removed: [ida]",)

    value: Who = key(_WHO, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyGone(Expectation):
    """Who was sent to be removed, was found in Braze, and was no member."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("already_gone: [ida]",)

    value: Who = key(_WHO, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped(Expectation):
    """Whom Amplitude could not name, so that nothing was sent, and why."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("skipped: {noor: MAP-3}", "skipped: {noor: unresolved_mapping}")

    value: WhoAndWhy = key(Lost(SkipReason), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped(Expectation):
    """Who was sent and matched nobody in Braze, and why; to be added and to be removed alike. A rule id fits when it is
    among the rules that the ledger cites."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("dropped: {ben: MATCH-4, noor: unknown_external_id}", "dropped: {}")

    value: WhoAndWhy = key(Lost(DropReason), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRemoved(Expectation):
    """Who was sent to be removed and matched nobody in Braze: the part of `dropped` that can leave a ghost member."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("not_removed: {ben: MATCH-4}",)

    value: WhoAndWhy = key(Lost(DropReason), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered(Expectation):
    """Whose last change was in a request that was given up, and has not been delivered since; not those whose request
    is still being tried. Somebody who leaves again before it could be delivered stays among them."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("undelivered: []",)

    value: Who = key(_WHO, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesCreated(Expectation):
    """How many Braze profiles came into being since the people were made and before this step, by whatever means."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("profiles_created: 0",)

    value: Amount = key(AMOUNT, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter(Record):
    """Which runs of syncs, and how many."""

    SHORT: ClassVar[str] = "count"

    count: Amount | None = key(AMOUNT, "How many runs fit.", default=None, shown="at least one, and no other run")
    status: RunStatus | None = key(Choice(RunStatus), "Only runs that ended so.", default=None)
    sync: str | None = key(SYNC, "Only runs of this sync.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(Expectation):
    """Runs of syncs. `{count: 4, status: success}` means that exactly four runs succeeded; `{status: success}` without
    a count means that there were runs and all of them succeeded. Several may be given as a list."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "runs: 4",
        "runs: {count: 4, status: success}",
        "runs: [{count: 1, status: failed}, {count: 3, status: success, sync: openers}]",
    )

    value: tuple[RunFilter, ...] = key(ListOf(RecordOf(RunFilter), single=True), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter(Record):
    """Which HTTP requests, and how many."""

    SHORT: ClassVar[str] = "count"

    count: Amount | None = key(AMOUNT, "How many requests fit.", default=None, shown="at least one")
    operation: str | None = key(OPERATION, "Only this operation.", default=None)
    status: int | None = key(STATUS, "Only requests that were answered so.", default=None)
    service: str | None = key(Choice(("braze", "amplitude")), "Only requests at this service.", default=None)
    headers: Mapping[str, str] = key(
        MapOf(Text("a header name"), FILLED_TEXT), "Only requests that carried these headers.", default={}
    )
    body: object = key(TEMPLATE, "Only requests whose JSON body holds this, compared as in `call`.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests(Expectation):
    """HTTP requests that the services received since the first step, those of `call` and `track` included. Several may
    be given as a list. Keys are not looked at: the journal, in which bodies of up to 16 KiB stand, masks them."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "requests: {operation: changeCohortUsers, status: 201, count: 1}",
        "requests: [{operation: nameCohort, count: 1}, {operation: changeCohortUsers, count: 2}]",
        "requests: {operation: nameCohort, body: {name: Openers}, headers: {User-Agent: Amplitude/Cohort-Sync}}",
    )

    value: tuple[RequestFilter, ...] = key(ListOf(RecordOf(RequestFilter), single=True), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail(Record):
    """One alert mail."""

    to: str | None = key(TEXT, "To whom; every sync belongs to `owner`.", default=None)
    about: str | None = key(Choice(("success", "failed")), "What it reports.", default=None)
    says: tuple[str, ...] = key(ListOf(TEXT, single=True), "Texts that its subject or body contains.", default=())
    count: Amount | None = key(AMOUNT, "How many such mails.", default=None, shown="at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts(Expectation):
    """Mails about runs (ALERT-1). Those without a count must have been sent in this order; others may lie between. `[]`
    means that none was sent."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "alerts: [{to: owner, about: failed}, {to: owner, about: success}]",
        "alerts: {about: failed, count: 0}",
    )

    value: tuple[Mail, ...] = key(ListOf(RecordOf(Mail), single=True), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Expectation):
    """The messages that the receiver of a webhook connection heard, all of them in order. A message may leave keys out;
    people stand in it by the value of the mapped property. What a template wrote that is no JSON is a text. Each
    message is also held to the fixed headers, to those of the connection, and to its address."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "received: {hook: [{in_cohort: true, users: [{user_id: ida-1001}]}]}",
        "received: {hook: []}",
    )

    value: Mapping[str, tuple[Any, ...]] = key(MapOf(CONNECTION, ListOf(TEMPLATE)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Record):
    """What the export of one run says."""

    sync: str = key(SYNC, "Of which sync.")
    run: int | None = key(COUNT, "Which run.", default=None, shown="the last one")
    added: tuple[str, ...] | None = key(PEOPLE, "Who was sent as an entry.", default=None)
    removed: tuple[str, ...] | None = key(PEOPLE, "Who was sent as an exit.", default=None)
    skipped: Mapping[str, str] | None = key(
        MapOf(PERSON, Choice(("Unresolved mapping", "Rejected by partner"))), "Who was skipped, and why.", default=None
    )
    dropped: Mapping[str, str] | None = key(
        MapOf(PERSON, RuleId()), "Whom Braze did not match, and by which rule: the second export says so.", default=None
    )
    values: Mapping[str, Mapping[str, str]] | None = key(
        MapOf(PERSON, MapOf(TEXT, TEXT)),
        "What the columns of mapped properties say of these people; a property without a value is left out.",
        default=None,
    )
    none: str | None = key(TEXT, "There is no export of skips, in these words.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Expectation):
    """What Amplitude's history of a sync exports for a run (HIST-1), and with `dropped` what the second export adds.
    Several may be given as a list."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "history: {sync: openers, run: 1, added: [ida], skipped: {noor: Unresolved mapping}, dropped: {ben: MATCH-4}}",
        "history: {sync: openers, none: real-time}",
    )

    value: tuple[Exported, ...] = key(ListOf(RecordOf(Exported), single=True), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Converged(Expectation):
    """Whether Braze's members of every synced cohort are the people whom the rules would reach now: those in
    Amplitude's cohort whose identifier matches."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("converged: true",)

    value: bool = key(FLAG, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes(Expectation):
    """`as_born`: every generated person ended the first run as the rules promised at birth."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("outcomes: as_born",)

    value: str = key(Choice(("as_born",)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments(Expectation):
    """Who is in a segment in Braze now: exactly these people, or how many profiles."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("segments: {in_app: [ida], everybody: 4}",)

    value: Mapping[str, Who] = key(MapOf(SEGMENT, _WHO), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Expectation):
    """To whom a campaign was sent: exactly these people, or how many profiles."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("sent: {hello: [ida]}",)

    value: Mapping[str, Who] = key(MapOf(CAMPAIGN, _WHO), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles(Expectation):
    """Fields of a person's profile in Braze, in the form of `/users/export/ids`; `none` if there must be no profile. A
    mapping may leave fields out, `null` means that the field is not there. A profile that was made during the scenario
    belongs to the person whose user id is its external id."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "profiles: {ida: {external_id: ida-1001, custom_attributes: {plan: pro}}, noor: none}",
    )

    value: Mapping[str, Any] = key(MapOf(PERSON, Either(Choice(("none",)), None, MapOf(Text("a field"), Json()))), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPoints(Expectation):
    """How many data points Braze has logged since the people were made (DP-1, DP-2)."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("data_points: 3",)

    value: Amount = key(AMOUNT, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Expectation):
    """Words that a person's story (`absim why`) contains."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("story: {ben: [MATCH-4, device_id d-ben-0001]}",)

    value: Mapping[str, tuple[str, ...]] = key(MapOf(PERSON, ListOf(TEXT, single=True)), "")
