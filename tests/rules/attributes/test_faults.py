"""Codes and sentences of bad objects."""

from __future__ import annotations

from simulator.rules.attributes.faults import Fault, InvalidObject


def test_the_sentence_comes_first_and_the_code_where_there_is_one() -> None:
    assert Fault.BAD_EMAIL.text("sentence") == "The value provided for the 'email' field is not a valid email."
    assert Fault.BAD_EMAIL.text("code") == "EMAIL_BAD_FORMAT"
    assert Fault.BAD_PRICE.text("code") == "'price' is not valid"


def test_every_fault_has_a_sentence_of_its_own() -> None:
    sentences = [fault.text("sentence") for fault in Fault]
    assert len(set(sentences)) == len(list(Fault))
    assert str(InvalidObject(Fault.BAD_TIME)) == "'time' is not valid"
