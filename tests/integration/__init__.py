"""Whole runs over the samples, through the same jobs as the schedules."""
