"""A new key for a home: all that is sealed is sealed again, and opens with the old one no more."""
