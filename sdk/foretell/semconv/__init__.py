"""What things are called outside: names of spans, attributes, metrics and events, and nothing else."""
