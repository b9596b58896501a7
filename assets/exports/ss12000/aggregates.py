"""Files of SS12000 aggregatedAttendance as readers of rows, like files of monthly sums.

Here too: where an object's names and places come from. Not here: what becomes of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import polars as pl

from assets.exports.batches.rosters import RosterBatch
from assets.exports.files.received import ReceivedFile
from assets.exports.ledger.outcomes import RowProblem
from assets.exports.pupils.people import People
from assets.exports.pupils.protection import keep_words, store_numbers, words_of_persons
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layout_keys import LayoutColumn
from assets.exports.readers.layouts import FoundHeader, Layout
from assets.exports.readers.reshaping.canonical_rows import CanonicalRows
from assets.exports.readers.row_reader import Openings, RowReader
from assets.exports.ss12000.json_files import JsonRows
from assets.exports.ss12000.living import define_living
from assets.exports.ss12000.persons import Persons, several_mentors
from assets.exports.ss12000.resources import AGGREGATES_KIND
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import PERSON, PERSON_AS_STAFF

# SS12000 aggregatedAttendance as rows of text under our column names of aggregates. A pure reader:
# nothing is stored. An object has references only, so that names, numbers, school and class come
# from the persons that the lake has.

_COLUMNS = COLUMNS["aggregates"]
_MINUTES = tuple(name for name in _COLUMNS if name.endswith("_minutes"))


#: Called with the key of a pupil without a number; returns the text that names the pupil instead.
ByKey = Callable[[str], str]


def aggregate_frames(
    lake: Lake,
    sealer: Sealer,
    file: ReceivedFile,
    *,
    by_key: ByKey,
    refuse: Callable[[str, int], None],
    marked: set[str],
) -> Iterator[pl.DataFrame]:
    """Yield frames of `file_id`, `line_number` (the object's ordinal) and aggregates' columns.

    Minutes and dates are as they came, and `month` is null: an object has dates. A pupil whom the
    lake doesn't know has no `civic_no` and no place; the place is that of the period's last day.
    One without a number is known by the person's id, as in attendances.
    `protected` is what the object says; who is protected is known elsewhere.

    Args:
        lake: the lake, with the parsing macros loaded.
        sealer: of its home.
        file: a JSON file of aggregatedAttendance.
        by_key: for a pupil without a number.
        refuse: called with the code and the ordinal of each object that is none of these.
        marked: gets the keys of the persons whom an object calls protected.

    Raises:
        UnreadableFileError: see `JsonRows.frames`; nothing of the file may be kept then.
        ChangedFileError: the file is gone.
    """
    persons = Persons(lake, sealer)
    define_living(lake)
    for frame in JsonRows(file).frames():
        strange = pl.col("fault").fill_null("").str.starts_with("object.")
        for line, code in frame.filter(strange).select("line_number", "fault").iter_rows():
            refuse(code, line)
        cells = frame.filter(~strange & (pl.col("part") == ""))
        persons.key(cells["person"])
        said = cells.filter(pl.col("protected") != "Ingen")["person"].drop_nulls().unique()
        marked.update(str(persons.key_of(person)) for person in said)
        lake.connection.register("aggregate_cells", cells)
        lake.make(
            "affected_persons",
            "SELECT DISTINCT person_key "
            f"FROM {persons.keys} JOIN aggregate_cells ON person_text = person",
        )
        lake.materialise("exports/ss12000_places")
        found = lake.rows(lake.select("exports/aggregate_places"))
        lake.connection.unregister("aggregate_cells")
        yield _frame(cells.sort("line_number"), [_place(sealer, row, by_key) for row in found])


def _place(sealer: Sealer, row: tuple[object, ...], by_key: ByKey) -> dict[str, str | None]:
    _, code, school, class_name, grade, person, content, sealed, mentor_seals, said, key = row
    # What does not open is another person's: nobody is named, and the row is refused.
    pupil: dict[str, str] | None = {}
    if isinstance(sealed, bytes):
        pupil = sealer.opened(PERSON, (person, content), sealed)
        key = None if pupil is None else key
    pupil = pupil or {}
    seals = mentor_seals if isinstance(mentor_seals, list) else []
    words = [
        sealer.opened(PERSON_AS_STAFF, (person.decode(), staff.decode()), seal)
        for person, staff, seal in seals
    ]
    mentor = several_mentors([word for word in words if word is not None])
    return {
        "school_unit_code": None if code is None else str(code),
        "school_name": None if school is None else str(school),
        "class_name": str(class_name) if class_name else None,
        "grade": None if grade is None else str(grade),
        "civic_no": pupil.get("civic_no") or (by_key(str(key)) if key else None),
        "given_name": pupil.get("given_name") or None,
        "family_name": pupil.get("family_name") or None,
        "sex": pupil.get("sex") or None,
        "protected": None if said is None else str(said),
        "mentor_name": mentor.get("name") or None,
        "mentor_email": mentor.get("email") or None,
    }


def _frame(cells: pl.DataFrame, places: list[dict[str, str | None]]) -> pl.DataFrame:
    names = ("school_unit_code", "school_name", "class_name", "grade", "civic_no", "given_name",
             "family_name", "sex", "protected", "mentor_name", "mentor_email")  # fmt: skip
    found = pl.DataFrame(places, schema=dict.fromkeys(names, pl.String))
    own = cells.select(
        "file_id",
        "line_number",
        pl.col("start_date").alias("period_start"),
        pl.col("end_date").alias("period_end"),
        pl.coalesce("subject", "activity").alias("activity"),
        pl.lit(None, pl.String).alias("month"),
        *_MINUTES,
    )
    return pl.concat([own, found], how="horizontal").select("file_id", "line_number", *_COLUMNS)


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
        super().__init__(file, _HEADER, CanonicalRows(file, _HEADER), ())
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


class AggregateBatch(RosterBatch):
    """Stages and stores files of aggregatedAttendance, as those of monthly sums are."""

    def __init__(self, lake: Lake, people: People) -> None:
        super().__init__(lake, people, AggregateObjects(lake, people), "aggregates")

    def keep_protection(
        self,
        connection: duckdb.DuckDBPyConnection,
        layout: str,  # noqa: ARG002
        arriving: pl.DataFrame,  # noqa: ARG002
        ids: Sequence[int],
    ) -> None:
        """Keep what objects say of protection: the word of the server about a person."""
        readers = [self._readers[file_id] for file_id in ids]
        store_numbers(connection, self._people)
        keep_words(
            connection,
            words_of_persons((reader.file, reader.marked_persons) for reader in readers),
        )
