"""Recording in the Python processes that a recorded program starts: workers, kernels, servers that reload."""
