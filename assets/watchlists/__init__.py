"""Flags become published lists: workbook, page, manifest. No rule is evaluated here."""
