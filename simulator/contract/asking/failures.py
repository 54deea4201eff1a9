"""One way in which a service departs from its contract, and the line that shows it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

PHASES = ("examples", "coverage", "fuzzing", "stateful")
"""How requests are generated."""
SHOWN_CHARACTERS = 2_000
KEPT_CHARACTERS = 64 * 1024
"""So much of each body is kept for a HAR file."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong with one answer, secrets masked; `key` is what makes two of them the same."""

    service: str
    operation: str
    check: str
    message: str
    phase: str
    """A phase of generation, or what else was asked: `agreement`, `engine`, `journeys`, `probes`, `nowhere`, `rates`,
    `bending`, `elsewhere`; `meter` for what was never seen."""
    status: int
    request: str
    response: str
    seed: int
    max_examples: int = 0
    alone: bool = True
    """Whether it shows when its operation alone is asked."""
    strict: bool = False
    """Whether it shows only when a status that was never seen is a failure."""
    url: str = ""
    """Where the service answers, when it is not ours."""
    keys: tuple[str, ...] = ()
    """Names of the keys that were given for it on the command line; none is ever repeated."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Service, operation, check and what is wrong, without the values of this one case."""
        return self.service, self.operation, self.check, self.message

    @property
    def place(self) -> tuple[str, str, str]:
        """Service, operation and check: what must show again for a failure to be confirmed."""
        return self.service, self.operation, self.check

    @property
    def reproduce(self) -> str:
        """The line that shows it again."""
        words = ["absim contract", f"--service {self.service}"]
        if self.alone:
            words.append(f"--operation {self.operation}")
        if self.phase in PHASES:
            words.append(f"--phases {self.phase}")
        if self.max_examples:
            words.append(f"--max-examples {self.max_examples}")
        if self.strict:
            words.append("--strict")
        if self.url:
            words.append(f"--url {shlex.quote(f'{self.service}={self.url}')}")
        words += [f'--{name.replace("_", "-")} "${name.upper()}"' for name in self.keys]
        return " ".join([*words, f"--seed {self.seed}"])

    def not_alone(self) -> Failure:
        """The same, which shows only when everything is asked."""
        return replace(self, alone=False)
