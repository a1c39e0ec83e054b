"""Bodies of prompts, arguments and results: taken on the caller's thread, kept as redacted JSON under a cap."""
