"""Every table of the lake: its columns, what they mean, their units and what null means.

This is the data dictionary. `docs/data-dictionary.md` and the pages beside it are written from it,
the lake is made from it, and a test holds the three together. Not here: how a table is filled.
"""

from __future__ import annotations

from assets.lake.computed_tables import LESSON_FATES, RESULT_TABLES, SENDER_TABLES
from assets.lake.release_tables import JOINED_TABLES, RELEASE_TABLES
from assets.lake.schema import (
    CLASS,
    DATE,
    EXPORTED,
    FILE,
    GRADE,
    MENTOR,
    NUMBER_OF_ROW,
    PUPIL,
    SCHOOL,
    SUMS,
    Column,
    Table,
)
from assets.lake.ss12000_tables import SS12000_TABLES

# The tables of protection: what each source said, whom it can mean, and what nobody could read.
# Who is protected says `sql/protection/protected_pupils`, and nothing else. All keys are HMACs, the
# source's too: beside a mark a school says something.

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
        "a reference, source, place, whether it says protected, and how many must release it",
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
                "Who said it: HMAC of sender, layout and school unit; of SS12000: of the person's "
                "id, and the sender's name.",
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
            Column(
                "releases_needed",
                "TINYINT",
                "How many people have to release it before it lifts anything.",
                "it says protected, or senders were not told apart: nobody has to",
            ),
            EXPORTED,
            FILE,
            Column(
                "mark_key", "UUID", "HMAC of the row; a word against protection without it is none."
            ),
        ),
    ),
    Table(
        "protection_totals",
        "A mark of all words for protection together: one that is gone is noticed.",
        "a lake that has met a pupil: one row",
        (
            Column("marks", "BIGINT", "Words for protection."),
            Column("total_key", "UUID", "HMAC of their number and marks."),
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


_LESSON = (
    PUPIL,
    SCHOOL,
    DATE,
    Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm."),
    Column("subject", "VARCHAR", "Subject as exported; '' when not given."),
    Column(
        "lesson_id",
        "VARCHAR",
        "The sender's lesson id; of a timetable slot (`slot_sources`) with the date after it.",
        "not given",
    ),
    Column("scheduled_minutes", "SMALLINT", "The lesson's length, 1-600 minutes."),
    Column("valid_minutes", "SMALLINT", "Valid absence, minutes; 0 when unreported."),
    Column("invalid_minutes", "SMALLINT", "Invalid absence, minutes; 0 when unreported."),
    Column("other_minutes", "SMALLINT", "Other school activity, minutes: presence."),
    Column("is_reported", "BOOLEAN", "Whether somebody reported the lesson."),
    Column("is_cancelled", "BOOLEAN", "Cancelled lessons count nowhere."),
    CLASS,
    GRADE,
    MENTOR,
    EXPORTED,
    FILE,
)

_LAYOUT = Column("layout", "VARCHAR", "The layout of the source.")
# Not the name: the catalog keeps the least and the greatest value of a column in clear.
_CLASS_KEY = Column("class_key", "UUID", "HMAC of school unit and class.")

TABLES: tuple[Table, ...] = (
    Table(
        "files",
        "The ledger: every file that was offered, and what became of it.",
        "a file and the way it came (content, name, time)",
        (
            FILE,
            Column("file_sha256", "VARCHAR", "SHA-256 of the file as it came, hexadecimal."),
            Column(
                "sender",
                "VARCHAR",
                "Who sent it: its folder's name; 'inbox' in a home without senders.yaml.",
            ),
            Column("sealed_name", "BLOB", "The file's name, sealed: a name can name a pupil."),
            Column("modified_at", "TIMESTAMP", "The file's modification time, local time."),
            Column("received_at", "TIMESTAMP", "When this outcome was written, UTC."),
            Column("layout", "VARCHAR", "The layout it was read with.", "none matched"),
            Column(
                "exported_at",
                "TIMESTAMP",
                "When the sender made it: from the file name, else its modification time.",
                "quarantined before it was known",
            ),
            Column("period_first_date", "DATE", "First lesson date in it.", "no dated row"),
            Column("period_last_date", "DATE", "Last lesson date in it.", "no dated row"),
            Column("rows_read", "BIGINT", "Data rows in the file, counted apart from reading."),
            Column(
                "rows_accepted", "BIGINT", "Rows taken, also those that a newer file supersedes."
            ),
            Column("rows_rejected", "BIGINT", "Rows refused, each in `row_problems`."),
            Column("rows_superseded", "BIGINT", "Accepted rows that a newer export had replaced."),
            Column("rows_warned", "BIGINT", "Accepted rows with a warning."),
            Column(
                "outcome",
                "VARCHAR",
                "accepted | accepted_in_part | superseded | duplicate | quarantined | revoked | "
                "awaiting_release",
            ),
            Column("reason", "VARCHAR", "In words, why not all was taken.", "all was taken"),
        ),
    ),
    Table(
        "held_files",
        "Files that were left to the next run; a file that is taken or gone has no row.",
        "a path",
        (
            Column("path_key", "UUID", "HMAC-SHA256 of the path, cut to 128 bits."),
            Column("sealed_name", "BLOB", "The file's name and path, sealed."),
            Column("modified_at", "TIMESTAMP", "The file's modification time, local time."),
            Column("noticed_at", "TIMESTAMP", "When it was first held, UTC."),
            Column("reason", "VARCHAR", "In words, what it waits for."),
        ),
    ),
    Table(
        "row_problems",
        "Rows that were refused, and warnings about rows that were taken.",
        "a refused row, or a kind of warning in a file",
        (
            FILE,
            Column("severity", "VARCHAR", "rejected | warning"),
            Column(
                "line_number",
                "BIGINT",
                "Line (sheet row) in the file; the first for warnings; 0: rows "
                "of pupils who are enrolled elsewhere, because a line would say who.",
            ),
            Column("column_number", "INTEGER", "Column of the file, from 1.", "said by its name"),
            Column("code", "VARCHAR", "What is wrong: `<our column>.<what>`."),
            Column("column_name", "VARCHAR", "The column's name in our words."),
            Column("reason", "VARCHAR", "What is wrong, in words."),
            Column("found", "VARCHAR", "What stood there; personal values only as a pattern."),
            Column("expected", "VARCHAR", "What should stand there."),
            Column("rows", "BIGINT", "1 for a refused row; rows with this warning."),
            Column("sealed_row", "BLOB", "The whole row, sealed.", "a warning"),
            Column(
                "school_unit_code",
                "VARCHAR",
                "The school unit that the refused row speaks of, 8 digits.",
                "a warning, or the row has no code that can be read",
            ),
        ),
    ),
    Table(
        "lessons",
        "The newest word about each lesson of each pupil.",
        "a pupil's lesson: lesson id and pupil where an id is given, else school unit, pupil, "
        "start and subject",
        _LESSON,
        partitioned_by="year(lesson_date), month(lesson_date)",
    ),
    *LESSON_FATES,
    Table(
        "pupil_merges",
        "Changed identity numbers: the old is the pupil of the new one. The newest word counts.",
        "an old and a new number, and a file that says so",
        (
            Column("old_pupil_key", "UUID", "Key of the old number."),
            Column("new_pupil_key", "UUID", "Key of the new number."),
            EXPORTED,
            FILE,
            Column("changed_date", "DATE", "When the number was changed.", "not given"),
        ),
    ),
    Table(
        "lesson_snapshots",
        "Complete files: the newest one that said all of a school unit's date.",
        "a school unit and date",
        (SCHOOL, DATE, EXPORTED, FILE),
    ),
    Table(
        "removed_lessons",
        "Lessons with an id that a newer complete file lacked; their older rows stay away.",
        "a pupil and lesson id",
        (
            PUPIL,
            Column("lesson_id", "VARCHAR", "The sender's lesson id."),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "moved_lessons",
        "What was said of lessons with an id before they moved to another date, or after: the "
        "newest word about each date that counts no more. Kept because the ids may turn out to be "
        "those of timetable slots; then every date counts.",
        "a pupil, lesson id and date",
        _LESSON,
    ),
    Table(
        "slot_sources",
        "Sources whose lesson ids are those of timetable slots, so that the date is in the key.",
        "a layout and school unit",
        (_LAYOUT, SCHOOL),
    ),
    Table(
        "class_coverage",
        "How many pupils of a class and date a lesson file has. A file that a newer one with as "
        "many pupils supersedes is not kept.",
        "a layout, school unit, class, date and file",
        (
            _LAYOUT,
            SCHOOL,
            _CLASS_KEY,
            DATE,
            Column("pupils", "BIGINT", "Pupils with a row in the file."),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "missing_lessons",
        "Lessons that a newer file of their source lacks, though it covers their class and date. "
        "They count; a row whose lesson was said again or removed since says nothing.",
        "a pupil, school unit, start, subject and file",
        (
            _LAYOUT,
            SCHOOL,
            _CLASS_KEY,
            DATE,
            PUPIL,
            Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm."),
            Column("subject", "VARCHAR", "Subject as exported; '' when not given."),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "stale_days",
        "Dates whose lessons changed since the sums were made. Empty after a whole run.",
        "a date (may repeat)",
        (DATE,),
    ),
    Table(
        "enrolments",
        "Roster records: which pupil is in which class from when to when.",
        "a pupil, school unit and start date",
        (
            PUPIL,
            SCHOOL,
            CLASS,
            GRADE,
            MENTOR,
            Column("start_date", "DATE", "First day.", "since always"),
            Column(
                "end_date",
                "DATE",
                "Last day, inclusive; the day before the first one where the record has no day.",
                "still there",
            ),
            EXPORTED,
            FILE,
            NUMBER_OF_ROW,
        ),
    ),
    Table(
        "monthly_sums",
        "Sums per pupil and period from a system that does not give lessons.",
        "a pupil, school unit, activity and period",
        (
            PUPIL,
            SCHOOL,
            Column("activity", "VARCHAR", "Course or activity as exported; '' when not given."),
            Column("period_first_date", "DATE", "First day; only whole months feed a window."),
            Column("period_last_date", "DATE", "Last day, inclusive."),
            *SUMS,
            CLASS,
            GRADE,
            MENTOR,
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "identity_sources",
        "What each source last said of a pupil's identity.",
        "a pupil, layout and school unit",
        (
            PUPIL,
            Column("layout", "VARCHAR", "The layout that said so."),
            SCHOOL,
            Column("is_roster", "BOOLEAN", "A roster: its names stand before lesson files'."),
            Column("content_key", "UUID", "What it said, see `identities`."),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "identities",
        "Sealed identities: number, names, sex. Joined only when a list is written.",
        "a distinct set of values",
        (
            Column("content_key", "UUID", "HMAC of the values."),
            Column("sealed", "BLOB", "civic_no, given_name, family_name, sex; sealed."),
        ),
    ),
    Table(
        "staff",
        "Sealed names and addresses of mentors and principals, as a source says them: one word can "
        "name several mentors of a pupil.",
        "a distinct word: name and address, or several mentors together",
        (
            Column(
                "staff_key",
                "UUID",
                "HMAC of name and mail address; of several mentors of SS12000 a hash of theirs.",
            ),
            Column(
                "sealed",
                "BLOB",
                "name, email, and where a source tells several mentors apart each of them; sealed.",
            ),
        ),
    ),
    Table(
        "school_units",
        "Names of schools; registered ones come from a `skolor` file.",
        "a school unit and layout",
        (
            SCHOOL,
            Column("layout", "VARCHAR", "The layout that said so."),
            Column("is_registered", "BOOLEAN", "Named in a `skolor` file."),
            Column("school_name", "VARCHAR", "Name.", "not given"),
            Column("district", "VARCHAR", "Stadsdelsområde.", "not given"),
            Column("principal_key", "UUID", "The principal, see `staff`.", "not given"),
            EXPORTED,
            FILE,
        ),
    ),
    *PROTECTION_TABLES,
    Table(
        "school_breaks",
        "Days without school, of `lov` files. Of a layout and school unit the newest file counts.",
        "a school unit, layout and break",
        (
            Column("school_unit_code", "VARCHAR", "Skolenhetskod, 8 digits; '' for every school."),
            Column("layout", "VARCHAR", "The layout that said so."),
            Column("first_date", "DATE", "First day without school."),
            Column(
                "last_date",
                "DATE",
                "Last day without school, inclusive; the day before the first one where the break "
                "has no day.",
            ),
            Column("break_name", "VARCHAR", "What the break is called.", "not given"),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "school_sendings",
        "What each lesson file brought of each school unit: how often a school sends, and how far "
        "its files go. Of SS12000 the lessons themselves tell.",
        "a file and school unit",
        (
            SCHOOL,
            Column("first_lesson_date", "DATE", "First date with a lesson in it."),
            Column("last_lesson_date", "DATE", "Last one that the export did not precede."),
            EXPORTED,
            FILE,
        ),
    ),
    *(*RELEASE_TABLES, *JOINED_TABLES),
    *SENDER_TABLES,
    *RESULT_TABLES,
    *SS12000_TABLES,
)


_BY_NAME = {table.name: table for table in TABLES}
TABLE_NAMES = frozenset(_BY_NAME)


def table_named(name: str) -> Table:
    """Return a table of the lake.

    Raises:
        KeyError: the lake has none of this name.
    """
    return _BY_NAME[name]


def columns_of(name: str) -> tuple[str, ...]:
    """Return the names of a table's columns, in the table's order.

    Raises:
        KeyError: the lake has no such table.
    """
    return tuple(column.name for column in table_named(name).columns)
