"""Model calls of clients as operations of our own: the caller's thread only notes what the worker then reads."""
