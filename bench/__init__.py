"""Speed: what a recorded call costs."""
