"""Links make chains, and a generated sequence really follows them."""

from __future__ import annotations

from simulator import openapi
from simulator.contract.asking.bench import Bench
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.generated.campaign import Campaign
from simulator.contract.asking.generated.links import Link, chains, links, toward

BRAZE = openapi.load("braze")
PEOPLE = frozenset({"trackUsers", "createUserAliases", "identifyUsers", "exportUsersByIds"})
FILL = Link("nameCohort", "201", "fill", "changeCohortUsers")


def test_a_chain_holds_what_links_connect() -> None:
    (chain,) = chains(BRAZE, PEOPLE | {"listSegments"})
    assert chain == PEOPLE
    assert {"nameCohort", "changeCohortUsers", "listSegments", "getSegment"} <= next(
        chain for chain in chains(BRAZE) if "nameCohort" in chain
    )


def test_a_link_needs_both_its_ends() -> None:
    assert [] == links(BRAZE, frozenset({"nameCohort"}))
    assert [FILL] == links(BRAZE, frozenset({"nameCohort", "changeCohortUsers"}))


def test_toward_a_link_leads_what_comes_before_it_and_nothing_else() -> None:
    (look,) = (link for link in links(BRAZE) if link.name == "look")
    assert {"nameCohort", "changeCohortUsers", "listSegments"} == toward(BRAZE, look, frozenset(BRAZE.operations))


def test_generated_sequences_follow_each_link_to_a_success() -> None:
    campaign = Campaign(3, ("stateful",), 4, PEOPLE)
    with furnish(Bench.in_process(3), "braze") as bench:
        campaign.run(bench, "braze")
    assert ([], []) == (campaign.failures, campaign.errors)
    assert dict.fromkeys(links(BRAZE, PEOPLE), True) == {
        link: campaign.followed.successes[link] > 0 for link in links(BRAZE, PEOPLE)
    }
