"""What Braze does and how the engine syncs to it, where the documents disagree or are silent."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.rules.switches.declaring import switch

_BRAZE_IMPORT = "Braze, Amplitude cohort import"
_BRAZE_PARTNER = "Braze, Partner cohort import integration"


@dataclass(frozen=True, slots=True)
class BrazeReadings:
    """One reading of the documents about the sync and about Braze."""

    fallback: str = switch(
        "on_missing",
        "on_no_match",
        "off",
        rule="MAP-2",
        confidence="documented, contradictory",
        source="Braze, Amplitude cohort import; Amplitude, Braze (Cohort Sync)",
        doc="when the next mapping is tried: the person has no value, Braze did not match, or never",
    )
    server_device_id: str = switch(
        "on",
        "off",
        rule="MAP-4",
        confidence="inferred",
        source="Amplitude, HTTP V2 API",
        doc="whether Amplitude fills in a device id for people who sent none",
    )
    device_match: str = switch(
        "anonymous_only",
        "never_once_anonymous",
        rule="MATCH-4",
        confidence="documented, two readings",
        source=f"{_BRAZE_IMPORT}, User Matching",
        doc="which identified profiles a device id cannot reach: all of them, or those that began anonymous",
    )
    alias_only_profiles: str = switch(
        "match",
        "ignore",
        rule="MATCH-2",
        confidence="inferred",
        source=f"{_BRAZE_IMPORT}, User Matching",
        doc="whether an alias reaches a profile that has no external id",
    )
    deprecated_external_ids: str = switch(
        "match",
        "ignore",
        rule="MATCH-6",
        confidence="inferred",
        source="Braze, Rename external ID endpoint",
        doc="whether a renamed external id still reaches its profile in a cohort import",
    )
    cohort_identifiers: str = switch(
        "all_kinds",
        "external_ids",
        rule="MATCH-3",
        confidence="documented, changed over time",
        source=_BRAZE_PARTNER,
        doc="what a cohort import looks at: all three kinds, or external ids only as the page said until August 2024",
    )
    user_ids_hold: str = switch(
        "external_ids",
        "any_identifier",
        rule="MATCH-1",
        confidence="documented, contradictory",
        source=_BRAZE_PARTNER,
        doc="what user_ids of a cohort import may hold: external ids, or device ids too",
    )
    lone_alias: str = switch(
        "array_of_one",
        "refuse",
        rule="MATCH-2",
        confidence="documented, contradictory",
        source=_BRAZE_PARTNER,
        doc="what a cohort import does with aliases that is one object and no array",
    )
    failed_run_tail: str = switch(
        "send_rest",
        "stop",
        rule="SYNC-5",
        confidence="inferred",
        source="Amplitude, Create a cohort sync integration",
        doc="what happens to the other batches of a run once one batch has failed for good",
    )
    cohort_data_points: str = switch(
        "on",
        "off",
        rule="DP-1",
        confidence="documented, by contract",
        source="Braze, Data points",
        doc="whether cohort adds and removes that hit a profile log a data point (newer contracts: no)",
    )
    membership_on_merge: str = switch(
        "lost",
        "carried",
        rule="LIFE-2",
        confidence="inferred",
        source="Braze, User merge behavior",
        doc="what becomes of cohort membership when a profile is merged into another",
    )
    track_limit: str = switch(
        "total",
        "total_50",
        "per_array",
        rule="TRACK-2",
        confidence="documented, by contract",
        source="Braze, Create and update users",
        doc="whether users/track takes 75 objects in all, 50 (contracts by active users of 2024-25) or 75 per array",
    )
    write_visibility: str = switch(
        "at_once",
        "processing",
        "export_lag",
        rule="VIS-1",
        confidence="documented; export lag live",
        source="Braze, API limits",
        doc="when a Braze write shows: at once, after 10 to 100 ms, or after the 2 to 4 s seen on exports",
    )
    error_type: str = switch(
        "sentence",
        "code",
        rule="TRACK-1",
        confidence="live; codes documented",
        source="Braze, Create and update users",
        doc="whether errors[].type of users/track is a sentence, as live answers, or a code, as the page's table",
    )
    error_items: str = switch(
        "objects",
        "strings",
        rule="TRACK-1",
        confidence="live; strings documented",
        source="Braze, Create and update users",
        doc="whether the items of errors[] are objects, as live answers, or strings, as the page draws them",
    )
    post_success: str = switch(
        "201",
        "200",
        rule="TRACK-1",
        confidence="inferred; documented for users/track/sync and users/identify",
        source="Braze, Create and update users (synchronous); Identify users; public clients disagree",
        doc="the status of a POST that succeeds; a merge answers 202 either way",
    )
    unknown_subscription_group: str = switch(
        "refuse",
        "accept",
        rule="TRACK-1",
        confidence="inferred",
        source="Braze, Create and update users",
        doc="whether users/track refuses an object that names a subscription group nobody made",
    )
    array_maximum: str = switch(
        "500",
        "100",
        "25",
        rule="TRACK-1",
        confidence="documented, changed over time",
        source="Braze, Custom attributes",
        doc="how many values an array attribute holds before the oldest drop out",
    )
    alias_in_events: str = switch(
        "false_creates",
        "update_only",
        rule="CREATE-2",
        confidence="documented, contradictory",
        source="Braze, Create and update users; Event object",
        doc="whether an event or purchase with _update_existing_only false creates an alias-only profile",
    )
    identify_unknown_id: str = switch(
        "assigned",
        "error",
        rule="LIFE-3",
        confidence="documented, contradictory",
        source="Braze, Identify users; Aliases to identify object",
        doc="what identify does with an external id that nobody has: assign it, or report a non-fatal error",
    )
    identify_behavior: str = switch(
        "merge",
        "none",
        rule="LIFE-3",
        confidence="documented, changed over time",
        source="Braze, Identify users",
        doc="what identify does with data when the request sends no merge_behavior",
    )
    anonymous_history: str = switch(
        "blank_fields",
        "lost",
        "everything",
        rule="LIFE-2",
        confidence="documented, contradictory",
        source="Braze, User profile lifecycle; Create and update users; Setting user IDs",
        doc="what a login to a known id carries over: listed fields that are blank, nothing, or every field",
    )
    devices_on_identify: str = switch(
        "moved",
        "left",
        rule="LIFE-3",
        confidence="documented, two lists",
        source="Braze, User merge behavior; Identify users",
        doc="whether identify hands devices over to the user it merges into, as a merge does",
    )
    delete_kinds: str = switch(
        "one",
        "several",
        rule="LIFE-3",
        confidence="documented, contradictory",
        source="Braze, Delete users",
        doc="whether users/delete takes one kind of identifier a request, or several as in the page's example",
    )
    export_lookups: str = switch(
        "one",
        "first",
        rule="LIFE-3",
        confidence="documented, contradictory",
        source="Braze, Export user profile by identifier",
        doc="what an export that names several of device, Braze id, email and phone does: refuse, or use the first",
    )
    renamed_ids: str = switch(
        "operations",
        "new_ids",
        rule="LIFE-3",
        confidence="live; a client's types say otherwise",
        source="Braze, Rename external ID endpoint",
        doc="what external_ids of a rename's answer lists: each old id with the new one, or the new ids",
    )
    key_in_body: str = switch(
        "refused",
        "accepted",
        rule="KEY-4",
        confidence="documented, changed over time",
        source="Braze, API overview",
        doc="whether a REST key sent as api_key in body or query opens anything, as until 2020",
    )
    invalid_key_text: str = switch(
        "page",
        "with_key",
        rule="KEY-4",
        confidence="documented; live in other words",
        source="Braze, API errors; recorded answers to public clients",
        doc="how an unknown REST key is refused: Invalid API Key, or Invalid API key: and the key itself",
    )
    partner_keys: str = switch(
        "one",
        "by_region",
        rule="KEY-2",
        confidence='documented, "in general"',
        source=_BRAZE_PARTNER,
        doc="whether a partner's key opens every cluster, or one opens the EU's and another all the rest",
    )
    permission_error: str = switch(
        "403",
        "401",
        rule="KEY-4",
        confidence="documented, contradictory",
        source="Braze, API errors",
        doc="the status for a valid key that lacks the endpoint's permission",
    )
    export_created_at: str = switch(
        "iso_8601",
        "utc_text",
        rule="LIFE-3",
        confidence="documented, two dialects",
        source="Braze, Export user profile by identifier",
        doc="how created_at reads in an export: 2020-07-10T15:00:00Z or 2020-07-10 15:00:00.000 UTC",
    )
    export_coordinates: str = switch(
        "longitude_first",
        "latitude_first",
        rule="LIFE-3",
        confidence="documented, contradictory",
        source="Braze, Export user profile by identifier",
        doc="the order of last_coordinates: as declared, or as in the page's sample",
    )
    fields_to_export: str = switch(
        "optional",
        "required",
        rule="LIFE-3",
        confidence="documented, by contract",
        source="Braze, Export user profile by identifier",
        doc="whether an export must name its fields (accounts since August 2024) or may leave them out",
    )
    rate_limit_reset: str = switch(
        "epoch_seconds",
        "seconds_left",
        rule="LIMIT-1",
        confidence="documented, two dialects",
        source="Braze, API limits; Create and update users",
        doc="what X-RateLimit-Reset says",
    )
    trait_identifier: str = switch(
        "user_id",
        "any",
        rule="TRAIT-1",
        confidence="documented, contradictory",
        source="Braze, Amplitude Audiences",
        doc="whether traits are sent by user id only or by external id, Braze id, alias or email",
    )
    user_forwarding: str = switch(
        "selected_changed",
        "any_identify",
        rule="STREAM-1",
        confidence="documented, changed over time",
        source="Amplitude, Braze event streaming",
        doc="whether user forwarding sends only when a selected property changed or on every identify",
    )
