"""Backup, verify, restore, rebuild: what brings a home back, and says what is broken."""
