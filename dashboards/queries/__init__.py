"""Every question that a dashboard asks, each once and by name."""
