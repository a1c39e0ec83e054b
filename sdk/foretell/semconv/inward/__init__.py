"""The way in: spans from backends and other instrumentations, under today's names."""
