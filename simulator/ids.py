"""Deterministic ids and choices: everything random in a world is derived from its seed and a path of names."""

from __future__ import annotations

import random
import uuid
from hashlib import blake2b

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER_DIGITS = 10


def _digest(seed: int, path: tuple[str | int, ...]) -> bytes:
    text = "\x1f".join((str(seed), *(str(part) for part in path)))
    return blake2b(text.encode(), digest_size=32).digest()


def derive_int(seed: int, *path: str | int, bits: int = 64) -> int:
    """A whole number of at most `bits` bits (at most 256) that depends on the seed and the path only."""
    return int.from_bytes(_digest(seed, path), "big") >> (256 - bits)


def derive_hex(seed: int, *path: str | int, length: int = 24) -> str:
    """Lower-case hexadecimal text of `length` characters (at most 64)."""
    return _digest(seed, path).hex()[:length]


def derive_uuid(seed: int, *path: str | int) -> str:
    """A UUID in the usual text form (version 4 bits set, though nothing about it is random)."""
    return str(uuid.UUID(bytes=_digest(seed, path)[:16], version=4))


def derive_base36(seed: int, *path: str | int, length: int = 8) -> str:
    """Lower-case letters and digits, `length` characters, as Amplitude writes cohort ids."""
    number = derive_int(seed, *path, bits=256)
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 36)
        letters.append(_BASE36[rest])
    return "".join(letters)


def numbered_id(stem: str, number: int) -> str:
    """An id that is a stem and a number of ten hexadecimal digits."""
    return f"{stem}{number:0{_NUMBER_DIGITS}x}"


def split_id(numbered: str) -> tuple[str, int]:
    """Stem and number of such an id. Raises ValueError for a text that is none."""
    return numbered[:-_NUMBER_DIGITS], int(numbered[-_NUMBER_DIGITS:], 16)


def derive_random(seed: int, *path: str | int) -> random.Random:
    """A generator of its own for one purpose; two paths never share a stream."""
    return random.Random(derive_int(seed, *path, bits=128))
