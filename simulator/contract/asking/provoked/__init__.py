"""Requests made wrong, or right up to the edge, on purpose: probes for statuses, and bent examples."""
