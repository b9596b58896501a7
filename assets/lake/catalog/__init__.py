"""The lake's catalog, where DuckLake does not keep it as is needed: statistics, old traces."""
