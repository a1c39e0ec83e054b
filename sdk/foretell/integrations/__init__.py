"""Existing agents, instrumented without changing a line: which instrumentor serves which framework, and when it is on."""
