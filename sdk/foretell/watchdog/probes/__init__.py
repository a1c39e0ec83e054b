"""Looks at what the program is at besides its calls: event loops, stacks, and who waits for whom."""
