"""SS12000:2020 files (API 2.1.0, JSON): objects of a school system, joined into lesson rows.

The newest word about each object is kept (`words.py`); lessons, rosters and names are derived from
them (`derive.py`), so that the order in which files arrive does not matter. Why it is built so:
docs/adr/0010-ss12000-objects.md.
"""
