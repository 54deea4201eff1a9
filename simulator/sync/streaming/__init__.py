"""Event streaming with user forwarding: what Amplitude takes in goes on to Braze within the minute (STREAM-1)."""
