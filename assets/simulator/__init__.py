"""Synthetic schools for samples, tests and benchmarks. Never used by the nightly run."""
