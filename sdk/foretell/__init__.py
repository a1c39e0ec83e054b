"""See what AI agents do, hear what is about to go wrong, and replay it."""
