"""What the terminal shows: trees, tables and lines, drawn from the model's words."""
