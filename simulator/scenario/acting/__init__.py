"""Steps acted out against a world: one function a step, and the people that they act on."""
