"""Mappings, groups, marks and placed values."""

from __future__ import annotations

from simulator.fakes.amplitude.store.placed import COMPUTATION, RECOMMENDATION


def test_a_user_maps_to_one_global_user_at_a_time(amplitude) -> None:
    relations, main = amplitude.service.store.relations, amplitude.main
    for target in ("first", "second"):
        relations.map_user(main, "ida-1001", target)
    assert (relations.mapped_to(main, "ida-1001"), relations.mapped_from(main, "first")) == ("second", [])
    assert relations.mapped_from(main, "second") == ["ida-1001"]
    relations.map_user(main, "ida-1001", None)
    assert (relations.mapped_to(main, "ida-1001"), relations.mapped_from(main, "second")) == (None, [])


def test_groups_keep_their_properties(amplitude) -> None:
    relations, main = amplitude.service.store.relations, amplitude.main
    relations.change_group(main, "org", "acme", {"$add": {"seats": 2}})
    relations.change_group(main, "org", "acme", {"$add": {"seats": 1}, "tier": "gold"})
    assert relations.group(main, "org", "acme") == {"seats": 3, "tier": "gold"}
    assert relations.group(main, "org", "globex") == {}


def test_marks_come_and_go(amplitude) -> None:
    relations, main = amplitude.service.store.relations, amplitude.main
    assert not relations.any_marked(main, "silenced")
    for _ in range(2):
        relations.mark(main, "silenced", "device", "d-1", True)
    assert relations.marked(main, "silenced", "device", ["d-1", "d-2"]) == {"d-1"}
    assert relations.marked(main, "silenced", "user", ["d-1"]) == frozenset()
    relations.mark(main, "silenced", "device", "d-1", False)
    assert not relations.any_marked(main, "silenced")


def test_placed_values_are_replaced_narrowed_and_erased(amplitude) -> None:
    placed, main = amplitude.service.store.placed, amplitude.main
    placed.put(main, RECOMMENDATION, "r1", 7, {"items": ["a"]}, 100)
    placed.put(main, RECOMMENDATION, "r1", 7, {"items": ["b"]}, 200)
    placed.put(main, COMPUTATION, "c1", 7, {"property": "buys", "value": 3}, 100)
    assert placed.of(main, RECOMMENDATION, [7, 8]) == {7: {"r1": {"items": ["b"], "updated_at": 200}}}
    assert placed.of(main, RECOMMENDATION, [7], ["r2"]) == {}
    assert (placed.computed(main, [7]), placed.computed(main, [7], ["other"])) == ({7: {"buys": 3}}, {})
    placed.erase(main, [7])
    assert placed.of(main, RECOMMENDATION, [7]) == {}
