"""Sums become probabilities of passing a step. Statistical estimates, never flags."""
