"""Recorded traffic held against the contracts: what crossed the wire that they do not know."""
