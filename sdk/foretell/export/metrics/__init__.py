"""Metrics of finished calls, of agents and of the process: kept as sums, handed over as points."""
