"""The lake: connection, settings, tables, locks, encryption. Ground floor: imports no stage."""
