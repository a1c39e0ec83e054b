"""The commands about the stack: `up`, `down`, `status`."""
