"""Sums and rules become verdicts and levels. No text for readers here."""
