"""What makes or chooses things for the tests, and is not a test; each is tested itself."""
