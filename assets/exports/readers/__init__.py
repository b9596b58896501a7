"""Rows of a file: layouts, headers, cells, workbooks."""
