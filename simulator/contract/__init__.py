"""The contracts put to work: generated requests, recorded traffic, and what changed between two versions."""
