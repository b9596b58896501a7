"""What a list has: rows, evidence, notices, gaps."""
