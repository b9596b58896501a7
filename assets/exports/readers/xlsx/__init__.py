"""Workbooks read from their parts."""
