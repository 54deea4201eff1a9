"""Proof that the check can fail: known defects, put in one at a time, and which check catches each."""
