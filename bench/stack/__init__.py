"""What the stack can take, and how soon it answers: measured on its real servers."""
