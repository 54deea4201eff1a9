"""Amplitude's cohorts: what they say, who is in, who came and went, and the API that tells."""
