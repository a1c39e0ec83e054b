"""How trouble is noticed: pure detectors, the same for a live process and for a recorded run."""
