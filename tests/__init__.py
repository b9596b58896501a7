"""Tests; a package so that several test folders can share the oracle."""
