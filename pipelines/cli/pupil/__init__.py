"""Commands about one pupil."""
