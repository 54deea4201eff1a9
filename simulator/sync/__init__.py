"""The sync engine: everything that moves between the two services, on one simulated clock."""
