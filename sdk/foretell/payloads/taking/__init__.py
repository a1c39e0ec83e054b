"""A value as it is now, taken on the caller's thread: copied, described or cut, never raised about."""
