"""What is timed; not part of `make test`."""
