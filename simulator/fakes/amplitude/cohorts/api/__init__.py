"""The Behavioral Cohorts API, and the doors of the control plane to cohorts."""
