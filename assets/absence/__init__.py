"""Lesson rows become sums per pupil: day, calendar month, rolling window. No thresholds here."""
