"""People a second: the generator beside naive Faker and beside the barest pool-and-hash loop, in one run.

Run it as `python -m benchmarks.population [--people N] [--rounds N]`. It prints medians and ratios; only the ratios
are worth comparing between machines. Goal: 60 times naive Faker and 0.7 of the bare loop.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterator
from hashlib import blake2b
from statistics import median
from time import perf_counter

from faker import Faker

from simulator.population import Population, parse_recipe
from simulator.population.looks import pools_of

LOCALES = ("en_US", "de_DE", "ja_JP")
RECIPE = {
    "locale": list(LOCALES),
    "dirt": {"case_differs": "1%", "blank_user_id": "1%", "shared_device": "2%"},
}


def naive_faker(people: int) -> Iterator[object]:
    """One Faker call a field: what most people write first."""
    faker = Faker("en_US")
    faker.seed_instance(7)
    for _ in range(people):
        yield {
            "external_id": str(faker.uuid4()),
            "device_id": str(faker.uuid4()),
            "braze_id": str(faker.uuid4()),
            "first_name": faker.first_name(),
            "last_name": faker.last_name(),
            "email": faker.email(),
            "country": faker.country_code(),
            "home_city": faker.city(),
            "phone": faker.phone_number(),
            "created_at": faker.iso8601(),
        }


def bare_pools(people: int) -> Iterator[object]:
    """Pools and a hash for each person, composed into one flat dictionary: no kinds, no dirt, no second side."""
    pools = [pools_of(locale) for locale in LOCALES]
    for index in range(people):
        own = blake2b(b"7:%d" % index, digest_size=24).digest()
        text = own.hex()
        pool = pools[own[16] % 3]
        yield {
            "external_id": f"u-{text[:12]}",
            "device_id": f"d-{text[12:28]}",
            "braze_id": text[24:],
            "first_name": pool.first_names[own[17]],
            "last_name": pool.last_names[own[18]],
            "email": f"{text[:12]}@{pool.email_domains[own[20]]}",
            "country": pool.country,
            "home_city": pool.cities[own[19]],
            "phone": f"+1555{own[0]:03d}{own[1]:03d}",
            "created_at": own[21],
        }


def generator(people: int) -> Iterator[object]:
    """The whole profile: both sides, kind, dirt, event and birth."""
    return iter(Population(parse_recipe({"size": people, **RECIPE}), seed=7))


def people_per_second(make: Callable[[int], Iterator[object]], people: int) -> float:
    """Drain one stream without keeping anything."""
    started = perf_counter()
    deque(make(people), maxlen=0)
    return people / (perf_counter() - started)


def main() -> None:
    """Measure the three ways in turn, several rounds, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ways = {"naive Faker": naive_faker, "bare pools": bare_pools, "absim population": generator}
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, make in ways.items():
            # Naive Faker is slow and steady: a twentieth of the people is enough to know its rate.
            people = max(1, options.people // 20) if make is naive_faker else options.people
            measured[name].append(people_per_second(make, people))
    rates = {name: median(values) for name, values in measured.items()}
    for name, rate in rates.items():
        print(f"{name:<18} {rate:>10,.0f} people/s")
    print(f"{'x naive Faker':<18} {rates['absim population'] / rates['naive Faker']:>10.1f}   goal 60")
    print(f"{'x bare pools':<18} {rates['absim population'] / rates['bare pools']:>10.2f}   goal 0.70")
    print(f"{'peak memory':<18} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>10.0f} MiB   goal 60")


if __name__ == "__main__":
    sys.exit(main())
