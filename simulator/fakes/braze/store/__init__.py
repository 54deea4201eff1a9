"""What Braze remembers: profiles with their identifiers, cohort membership, activity, data points, keys."""
