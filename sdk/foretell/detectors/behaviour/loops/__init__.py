"""Finds repetition in what one agent does: calls, results, errors, answers, hand-offs."""
