"""How data gets into Amplitude: events, identify calls, groups and user mappings, and the limits on them."""
