"""Every table of the lake: its columns, what they mean, their units and what null means.

This is the data dictionary. `docs/data-dictionary.md` is written from it, the lake is made from
it, and a test holds the three together. Not here: how a table is filled.
"""

from __future__ import annotations

from assets.ss12000_tables import SS12000_TABLES
from assets.table_model import Column, Table, dictionary_page

_PUPIL = Column("pupil_key", "UUID", "Pupil: HMAC-SHA256 of the identity number, cut to 128 bits.")
_SCHOOL = Column("school_unit_code", "VARCHAR", "Skolenhetskod, 8 digits, a text.")
_FILE = Column("file_id", "BIGINT", "The file it came from: the first 63 bits of its SHA-256.")
_EXPORTED = Column(
    "exported_at", "TIMESTAMP", "When the sender made the file, local time Europe/Stockholm."
)
_CLASS = Column("class_name", "VARCHAR", "Class, e.g. 8A.", "not given")
_GRADE = Column("grade", "TINYINT", "Årskurs 0-9; 0 is förskoleklass.", "not given or unreadable")
_MENTOR = Column("mentor_key", "UUID", "The mentor, see `staff`.", "not given")
_DATE = Column("lesson_date", "DATE", "The date on which the lesson starts.")
_SUMS = (
    Column("scheduled_minutes", "BIGINT", "S: minutes of lessons that were not cancelled."),
    Column("reported_minutes", "BIGINT", "R: the part of S whose lesson was reported."),
    Column("valid_minutes", "BIGINT", "V: minutes of valid absence in reported lessons."),
    Column("invalid_minutes", "BIGINT", "I: minutes of invalid absence in reported lessons."),
)
_DAYS = Column("days", "BIGINT", "Dates with at least one reported lesson.")

TABLES: tuple[Table, ...] = (
    Table(
        "files",
        "The ledger: every file that was offered, and what became of it.",
        "a file and the way it came (content, name, time)",
        (
            _FILE,
            Column("file_sha256", "VARCHAR", "SHA-256 of the file as it came, hexadecimal."),
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
            Column("rows_accepted", "BIGINT", "Rows taken, also those that a newer file outdoes."),
            Column("rows_rejected", "BIGINT", "Rows refused, each in `row_problems`."),
            Column("rows_superseded", "BIGINT", "Accepted rows that a newer export had replaced."),
            Column("rows_warned", "BIGINT", "Accepted rows with a warning."),
            Column(
                "outcome",
                "VARCHAR",
                "accepted | accepted_in_part | superseded | duplicate | quarantined",
            ),
            Column("reason", "VARCHAR", "In words, why not all was taken.", "all was taken"),
        ),
    ),
    Table(
        "row_problems",
        "Rows that were refused, and warnings about rows that were taken.",
        "a refused row, or a kind of warning in a file",
        (
            _FILE,
            Column("severity", "VARCHAR", "rejected | warning"),
            Column(
                "line_number", "BIGINT", "Line (sheet row) in the file; the first for warnings."
            ),
            Column("column_name", "VARCHAR", "The column's name in our words."),
            Column("reason", "VARCHAR", "What is wrong, in words."),
            Column("found", "VARCHAR", "What stood there; personal values only as a pattern."),
            Column("expected", "VARCHAR", "What should stand there."),
            Column("rows", "BIGINT", "1 for a refused row; rows with this warning."),
            Column("sealed_row", "BLOB", "The whole row, sealed.", "a warning"),
        ),
    ),
    Table(
        "lessons",
        "The newest word about each lesson of each pupil.",
        "a pupil's lesson: lesson id and pupil where an id is given, else school unit, pupil, "
        "start and subject",
        (
            _PUPIL,
            _SCHOOL,
            _DATE,
            Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm."),
            Column("subject", "VARCHAR", "Subject as exported; '' when not given."),
            Column("lesson_id", "VARCHAR", "The sender's lesson id.", "not given"),
            Column("scheduled_minutes", "SMALLINT", "The lesson's length, 1-600 minutes."),
            Column("valid_minutes", "SMALLINT", "Valid absence, minutes; 0 when unreported."),
            Column("invalid_minutes", "SMALLINT", "Invalid absence, minutes; 0 when unreported."),
            Column("other_minutes", "SMALLINT", "Other school activity, minutes: presence."),
            Column("is_reported", "BOOLEAN", "Whether somebody reported the lesson."),
            Column("is_cancelled", "BOOLEAN", "Cancelled lessons count nowhere."),
            _CLASS,
            _GRADE,
            _MENTOR,
            _EXPORTED,
            _FILE,
        ),
        partitioned_by="year(lesson_date), month(lesson_date)",
    ),
    Table(
        "stale_days",
        "Dates whose lessons changed since the sums were made. Empty after a whole run.",
        "a date (may repeat)",
        (_DATE,),
    ),
    Table(
        "enrolments",
        "Roster records: which pupil is in which class from when to when.",
        "a pupil, school unit and start date",
        (
            _PUPIL,
            _SCHOOL,
            _CLASS,
            _GRADE,
            _MENTOR,
            Column("start_date", "DATE", "First day.", "since always"),
            Column("end_date", "DATE", "Last day, inclusive.", "still there"),
            _EXPORTED,
            _FILE,
        ),
    ),
    Table(
        "identity_sources",
        "What each source last said of a pupil's identity and protection.",
        "a pupil, layout and school unit",
        (
            _PUPIL,
            Column("layout", "VARCHAR", "The layout that said so."),
            _SCHOOL,
            Column("is_protected", "BOOLEAN", "Anything but a plain 'no' in the source."),
            Column("content_key", "UUID", "What it said, see `identities`."),
            _EXPORTED,
            _FILE,
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
        "Sealed names and addresses of mentors and principals.",
        "a distinct name and address",
        (
            Column("staff_key", "UUID", "HMAC of name and mail address."),
            Column("sealed", "BLOB", "name, email; sealed."),
        ),
    ),
    Table(
        "school_units",
        "Names of schools; registered ones come from a `skolor` file.",
        "a school unit and layout",
        (
            _SCHOOL,
            Column("layout", "VARCHAR", "The layout that said so."),
            Column("is_registered", "BOOLEAN", "Named in a `skolor` file."),
            Column("school_name", "VARCHAR", "Name.", "not given"),
            Column("district", "VARCHAR", "Stadsdelsområde.", "not given"),
            Column("principal_key", "UUID", "The principal, see `staff`.", "not given"),
            _EXPORTED,
            _FILE,
        ),
    ),
    Table(
        "absence_daily",
        "Minutes per pupil, school unit and day, with the place of the day's last lesson there.",
        "a pupil, school unit and date with at least one lesson that was not cancelled",
        (
            _PUPIL,
            _SCHOOL,
            _DATE,
            *_SUMS,
            Column("lessons", "BIGINT", "Lessons that were not cancelled."),
            Column("reported_lessons", "BIGINT", "Those of them that were reported."),
            Column("last_starts_at", "TIMESTAMP", "Start of the day's last lesson there."),
            Column("last_exported_at", "TIMESTAMP", "When that lesson's row was exported."),
            Column("last_subject", "VARCHAR", "That lesson's subject."),
            _CLASS,
            _GRADE,
            _MENTOR,
        ),
        partitioned_by="year(lesson_date), month(lesson_date)",
    ),
    Table(
        "absence_monthly",
        "Minutes per pupil and calendar month, over all schools of the pupil.",
        "a pupil and month with at least one lesson that was not cancelled",
        (
            _PUPIL,
            Column("month_start_date", "DATE", "First day of the month."),
            *_SUMS,
            _DAYS,
        ),
        partitioned_by="year(month_start_date)",
    ),
    Table(
        "absence_rolling",
        "Minutes per pupil over the rolling windows ending at the newest as_of.",
        "a pupil and window part",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            _PUPIL,
            Column("window_part", "VARCHAR", "one_month | two_months_first_half | …_second_half"),
            Column("window_start", "DATE", "First day of the part."),
            Column("window_end", "DATE", "Last day of the part."),
            *_SUMS,
            _DAYS,
        ),
    ),
    Table(
        "flags",
        "Verdicts other than clear, as last evaluated for each as_of.",
        "an as_of, pupil, rule and basis",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            _PUPIL,
            Column("rule", "VARCHAR", "mentor_followup | ulf_one_month | ulf_two_months | sst_…"),
            Column("basis", "VARCHAR", "calendar | rolling"),
            Column("verdict", "VARCHAR", "hit | insufficient"),
            Column("certainty", "VARCHAR", "certain | likely", "not a hit"),
            Column("level", "TINYINT", "The pupil's level: 0 none, 1 mentor, 2 ulf, 3 sst."),
            _SCHOOL,
            _CLASS,
            _GRADE,
            _MENTOR,
            Column("is_protected", "BOOLEAN", "Protected by any source; never shown."),
            Column("window_start", "DATE", "First day of the window."),
            Column("window_end", "DATE", "Last day of the window."),
            *_SUMS,
            _DAYS,
            Column(
                "margin_minutes",
                "DECIMAL(18, 4)",
                "Absence minutes over (+) or under (-) the step: A - threshold * R.",
            ),
            Column("rule_set", "VARCHAR", "Name of the rule set."),
            Column("rule_set_version", "VARCHAR", "Hash of the values in force at as_of."),
        ),
    ),
    Table(
        "publications",
        "Lists that were published.",
        "a school unit, period and publication",
        (
            _SCHOOL,
            Column("period", "VARCHAR", "ISO week such as 2026-W46, or `current`."),
            Column("as_of_date", "DATE", "The last day that counts."),
            Column("published_at", "TIMESTAMP", "When it was put in place, UTC."),
            Column("is_frozen", "BOOLEAN", "A week's list; it is not changed afterwards."),
            Column("rule_set", "VARCHAR", "Name of the rule set."),
            Column("rule_set_version", "VARCHAR", "Hash of the values in force at as_of."),
            Column("lake_snapshot", "BIGINT", "The lake's snapshot that it was made from."),
            Column("input_hash", "VARCHAR", "SHA-256 over the hashes of all files in the lake."),
            Column("flagged_pupils", "BIGINT", "Pupils on the list."),
            Column("folder", "VARCHAR", "Where it is, relative to the home."),
        ),
    ),
    *SS12000_TABLES,
)


def data_dictionary() -> str:
    """Return `docs/data-dictionary.md`."""
    return dictionary_page(TABLES)
