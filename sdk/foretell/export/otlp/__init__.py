"""OTLP as bytes: spans, logs and metrics encoded straight from our own facts, or from the official SDK's objects."""
