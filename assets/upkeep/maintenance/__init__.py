"""Maintenance: old snapshots go, files are merged, what nothing needs is deleted."""
