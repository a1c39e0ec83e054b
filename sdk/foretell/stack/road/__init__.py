"""Whether the stack is well and passes on what it is given, seen from outside by HTTP alone, so that no Docker is needed."""
