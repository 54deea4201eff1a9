"""What of an exchange can be said on both doors."""

from __future__ import annotations

import pytest

from simulator.exchange import fits_header


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("braze-rest-key-0002", True),
        ("two words", True),
        ("", True),
        ("schlüssel", False),
        ("☃", False),
        ("two\nlines", False),
        ("\x00", False),
    ],
)
def test_a_header_takes_printable_ascii(text: str, fits: bool) -> None:
    assert fits == fits_header(text)
