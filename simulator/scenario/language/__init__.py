"""How text becomes values: positions, YAML nodes, shapes of values, records; knows nothing of any single step."""
