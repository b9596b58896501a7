"""Tests of one file of `sql/` at a time: rows given, rows expected."""
