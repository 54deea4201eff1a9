"""Candidates of many identifiers: what a batch finds is what each one finds alone."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.identity import Identifier, Kind


def external(value: str) -> Identifier:
    return Identifier(Kind.EXTERNAL_ID, value)


def alias(label: str, value: str) -> Identifier:
    return Identifier(Kind.ALIAS, value, label)


def device(value: str) -> Identifier:
    return Identifier(Kind.DEVICE_ID, value)


def test_a_batch_finds_what_each_identifier_finds_alone(braze: Any) -> None:
    braze.service.seed_profiles(
        [
            ProfileSeed("ida-1001", device_ids=["d-ida", "d-shared"], once_anonymous=True),
            ProfileSeed("IDA-1001"),
            ProfileSeed(device_ids=["d-ben", "d-shared"]),
            ProfileSeed(aliases=[("crm", "kim-7"), ("shop", "kim-7")]),
            ProfileSeed("李雷", aliases=[("crm", "雷")]),
        ]
    )
    identifiers = [
        external("ida-1001"), external("Ida-1001"), external(" ida-1001"), external("noor"), external("李雷"),
        alias("crm", "kim-7"), alias("shop", "kim-7"), alias("crm", "nobody"), alias("crm", "雷"),
        device("d-ida"), device("d-shared"), device("d-nobody"), external("ida-1001"), external(""), device("\x00"),
    ]  # fmt: skip
    candidates = braze.store.candidates
    together = candidates.fetch("main", identifiers)
    assert together == [candidates.fetch("main", [identifier])[0] for identifier in identifiers]
    assert [len(found) for found in together] == [2, 2, 2, 0, 1, 1, 1, 0, 1, 1, 2, 0, 2, 0, 0]


def test_no_identifiers_find_nobody(braze: Any) -> None:
    assert braze.store.candidates.fetch("main", []) == []


def test_an_sdk_profile_with_an_alias_shows_that_it_has_a_device(braze: Any) -> None:
    braze.phone.add_alias("d-ben", "crm", "ben-7")
    ((ben,),) = braze.store.candidates.fetch("main", [alias("crm", "ben-7")])
    assert (ben.device_ids, ben.aliases) == (frozenset({"d-ben"}), frozenset({("crm", "ben-7")}))


def test_other_workspaces_are_not_looked_at(braze: Any) -> None:
    braze.identified("ida-1001")
    assert braze.store.candidates.fetch("eu", [external("ida-1001"), device("d"), alias("a", "b")]) == [(), (), ()]


def test_a_deprecated_id_names_its_profile(braze: Any) -> None:
    braze.identified("ida-1001")
    rename = {"current_external_id": "ida-1001", "new_external_id": "ida-2002"}
    braze.post("/users/external_ids/rename", {"external_id_renames": [rename]})
    ((ida,),) = braze.store.candidates.fetch("main", [external("ida-1001")])
    assert (ida.external_id, ida.deprecated_external_ids) == ("ida-2002", frozenset({"ida-1001"}))
