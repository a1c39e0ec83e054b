"""The compose stack from outside: where its files are, whether it could start, whether it runs and passes data on."""
