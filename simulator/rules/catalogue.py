"""Every behaviour the simulator promises: its id, the sentence, where it is written, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How a behaviour is known. An inferred one has a switch, or says in its sentence that it is our reading."""

    DOCUMENTED = "documented"
    LIVE = "live"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Rule:
    """One promised behaviour. `switch` names the field of RuleSet that selects another reading."""

    id: str
    sentence: str
    source: str
    confidence: Confidence
    switch: str = ""


_IMPORT = "Braze, Amplitude cohort import"
_PARTNER = "Braze, Partner cohort import integration"
_COHORT_SYNC = "Amplitude, Braze (Cohort Sync)"
_THIRD_PARTY = "Amplitude, Sync to third-party destinations"
_AUDIENCES = "Braze, Amplitude Audiences"
_RECEIVING = "Amplitude, Receiving behavioral cohorts"
_DOC, _LIVE, _OURS = Confidence.DOCUMENTED, Confidence.LIVE, Confidence.INFERRED

_ALL = (
    # Keys and connections
    Rule("KEY-1", "Braze generates data import keys for a partner; several may be valid at once, and one can be "
         "invalidated at any moment.", _IMPORT, _DOC),
    Rule("KEY-2", "A cohort call carries the partner key and the data import key in its body; a wrong one answers 401 "
         "and nothing is applied.", _PARTNER, _DOC),
    Rule("KEY-3", "Keys belong to one workspace on one cluster and are refused on another.", "Braze, API overview", _DOC),
    Rule("KEY-4", "A REST key and a data import key are two things; neither works in the other's place.",
         "Braze, API overview", _DOC),
    Rule("CONN-1", "A connection needs the REST endpoint, a data import key and one to three identifier mappings; an "
         "alias target needs a label.", _COHORT_SYNC, _DOC),
    Rule("CONN-2", "Connections are made per Amplitude project; several may exist and one cohort may be synced to "
         "several of them.", "Braze, Importación de cohortes de Amplitude", _DOC),
    Rule("CONN-3", "Destinations need a paid plan; scheduled syncs need Plus and up, real-time ones Growth or "
         "Enterprise.", _COHORT_SYNC, _DOC),
    # Choosing the identifier
    Rule("MAP-1", "A mapping sends an Amplitude property as external_id, alias or device_id; the hierarchy is primary, "
         "secondary, tertiary.", _IMPORT, _DOC),
    Rule("MAP-2", "A hierarchy goes on to the next mapping: when the earlier one has no value, when Braze did not match it, or never (switch fallback).", _IMPORT, _DOC, "fallback"),
    Rule("MAP-3", "A person without a value for any mapping is skipped as unresolved mapping; the run still succeeds.",
         _THIRD_PARTY, _DOC),
    Rule("MAP-4", "Amplitude fills in a device id for everybody, so a hierarchy that starts with device_id never falls "
         "back.", "Amplitude, HTTP V2 API", _OURS, "server_device_id"),
    Rule("MAP-5", "A mapping change on a live sync touches only people who enter afterwards; leavers go out under the "
         "identifier stored at entry.", _THIRD_PARTY, _DOC),
    Rule("MAP-6", "Null, empty and blank values count as missing; numbers are sent as text (our reading of Amplitude's "
         "event validation).", "Amplitude, HTTP V2 API", _OURS),
    # Matching
    Rule("MATCH-1", "An identified profile matches by its exact, case-sensitive external id.", f"{_IMPORT}, User Matching",
         _DOC),
    Rule("MATCH-2", "A profile matches by alias when label and name both match.", f"{_IMPORT}, User Matching", _DOC,
         "alias_only_profiles"),
    Rule("MATCH-3", "An anonymous profile matches by any of its device ids.", f"{_IMPORT}, User Matching", _DOC),
    Rule("MATCH-4", "An identified profile that was originally anonymous never matches by device id, neither to add nor "
         "to remove.", f"{_IMPORT}, User Matching", _DOC, "device_match"),
    Rule("MATCH-5", "An identifier that matches nobody is dropped silently behind a success; Amplitude cannot learn it.",
         f"{_COHORT_SYNC}, Troubleshooting", _DOC),
    Rule("MATCH-6", "A deprecated external id still resolves after a rename.", "Braze, Rename external ID endpoint", _OURS,
         "deprecated_external_ids"),
    Rule("NOCREATE-1", "A cohort import never creates a profile, whatever it is sent.", _IMPORT, _DOC),
    Rule("CREATE-1", "Trait and computation sync creates profiles for unknown user ids.", _AUDIENCES, _DOC),
    Rule("CREATE-2", "Event streaming creates profiles unless it updates users only.", "Amplitude, Braze (Event Streaming)",
         _DOC),
    # Running a sync
    Rule("SYNC-1", "The first run sends the whole cohort, later runs only who entered or left since the last successful "
         "one.", _RECEIVING, _DOC),
    Rule("SYNC-2", "The name call goes first on the first export and again on a rename.", _PARTNER, _DOC),
    Rule("SYNC-3", "A request holds at most 1,000 identifiers over all kinds and directions; the engine splits.", _PARTNER,
         _DOC),
    Rule("SYNC-4", "A failed request is retried 8 times, from 1 s doubling; 423, 429 and 5xx are retried, 400 and 401 are "
         "not (which codes: our reading).", _RECEIVING, _DOC),
    Rule("SYNC-5", "A run with skips or silent drops is still a success; one with an undelivered batch has failed and its "
         "changes ride with the next.", _THIRD_PARTY, _DOC, "failed_run_tail"),
    Rule("SYNC-6", "A request that was applied but whose answer was lost may be sent again; adds and removals are "
         "idempotent (our reading).", _PARTNER, _OURS),
    Rule("SYNC-7", "A person who leaves and re-enters between two runs moves nothing (our reading of runs as differences).",
         _RECEIVING, _OURS),
    Rule("SYNC-8", "Logging in keeps the amplitude id, so no entry or exit is sent and a member added by device can become a "
         "ghost (our reading).", "Amplitude, Track unique users", _OURS),
    Rule("CAD-1", "A one-time sync runs once, at once.", _IMPORT, _DOC),
    Rule("CAD-2", "Hourly and daily syncs run at once and then on a slot nobody can choose.", _THIRD_PARTY, _DOC),
    Rule("CAD-3", "A real-time sync sends everybody, then changes every minute; at most 1,000,000 users, and not for every "
         "kind of cohort.", _IMPORT, _DOC),
    Rule("HIST-1", "History is kept 14 days; its CSV names two skip reasons; real-time syncs have no skip export.",
         _THIRD_PARTY, _DOC),
    Rule("ALERT-1", "An e-mail goes out when a job succeeds and when it fails.", f"{_COHORT_SYNC}, Email notifications", _DOC),
    # Braze around it
    Rule("SEG-1", "The filter Amplitude Cohorts picks members of a cohort; filters join with AND and OR.", _IMPORT, _DOC),
    Rule("SEG-2", "A saved segment can be the audience of a campaign or Canvas.", _IMPORT, _DOC),
    Rule("DP-1", "A cohort add or removal that hits a profile logs one data point, re-adds too.", "Braze, Data points", _DOC,
         "cohort_data_points"),
    Rule("DP-2", "Attributes, events, purchases and sessions log data points; aliases, identify, rename and delete do not.",
         "Braze, Data points", _DOC),
    Rule("LIFE-1", "Braze's SDK keeps an anonymous profile for a device without a user; changeUser to an unknown id turns it into that user.", "Braze, User profile lifecycle",
         _DOC),
    Rule("LIFE-2", "changeUser to a known id orphans the anonymous profile; blank fields of the target are filled from it.",
         "Braze, User profile lifecycle", _DOC, "membership_on_merge"),
    Rule("LIFE-3", "identify, alias/new, merge, delete and rename do what their pages say, silent no-effects included.",
         "Braze, User data endpoints", _DOC),
    Rule("TRACK-1", "users/track applies the good objects and lists the bad ones; only when all are bad it answers 400.",
         "Braze, Create and update users", _LIVE),
    Rule("TRACK-2", "A users/track request holds at most 75 objects.", "Braze, Create and update users", _DOC, "track_limit"),
    Rule("VIS-1", "An accepted Braze write shows after processing: by default at once, by switch a little later.",
         "Braze, API limits", _DOC, "write_visibility"),
    Rule("LIMIT-1", "Requests over an endpoint's rate limit answer 429 with the limit's headers.", "Braze, API limits", _DOC,
         "rate_limit_reset"),
    # Amplitude around it
    Rule("ID-1", "Events that carry only a device id belong to one anonymous user per device.", "Amplitude, Track unique users",
         _DOC),
    Rule("ID-2", "A user id seen first on an anonymous device adopts that device's amplitude id.",
         "Amplitude, Track unique users", _DOC),
    Rule("ID-3", "One user id on several devices is one user.", "Amplitude, Track unique users", _DOC),
    Rule("ID-4", "Anonymous events go to the last known user of the device; another user id is another user.",
         "Amplitude, Track unique users", _DOC),
    Rule("ID-5", "A known user on an anonymous device merges that device's amplitude id, at query time.",
         "Amplitude, Track unique users", _DOC),
    Rule("ID-6", "A user mapping relates two users and never merges their properties.", "Amplitude, User Mapping API", _DOC),
    Rule("INGEST-1", "HTTP V2 and batch validate events; 400 and 429 are all or nothing, with exact keys.",
         "Amplitude, HTTP V2 API", _DOC),
    Rule("INGEST-2", "Events are deduplicated by device id and insert id within 7 days.", "Amplitude, HTTP V2 API", _DOC),
    Rule("INGEST-3", "A profile that has had no event for 14 months loses its user properties.",
         "Amplitude, User properties and events", _DOC),
    Rule("COHORT-1", "A definition is an AND of ORs of clauses; a count of zero matches nobody.", "Amplitude, Define a cohort",
         _DOC),
    Rule("COHORT-2", "A rolling window lets people leave with no event.", "Amplitude, Define a cohort", _DOC),
    Rule("COHORT-3", "A static cohort holds whoever was put into it; the cohorts API lists, reads, exports, uploads and edits cohorts.", "Amplitude, Behavioral Cohorts API",
         _DOC),
    Rule("TRAIT-1", "User properties and computations of people active in the last 90 days become custom attributes of the "
         "same name.", _AUDIENCES, _DOC, "trait_identifier"),
    Rule("STREAM-1", "Chosen events with chosen properties are streamed at ingestion; tried 10 times over 4 hours.",
         _AUDIENCES, _DOC, "user_forwarding"),
    Rule("READ-1", "User search, activity, export, deletions, taxonomy and metrics answer as their pages say, within their "
         "budgets.", "Amplitude, Dashboard REST API", _DOC),
    Rule("PROF-1", "The user profile API answers with properties, computations and recommendations.",
         "Amplitude, User Profile API", _DOC),
    Rule("CUR-1", "Currents sends Braze's events back with [Appboy] names; people with neither external id nor device are "
         "dropped.", "Braze, Amplitude for Currents", _DOC),
    # Invariants
    Rule("INV-1", "People wanted in a cohort = added + already there + skipped + dropped; nobody in two, nobody in none.",
         "absim", _OURS),
    Rule("INV-2", "The set of Braze profiles is the same before and after every cohort call.", "absim", _OURS),
    Rule("INV-3", "Braze's members of a cohort are a subset of what was ever sent for it.", "absim", _OURS),
    Rule("INV-4", "A removed person is not a member, or the ledger says why the removal was dropped.", "absim", _OURS),
    Rule("INV-5", "Every request of the engine and every answer of a fake conforms to its contract.", "absim", _OURS),
    Rule("INV-6", "Time never goes back, and everything due by now has run.", "absim", _OURS),
    Rule("INV-7", "Data points logged = data points explained by ledger rows.", "absim", _OURS),
    Rule("INV-8", "The same seed gives the same ledger digest.", "absim", _OURS),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}
"""Every rule by its id, in the order of the catalogue."""
