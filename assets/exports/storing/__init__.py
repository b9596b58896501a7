"""Typed rows into the lake: the newest export wins."""
