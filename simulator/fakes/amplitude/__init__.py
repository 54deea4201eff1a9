"""A local Amplitude: ingestion, identity, cohorts, reads and housekeeping behind its public HTTP APIs."""
