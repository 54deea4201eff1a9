"""Cohort definitions as an author writes them in a scenario: plain mappings, lists and scalars, both ways."""
