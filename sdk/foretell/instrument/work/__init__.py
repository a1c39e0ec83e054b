"""What happens off the caller's thread: the queue, the one worker, and what it makes of finished calls."""
