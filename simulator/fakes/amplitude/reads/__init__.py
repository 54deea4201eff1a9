"""What Amplitude tells: profiles, users, raw events, and the housekeeping around them."""
