"""The list as a workbook."""
