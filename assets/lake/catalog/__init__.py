"""The catalog of the lake, where DuckLake itself does not keep it as is needed: statistics, traces of what was."""
