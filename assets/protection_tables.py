"""The tables of protection: what each source said, whom it can mean, and what nobody could read.

Part of the data dictionary (`tables.py`). Who is protected says `sql/protection/protected_pupils`,
and nothing else. All keys are HMACs, the source's too: beside a mark a school says something.
"""

from __future__ import annotations

from assets.shared_columns import EXPORTED, FILE, SCHOOL
from assets.table_model import Column, Table

_NUMBER = Column(
    "number_key",
    "UUID",
    "A number as it was written: HMAC of it, whatever number came later; of an SS12000 person "
    "without one: of the id.",
)

PROTECTION_TABLES: tuple[Table, ...] = (
    Table(
        "protection_words",
        "What each source last said of protection, its words for and against apart.",
        "a reference, source, place and whether it says protected",
        (
            Column(
                "reference_key",
                "UUID",
                "Whom it means: HMAC of a whole number, of the last ten characters of one, or of "
                "the id of an SS12000 person.",
            ),
            Column(
                "source_key",
                "UUID",
                "Who said it: HMAC of layout and school unit; of SS12000: of the person's id.",
            ),
            Column(
                "place_key",
                "UUID",
                "Organisation of the SS12000 enrolment that the word came with; all zeros: none.",
                "a row of a file, which has its school unit",
            ),
            Column(
                "is_protected",
                "BOOLEAN",
                "false: exactly `Ingen` or `Nej`, in a row that was taken. true: all else, in any "
                "row. An empty cell is no word.",
            ),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "pupil_references",
        "Which numbers a word of protection can mean.",
        "a reference and number",
        (Column("reference_key", "UUID", "As in `protection_words`."), _NUMBER),
    ),
    Table(
        "pupil_numbers",
        "Every number that was met, and the pupil who has it today.",
        "a number",
        (
            _NUMBER,
            Column("pupil_key", "UUID", "The pupil: the key of the last of the pupil's numbers."),
        ),
    ),
    Table(
        "number_changes",
        "Changed numbers: from when on a later number's word counts for an older one.",
        "a number and a later number of the same pupil",
        (
            _NUMBER,
            Column("later_key", "UUID", "Key of a later number of the same pupil."),
            Column(
                "since_at",
                "TIMESTAMP",
                "End of the change's date, local time; none given: when that file was made.",
            ),
        ),
    ),
    Table(
        "protection_columns",
        "Columns that speak of protection: the newest that was read, and those that nobody could "
        "read. As long as one of these is newer, its schools' lists wait.",
        "a layout, school unit and whether it was read; of those that were not, a file too",
        (
            Column("layout", "VARCHAR", "The layout that fits the file, or comes nearest."),
            Column(
                SCHOOL.name, SCHOOL.type, "Skolenhetskod; '' when the file names none: all schools."
            ),
            Column("is_read", "BOOLEAN", "The layout knows the column."),
            EXPORTED,
            FILE,
        ),
    ),
)
