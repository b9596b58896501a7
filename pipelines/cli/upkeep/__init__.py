"""The commands that keep a home going for years."""
