"""Expectations compared with a world: one function an expectation; each returns what differs, never whether."""
