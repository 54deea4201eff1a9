"""What must be true of every run, checked from the outside: the invariants and the wire."""
