"""Spreadsheet files (.xlsx) as the standard ECMA-376 means them: parts, sheets and cells."""
