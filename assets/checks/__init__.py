"""What must hold of every stage: SQL checks and Great Expectations contracts."""
