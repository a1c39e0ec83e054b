"""Structured logging: every line says which run, agent and span it belongs to."""
