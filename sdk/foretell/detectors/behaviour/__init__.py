"""Detectors that read only calls: what agents do, what it costs, and how well they serve."""
