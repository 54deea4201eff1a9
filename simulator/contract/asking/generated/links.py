"""The links of a contract: which answers lead to which operations, in chains that generated sequences can follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.openapi import Contract


@dataclass(frozen=True, slots=True)
class Link:
    """What an answer of one operation offers to another."""

    source: str
    status: str
    name: str
    target: str

    def __str__(self) -> str:
        return f"{self.source} {self.status} {self.name} -> {self.target}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is, whichever status of its source offers it."""
        return self.source, self.name, self.target


@dataclass(slots=True)
class Followed:
    """How often each link was followed, and how often to a success."""

    steps: Counter[Link] = field(default_factory=Counter)
    successes: Counter[Link] = field(default_factory=Counter)

    def note(self, link: Link, status: int) -> None:
        """A step was taken along a link and answered."""
        self.steps[link] += 1
        self.successes[link] += status < 400


def links(contract: Contract, only: frozenset[str] = frozenset()) -> list[Link]:
    """All links between operations that are emulated (and among `only`), in the order of the contract.

    One that several statuses of an operation offer counts once: some statuses stand for another by a switch.
    """
    found: dict[tuple[str, str, str], Link] = {}
    for link in _declared(contract):
        if all(_asked(contract, name, only) for name in _ends(link)):
            found.setdefault(link.key, link)
    return list(found.values())


def chains(contract: Contract, only: frozenset[str] = frozenset()) -> list[frozenset[str]]:
    """Operations that links connect, each set on its own: a sequence drawn from few operations follows their links."""
    found: list[frozenset[str]] = []
    for link in links(contract, only):
        together = frozenset(_ends(link))
        for chain in [each for each in found if each & together]:
            together |= chain
            found.remove(chain)
        found.append(together)
    return found


def linked(contract: Contract, only: frozenset[str]) -> dict[str, frozenset[str]]:
    """By operation, the parameters and the fields of a body that links say."""
    found: dict[str, frozenset[str]] = {}
    for link in links(contract, only):
        responses = contract.operations[link.source].definition["responses"]
        declared = contract.resolve(responses[link.status])["links"][link.name]
        names = frozenset({*declared.get("parameters", {}), *(declared.get("requestBody") or {})})
        found[link.target] = found.get(link.target, frozenset()) | names
    return found


def toward(contract: Contract, link: Link, among: frozenset[str]) -> frozenset[str]:
    """The operations of a chain that lead to a link, and where it leads; a sequence of these can go nowhere else."""
    found = {link.source}
    while more := {each.source for each in links(contract, among) if each.target in found} - found:
        found |= more
    return frozenset(found | {link.target})


def _declared(contract: Contract) -> Iterator[Link]:
    for source, operation in contract.operations.items():
        for status, response in operation.definition.get("responses", {}).items():
            offered: Mapping[str, Any] = contract.resolve(response).get("links", {})
            for name, each in offered.items():
                yield Link(source, str(status), name, str(each["operationId"]))


def _ends(link: Link) -> tuple[str, str]:
    return link.source, link.target


def _asked(contract: Contract, operation: str, only: frozenset[str]) -> bool:
    return contract.operations[operation].emulated and (not only or operation in only)
