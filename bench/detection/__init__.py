"""How well the triggers notice: seeded episodes with known troubles, the judge of them, and the report."""
