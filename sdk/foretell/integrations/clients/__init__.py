"""Libraries that talk to model providers: one file each, holding only what is particular."""
