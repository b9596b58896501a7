"""Layouts of complete files for tests: as the usual lesson file, but they say their row count.

Not here: any expectation.
"""

from __future__ import annotations

from collections.abc import Iterable

from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from tests.integration.ingest_files import BASIC, Cells, text_of

_LESSONS = next(layout for layout in shipped_layouts() if layout.kind == "lessons")
_COMPLETE = _LESSONS.model_dump() | {"name": "hel_period", "restates": "school_period"}

#: The number of rows stands in a column, which also tells the layout from the usual one.
BY_COLUMN = Layout.model_validate(_COMPLETE | {"row_count": {"column": "Antal rader"}})
#: The number of rows stands in the last row.
BY_TRAILER = Layout.model_validate(
    _COMPLETE | {"row_count": {"trailer": r"Antal rader: (\d+)"}, "name": "hel_period_slutrad"}
)
WITH_COLUMN = (*shipped_layouts(), BY_COLUMN)
WITH_TRAILER = (*(layout for layout in shipped_layouts() if layout != _LESSONS), BY_TRAILER)
COLUMNS = (*BASIC[:-1], "Antal rader", "lesson_id", BASIC[-1])


def counted(rows: Iterable[Cells]) -> str:
    """Return a complete file whose rows say how many there are."""
    listed = list(rows)
    return text_of([{**row, "Antal rader": len(listed)} for row in listed], COLUMNS)


def with_trailer(rows: Iterable[Cells]) -> str:
    """Return a complete file whose last row says how many there are."""
    listed = list(rows)
    return f"{text_of(listed)}Antal rader: {len(listed)}\r\n"
