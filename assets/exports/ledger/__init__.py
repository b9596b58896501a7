"""What became of each file and row, and why."""
