"""Named readings of the documents: which way each page decides the switches."""

from __future__ import annotations

from simulator.rules.switches import RuleSet, UnknownSwitch

RULE_SETS: dict[str, RuleSet] = {
    "default": RuleSet(),
    # Braze's page, English and its Korean copy: the next mapping serves people who miss the earlier one.
    "braze-page": RuleSet(fallback="on_missing"),
    "braze-page-korean": RuleSet(fallback="on_missing"),
    # Amplitude's page: "if the first mapping doesn't match, the next is applied".
    "amplitude-page": RuleSet(fallback="on_no_match"),
    # Braze's Audiences page lists the identifiers and knows no hierarchy.
    "braze-audiences-page": RuleSet(fallback="off"),
    # The older Spanish page: one mapping a connection, two connections for known and anonymous users.
    "braze-page-spanish": RuleSet(fallback="off"),
}
"""One named reading per source document, and the default."""


def rule_set(name: str) -> RuleSet:
    """The named rule set. Raises UnknownSwitch when there is none of that name."""
    try:
        return RULE_SETS[name]
    except KeyError:
        raise UnknownSwitch(f"unknown rule set {name!r}; there are {', '.join(RULE_SETS)}") from None
