"""Lists kept beside profiles: subscription groups, e-mail addresses, names of events, attributes and products."""
