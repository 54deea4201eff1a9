"""The control plane: handlers of the operations under `/_sim/` that belong to the world as a whole."""
