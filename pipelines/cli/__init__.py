"""The command `trappan`: a module for each group of commands."""
