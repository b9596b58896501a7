"""What must happen when something goes wrong."""
