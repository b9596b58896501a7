"""Processes that read what comes from outside, and have nothing else."""
