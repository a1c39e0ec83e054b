"""The store's sink: calls become rows, in few statements, off the caller's thread."""
