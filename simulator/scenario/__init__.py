"""The scenario language: YAML with positions in, typed steps and expectations out, run one by one against a world."""
