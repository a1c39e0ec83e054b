"""Tokens and money: what a model's response says of both, and what the tokens cost."""
