"""A batch for each kind of file."""
