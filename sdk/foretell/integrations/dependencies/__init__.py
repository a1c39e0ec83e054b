"""What agents use and is no agent: threads, HTTP clients, services, queues and vector stores; a file each."""
