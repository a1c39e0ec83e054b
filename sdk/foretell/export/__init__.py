"""Anything that is sent out: OTLP, Prometheus, JSON lines, console."""
