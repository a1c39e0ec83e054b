"""Prompts, answers and request parameters of any provider, in the conventions' message schema."""
