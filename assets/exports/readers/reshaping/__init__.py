"""Rows that have to be made rows of our columns first, as their layout says."""
