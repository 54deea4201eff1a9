"""Steps in the life of a profile, as other parts of the fake take them."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.store.writes import Accepted


def test_who_follows_profiles_is_told_before_the_source_ends(braze: Any) -> None:
    old, new = braze.identified("old"), braze.identified("new")
    told: list[tuple[int, int, bool]] = []
    room = braze.service.room
    room.when_merged.append(
        lambda source, target, at: told.append(
            (source.row, target.row, braze.store.profiles.by_row(source.row) is not None)
        )
    )
    braze.service.life.merge(Accepted("main", braze.clock.now, ""), old, new, rule="LIFE-3")
    assert told == [(old.row, new.row, True)]


def test_others_add_fields_to_exports(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.service.room.exported_by_others.append(
        lambda rows, at: {row: {"cards_clicked": [{"name": "x"}]} for row in rows}
    )
    assert braze.export("ida-1001")["cards_clicked"] == [{"name": "x"}]


def test_row_numbers_and_braze_ids_are_never_used_twice(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    again = braze.identified("ida-1001")
    assert (again.row, again.braze_id != ida.braze_id) == (ida.row + 1, True)


def test_a_profile_remembers_what_it_was(braze: Any) -> None:
    ida = braze.identified("ida-1001", plan="silver")
    then = braze.clock.now
    braze.clock.move_to(then + 1_000)
    braze.identified("ida-1001", plan="gold")
    braze.post(
        "/users/alias/new", {"user_aliases": [{"external_id": "ida-1001", "alias_name": "7", "alias_label": "crm"}]}
    )
    past = braze.store.profiles.past([ida.row], then)[ida.row]
    assert (past.custom, past.aliases) == ({"plan": "silver"}, frozenset())
    assert braze.store.profiles.past([ida.row], braze.clock.now) == {}
