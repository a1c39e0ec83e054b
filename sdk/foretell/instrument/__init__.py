"""Decorators and the context API: how a program's calls become recorded operations."""
