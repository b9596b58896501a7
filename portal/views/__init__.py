"""What answers each address: thin, a module per page. What may be asked is in `rules.py`."""
