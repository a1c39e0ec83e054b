"""What `foretell run` costs a program that knows nothing of it."""
