"""The past of the lake: old snapshots, and files that only they need."""
