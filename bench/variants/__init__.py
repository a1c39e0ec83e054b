"""One module for each way to record: `start(endpoint, directory)` gives a Recorder."""
