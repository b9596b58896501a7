"""Tests of how the house is built: what lies where, and what knows of what."""
