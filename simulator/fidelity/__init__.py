"""The fidelity ledger: every behaviour with its source, how sure it is, and the tests that show it."""
