"""Django writes these: python -m django makemigrations portal."""
