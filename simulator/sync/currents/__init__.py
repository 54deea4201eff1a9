"""Currents: what happens in Braze comes back to Amplitude as events, through /batch (CUR-1)."""
