"""Erasure: one pupil out of every place of the home, a receipt, and a drill that proves it."""
