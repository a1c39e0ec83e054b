"""Gates: where a trigger's action takes hold of a run, at the opening of its next operation."""
