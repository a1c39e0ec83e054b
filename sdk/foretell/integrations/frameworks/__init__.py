"""Libraries that run agents: one file each, holding only what is particular."""
