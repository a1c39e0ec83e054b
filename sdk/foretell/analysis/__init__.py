"""What a recorded run tells afterwards."""
