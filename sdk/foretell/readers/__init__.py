"""Reading back: every backend gives the same runs and calls."""
