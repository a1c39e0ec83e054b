"""Protocols between agents and tools: one file each."""
