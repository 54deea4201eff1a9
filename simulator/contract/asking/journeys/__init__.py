"""Scripts of requests that lead to what no single generated request reaches: exports, deletions, syncs, restores."""
