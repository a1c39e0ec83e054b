"""Our own instrumentation, for libraries that nobody else instruments, or not well."""
