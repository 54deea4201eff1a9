"""The two services that answer like Amplitude and Braze; they never import the sync engine."""
