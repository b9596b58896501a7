"""All Swedish text of the lists."""
