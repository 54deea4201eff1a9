"""Cohort definitions: what they say, who is in, when that changes by itself; pure, standard library only."""
