"""What was said of pupils, what it amounts to today, and who is to be reminded."""
