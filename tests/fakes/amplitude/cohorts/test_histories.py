"""The judge is given what it looks at, of the whole person, and no more."""

from simulator.fakes.amplitude.cohorts.histories import needs_of
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.switches import RuleSet


def load(shop, written, *amplitude_ids):
    wanted = needs_of([from_language(written)], RuleSet())
    return shop.histories.load(shop.project, amplitude_ids, wanted)


def test_only_the_named_events_are_loaded_without_their_properties(shop):
    ida = shop.did("ida-1001", "app_opened", screen="home")
    shop.did("ida-1001", "signed_up")
    (history,) = load(shop, {"performed": "app_opened"}, ida)
    assert [(event.name, dict(event.properties)) for event in history.events] == [("app_opened", {})]
    (history,) = load(shop, {"performed": "app_opened", "where": {"screen": "home"}}, ida)
    assert dict(history.events[0].properties) == {"screen": "home"}


def test_events_carry_the_user_properties_where_they_are_looked_at(shop):
    shop.has("ida-1001", plan="pro")
    ida = shop.did("ida-1001")
    shop.has("ida-1001", plan="free")
    (history,) = load(shop, {"property": {"plan": "pro"}, "within": "1d"}, ida)
    carried = history.events[0].user_properties
    assert (carried["plan"], carried["user_id"], dict(history.properties)) == ("pro", "ida-1001", {"plan": "free"})


def test_who_was_merged_is_part_of_the_person(shop, start):
    anonymous = shop.did(":d-2", at=start - 5)
    ida = shop.did("ida-1001:d-1")
    shop.did("ida-1001:d-2")
    (history,) = load(shop, {"performed": "app_opened"}, ida)
    assert (len(history.events), history.first_event_at, history.merged_ids) == (3, start - 5, {anonymous})


def test_nobody_has_no_history(shop):
    assert load(shop, {"performed": "app_opened"}, 7) == []


def test_needs_add_up():
    wanted = needs_of([from_language({"performed": "a"}), from_language({"in_cohort": "b"})], RuleSet())
    assert (wanted.event_names, wanted.cohorts, wanted.properties) == ({"a"}, {"b"}, False)


def test_a_mapped_user_is_part_of_the_target_and_stays_a_person_of_its_own(shop, start):
    ben = shop.did("ben-1001", at=start - 5)
    ida = shop.did("ida-1001")
    shop.maps("ben-1001", "ida-1001")
    wanted = needs_of([from_language({"performed": "app_opened"})], RuleSet())
    both = shop.histories.load(shop.project, [ben, ida], wanted)
    assert [(h.amplitude_id, len(h.events), h.first_event_at) for h in both] == [
        (ben, 1, start - 5),
        (ida, 2, start - 5),
    ]
    apart = shop.histories.load(shop.project, [ida], wanted, joined=False)
    assert [(len(h.events), h.first_event_at) for h in apart] == [(1, start)]


def test_percentiles_are_loaded_where_they_are_looked_at(shop):
    ida = shop.did("ida-1001")
    shop.predicts("churn", "ida-1001", 80)
    shop.predicts("upsell", "ida-1001", 10)
    (history,) = load(shop, {"propensity": "churn", "percentile": ">= 80"}, ida)
    assert history.propensities == {"churn": 80.0}
    (history,) = load(shop, {"performed": "app_opened"}, ida)
    assert history.propensities == {}
