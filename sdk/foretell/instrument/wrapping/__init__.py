"""What decorators put around functions, classes and streams."""
