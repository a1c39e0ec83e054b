"""What goes wrong and what nearly does, told as scenes. Nothing here knows the catalogue or a detector."""
