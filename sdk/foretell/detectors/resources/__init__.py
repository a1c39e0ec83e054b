"""Notices what goes wrong around the calls: memory, CPU, event loops, waits, and our own telemetry."""
