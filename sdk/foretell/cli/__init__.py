"""The command line: what a person types to see what the agents did."""
