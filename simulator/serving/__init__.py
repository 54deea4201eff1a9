"""A served world: listeners on loopback, the control plane, the pacer, the banner and the ready file."""
