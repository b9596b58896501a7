"""Files of SS12000 aggregatedAttendance as readers of rows, like files of monthly sums.

Not here: where an object's names and places come from (`aggregates.py`), what becomes of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from assets.exports.columns import COLUMNS
from assets.exports.frames import Openings, RowReader
from assets.exports.layouts import FoundHeader, Layout, LayoutColumn
from assets.exports.outcomes import RowProblem
from assets.exports.people import People
from assets.exports.received import ReceivedFile
from assets.exports.ss12000.aggregates import aggregate_frames
from assets.exports.ss12000.resources import AGGREGATES_KIND
from assets.lake import Lake

_NAMES = COLUMNS["aggregates"]
_LAYOUT = Layout(
    name=AGGREGATES_KIND,
    kind="aggregates",
    description="Sums per pupil, activity and period, SS12000 API 2.1.0.",
    restates="lesson",
    columns={name: LayoutColumn(headers=(name,)) for name in _NAMES},
)
_HEADER = FoundHeader(_LAYOUT.match(_NAMES), 0, "")


class AggregateReader(RowReader):
    """Reads the objects of one file, each as a row."""

    def __init__(self, lake: Lake, people: People, file: ReceivedFile) -> None:
        super().__init__(file, _HEADER, ())
        self._lake = lake
        self._people = people

    @property
    def reason(self) -> str | None:
        """Say that there was no object; None if there was."""
        return None if self.rows_read else "it holds no objects"

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of text cells under our column names, with `line_number`."""
        people = self._people
        frames = aggregate_frames(
            self._lake,
            people.sealer,
            self.file,
            by_key=people.known_by_key,
            refuse=self._refuse_object,
            marked=self.marked_persons,
        )
        for frame in frames:
            self.rows_read += frame.height
            yield frame

    def _refuse_object(self, code: str, number: int) -> None:
        self.rows_read += 1
        self.shapeless_rows += 1
        self._problems.append(RowProblem(code, number, "", row="", unit="object"))


class AggregateObjects(Openings):
    """The readers of a run's files of aggregatedAttendance."""

    unit = "object"

    def __init__(self, lake: Lake, people: People) -> None:
        super().__init__(())
        self._lake = lake
        self._people = people

    def rows(self, file: ReceivedFile) -> RowReader:
        """Return a reader of a file's objects."""
        return AggregateReader(self._lake, self._people, file)
