"""Many profiles at once."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.seeding import CHUNK, ProfileSeed


def test_seeds_become_profiles_in_order(braze: Any) -> None:
    seeds = [
        ProfileSeed(
            "ida-1001",
            device_ids=["d-ida"],
            once_anonymous=True,
            attributes={"email": "Ida@Example.com", "plan": "gold"},
        ),
        ProfileSeed(device_ids=["d-ben"]),
        ProfileSeed(
            aliases=[("crm", "kim-7")],
            attributes={"first_name": "Kim", "current_location": {"longitude": 1, "latitude": 2}},
        ),
    ]
    assert braze.service.seed_profiles(seeds) == 3
    ida, ben, kim = braze.store.profiles.by_rows([1, 2, 3])
    assert (ida.external_id, ida.email, ida.custom, ida.once_anonymous) == (
        "ida-1001",
        "ida@example.com",
        {"plan": "gold"},
        True,
    )
    assert (ben.external_id, braze.store.identifiers.user_of_device("main", "d-ben").row) == (None, ben.row)
    assert (kim.fields, braze.store.profiles.by_alias("main", "crm", "kim-7").row) == (
        {"first_name": "Kim", "last_coordinates": [1, 2]},
        kim.row,
    )
    assert [braze.store.profiles.by_braze_id("main", each.braze_id).row for each in (ida, ben, kim)] == [1, 2, 3]


def test_a_seeded_profile_is_like_any_other(braze: Any) -> None:
    braze.service.seed_profiles([ProfileSeed("ida-1001"), ProfileSeed(device_ids=["d-ben"])])
    braze.change({"user_ids": ["ida-1001"], "device_ids": ["d-ben"]})
    assert len(braze.members()) == 2
    braze.phone.log_in("d-ben", "ben-1001")
    assert braze.user("ben-1001").row == 2
    assert braze.identified("next").row == 3


def test_more_than_a_chunk_keeps_its_indexes_and_finds_everybody(braze: Any) -> None:
    count = CHUNK + 1
    braze.service.seed_profiles(ProfileSeed(f"u{n}", device_ids=(f"d{n}",)) for n in range(count))
    assert braze.store.profiles.count("main") == count
    assert braze.user(f"u{CHUNK}").row == count
    query = "SELECT 1 FROM braze_profile WHERE workspace = 'main' AND external_id = 'u1' COLLATE NOCASE"
    plan = str(braze.database.rows(f"EXPLAIN QUERY PLAN {query}"))
    assert "braze_profile_external_id" in plan


def test_no_seeds_are_no_profiles(braze: Any) -> None:
    assert braze.service.seed_profiles([]) == 0


def test_a_chunk_has_one_page_in_the_ledger(braze: Any) -> None:
    braze.service.seed_profiles([ProfileSeed("ida"), ProfileSeed("ben")])
    (page,) = braze.ledger.pages(events=["profiles_seeded"])
    assert page.detail == {"workspace": "main", "profiles": 2}
