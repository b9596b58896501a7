"""Raw rows to typed rows, each with a problem or none."""
