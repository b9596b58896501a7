"""Commands that keep a home going for years."""
