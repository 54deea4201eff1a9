"""What the documents promise, as pure functions over plain values; standard library only."""
