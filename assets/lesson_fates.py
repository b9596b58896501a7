"""The tables that say which lessons count, beside `lessons` itself.

`lessons` keeps the newest word about each lesson, whatever its worth. Which of them count is
decided with the sums, from all rows kept on a date (`docs/rules.md`, "Which lessons count"), and
written into `uncounted_lessons`. Whoever wants to know what counts reads the temporary view
`counting_lessons` (`sql/absence/counting_lessons.sql`), which every connection has: the lessons
that are not cancelled and not in `uncounted_lessons`, and, as unreported, those of which one file
said two things (`contradicted_lessons`) and nobody anything sound.

Part of the data dictionary (`tables.py`). Not here: the steps (`sql/absence/`).
"""

from __future__ import annotations

from assets.shared_columns import CLASS, DATE, EXPORTED, FILE, GRADE, MENTOR, PUPIL, SCHOOL
from assets.table_model import Column, Table

_START = Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm.")
_SUBJECT = Column("subject", "VARCHAR", "Subject as exported; '' when not given.")
_ID = Column("lesson_id", "VARCHAR", "The sender's lesson id.", "not given")
_NOTHING_BESIDE = "after_leaving, or no lesson that counts has its time"

LESSON_FATES: tuple[Table, ...] = (
    Table(
        "contradicted_lessons",
        "Lessons of which the rows of one file said different things, so that all were refused. "
        "Without a sound word from another file they count as unreported.",
        "a file and a pupil's lesson in it",
        (
            PUPIL,
            SCHOOL,
            DATE,
            _START,
            _SUBJECT,
            _ID,
            Column("scheduled_minutes", "SMALLINT", "The longest length that was told, minutes."),
            CLASS,
            GRADE,
            MENTOR,
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "joint_lessons",
        "Overlapping lessons of one subject that one file held side by side: two lessons, not one "
        "whose time was changed.",
        "a file and two lessons of a pupil at a school",
        (
            PUPIL,
            SCHOOL,
            DATE,
            Column("subject", "VARCHAR", "The subject in small letters; '' when not given."),
            Column("first_starts_at", "TIMESTAMP", "Start of the one that begins first."),
            Column("first_lesson_id", "VARCHAR", "Its id.", "not given"),
            Column("second_starts_at", "TIMESTAMP", "Start of the other."),
            Column("second_lesson_id", "VARCHAR", "Its id.", "not given"),
            FILE,
        ),
    ),
    Table(
        "uncounted_lessons",
        "Lessons that are not cancelled and count nowhere all the same, as last decided with the "
        "sums of their date.",
        "a row of `lessons`, or of `contradicted_lessons`, that does not count",
        (
            PUPIL,
            SCHOOL,
            DATE,
            _START,
            _SUBJECT,
            _ID,
            Column("scheduled_minutes", "SMALLINT", "The lesson's length, minutes."),
            Column("valid_minutes", "SMALLINT", "Valid absence in it, minutes."),
            Column("invalid_minutes", "SMALLINT", "Invalid absence in it, minutes."),
            Column("other_minutes", "SMALLINT", "Other school activity in it, minutes."),
            Column("is_reported", "BOOLEAN", "Whether somebody reported it."),
            Column(
                "is_contradicted",
                "BOOLEAN",
                "A row of `contradicted_lessons`: another file has a sound word, or it is gone.",
            ),
            FILE,
            Column("reason", "VARCHAR", "superseded | after_leaving | set_aside"),
            Column(
                "beside_school_unit_code",
                "VARCHAR",
                "School unit of the lesson that stands for it: the newer word, or the counting "
                "lesson that has most of its time.",
                _NOTHING_BESIDE,
            ),
            Column("beside_subject", "VARCHAR", "Subject of that lesson.", _NOTHING_BESIDE),
            Column("beside_starts_at", "TIMESTAMP", "Start of that lesson.", _NOTHING_BESIDE),
            Column(
                "beside_present_minutes",
                "SMALLINT",
                "Minutes of presence in that lesson; 0 when unreported.",
                _NOTHING_BESIDE,
            ),
            Column(
                "is_beside_reported",
                "BOOLEAN",
                "Whether that lesson was reported.",
                _NOTHING_BESIDE,
            ),
        ),
        partitioned_by="year(lesson_date), month(lesson_date)",
    ),
    Table(
        "parallel_values",
        "The values of `parallel.*` that the sums were last made with, by a lesson's date.",
        "a date from which they hold",
        (
            Column("valid_from_date", "DATE", "First lesson date."),
            Column("method", "VARCHAR", "set_aside | count_all"),
            Column("least_cover_bp", "INTEGER", "Least cover, hundredths of a percent."),
        ),
    ),
)
