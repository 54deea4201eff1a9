"""What answers the REST operations of segments, messaging and lists: one class for each group of endpoints."""
