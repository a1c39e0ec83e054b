"""The embedded store: every recorded call in one SQLite file under `.foretell/`."""
