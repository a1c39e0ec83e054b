"""The OpenTelemetry side: our spans, our provider, the application's own, and spans of other instrumentations."""
