"""The tables of what persons decide and do, and of what lessons follow from only together.

Part of the data dictionary (`tables.py`). Persons: who released or parted what, and how much
senders removed; a release is a row of its own and is never changed. Files: timetables, and
absences. Not here: what a release does to protection (`sql/protection/released_words.sql`), the
lessons (`sql/exports/joined_lessons.sql`).
"""

from __future__ import annotations

from dataclasses import replace

from assets.lake.schema import (
    CLASS,
    DATE,
    EXPORTED,
    FILE,
    GRADE,
    MENTOR,
    PUPIL,
    SCHOOL,
    Column,
    Table,
)

# The uid of the process, not a name that the environment gives.
_RELEASED_BY = (
    Column("uid", "BIGINT", "Who released it: the number of the account that logged in."),
    Column("login", "VARCHAR", "The account's name."),
    Column("released_at", "TIMESTAMP", "When, UTC."),
)
_NOT_MADE = "not made yet"
_MARK = Column("mark_key", "UUID", "HMAC of the row; a release without it releases nothing.")

RELEASE_TABLES: tuple[Table, ...] = (
    Table(
        "lift_releases",
        "Who released which words that say not protected (`trappan release`).",
        "a person's release of a source's words about a reference",
        (
            Column("reference_key", "UUID", "As in `protection_words`."),
            Column("source_key", "UUID", "As in `protection_words`."),
            Column(
                "until_at",
                "TIMESTAMP",
                "Export time of the released word, local time. After the source has said "
                "protected once more, a later word needs a release of its own.",
            ),
            *_RELEASED_BY,
            _MARK,
        ),
    ),
    Table(
        "file_releases",
        "Who released which files that would remove or blank many lessons (`trappan release`).",
        "a person's release of a file",
        (FILE, *_RELEASED_BY, _MARK),
    ),
    Table(
        "lesson_removals",
        "How many lessons files of declared senders removed or blanked that nobody released. What "
        "a sender's files remove together is held, not only what one does.",
        "a file, school unit and month",
        (
            Column("sender", "VARCHAR", "Who sent the file: its folder's name."),
            SCHOOL,
            Column("month_first_date", "DATE", "First day of the lessons' month."),
            Column("lessons", "BIGINT", "Lessons of pupils that it removed or blanked."),
            Column("removed_at", "TIMESTAMP", "When it was stored, UTC."),
            FILE,
        ),
    ),
    Table(
        "unmerged_pairs",
        "Numbers that somebody parted (`trappan unmerge`): what these files, or older words, say "
        "of the pair joins nobody any more.",
        "an old and a new number, and a file of changed numbers that had come by then",
        (
            Column("old_pupil_key", "UUID", "Key of the old number."),
            Column("new_pupil_key", "UUID", "Key of the new number."),
            FILE,
            Column(
                "until_at",
                "TIMESTAMP",
                "Export time of the newest word about the pair by then, local time. Another file's "
                "later word joins them again.",
            ),
            Column(
                "is_unfinished",
                "BOOLEAN",
                "Not all that one number's rows had superseded of the other's is back: the command "
                "was stopped.",
            ),
            Column("uid", "BIGINT", "Who parted them: the account that logged in."),
            Column("login", "VARCHAR", "The account's name."),
            Column("unmerged_at", "TIMESTAMP", "When, UTC."),
        ),
    ),
    Table(
        "follow_up_events",
        "What people recorded in the portal about pupils, without texts and without who wrote it. "
        "Replaced as a whole each night; what was taken back is not here.",
        "an event of the portal",
        (
            Column("event_number", "BIGINT", "The portal's number of it; later ones are higher."),
            replace(
                PUPIL,
                meaning="The key under which it was recorded; readers take the one that stands.",
            ),
            SCHOOL,
            Column(
                "kind",
                "VARCHAR",
                "mentor_status | principal_status | responsible | next_date, or act: somebody did "
                "something that stays in the portal (a note, consent, collaboration, the team's "
                "case).",
            ),
            Column(
                "value",
                "VARCHAR",
                "A word of `rules/follow_up/steps.yaml`, or the key of who is responsible; '' of "
                "an act.",
            ),
            Column("on_date", "DATE", "The day that it is about.", "none, or an act"),
            Column("role", "VARCHAR", "As what somebody recorded it; '' of an act."),
            Column("recorded_at", "TIMESTAMP", "When, UTC."),
        ),
    ),
    Table(
        "follow_up_readings",
        "When the portal's database was read last. A home without a portal has no row.",
        "a home with a portal",
        (
            Column("tried_at", "TIMESTAMP", "When it was tried last, UTC."),
            Column("read_at", "TIMESTAMP", "When it could be read last, UTC.", "never"),
            Column(
                "rows_read", "BIGINT", "Rows that it had then: the sum of the four that follow."
            ),
            Column("rows_brought", "BIGINT", "Those of them in `follow_up_events`."),
            Column("rows_withdrawn", "BIGINT", "Events that somebody took back."),
            Column("rows_no_acts", "BIGINT", "Rows that stop no clock, as a withdrawal itself."),
            Column("rows_refused", "BIGINT", "Rows that are not as the portal writes them."),
        ),
    ),
    Table(
        "backfilled_months",
        "Months whose sums somebody had made again (`trappan backfill`), and what each took.",
        "a backfill and month",
        (
            Column(
                "asked_at",
                "TIMESTAMP",
                "When the backfill was asked for, UTC: the same of all its months.",
            ),
            Column("month_start_date", "DATE", "First day of the month."),
            Column("lessons", "BIGINT", "Lessons of the month that it was made from.", _NOT_MADE),
            Column("seconds", "DOUBLE", "Seconds of the clock that it took.", _NOT_MADE),
            Column("made_at", "TIMESTAMP", "When it was done, UTC.", _NOT_MADE),
        ),
    ),
    Table(
        "replaced_lists",
        "The changelog of frozen weeks: lists that were published again (`trappan backfill "
        "--republish`), and where the one before is kept.",
        "a school unit, week and list that was replaced",
        (
            SCHOOL,
            Column("period", "VARCHAR", "ISO week such as 2026-W46."),
            Column("as_of_date", "DATE", "The last day that counts, of both lists."),
            Column("published_at", "TIMESTAMP", "When the list before was put in place, UTC."),
            Column("replaced_at", "TIMESTAMP", "When another one took its place, UTC."),
            Column(
                "reason",
                "VARCHAR",
                "Why, in the words of who did it; sealed nowhere, and of no pupil.",
            ),
            Column("uid", "BIGINT", "Who did it: the account that logged in."),
            Column("login", "VARCHAR", "The account's name."),
            Column("differing_pupils", "BIGINT", "Pupils of whom the two say different things."),
            Column("flagged_pupils", "BIGINT", "Pupils on the list before."),
            Column(
                "lake_snapshot", "BIGINT", "The lake's snapshot that the list before was made from."
            ),
            Column("folder", "VARCHAR", "Where the list before is kept, relative to the home."),
        ),
    ),
)

_STARTS = Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm.")
_SUBJECT = Column("subject", "VARCHAR", "Subject as exported; '' when not given.")
_REFUSED = "of a refused row, when it can't be read: any"

JOINED_TABLES: tuple[Table, ...] = (
    Table(
        "planned_lessons",
        "Lessons of timetables. Of a pupil's day at a school the newest timetable counts, whole.",
        "a pupil, school unit, start and subject",
        (
            PUPIL,
            SCHOOL,
            DATE,
            _STARTS,
            _SUBJECT,
            Column("scheduled_minutes", "SMALLINT", "The lesson's length, 1-600 minutes."),
            Column("is_cancelled", "BOOLEAN", "Cancelled lessons count nowhere."),
            CLASS,
            GRADE,
            MENTOR,
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "absence_words",
        "Rows of files that hold absences only: the newest word about each time of a pupil, and "
        "the rows that were refused, because nobody they can mean may pass for present.",
        "a pupil, school unit, start and subject; of refused rows what is known of a row",
        (
            Column(PUPIL.name, PUPIL.type, PUPIL.meaning, _REFUSED),
            Column(SCHOOL.name, SCHOOL.type, SCHOOL.meaning, _REFUSED),
            Column(DATE.name, DATE.type, DATE.meaning, _REFUSED),
            Column(_STARTS.name, _STARTS.type, _STARTS.meaning, _REFUSED),
            _SUBJECT,
            Column("scheduled_minutes", "SMALLINT", "Minutes from start to end.", _REFUSED),
            Column("valid_minutes", "SMALLINT", "Valid absence, minutes."),
            Column("invalid_minutes", "SMALLINT", "Invalid absence, minutes."),
            Column("other_minutes", "SMALLINT", "Other school activity, minutes: presence."),
            Column("is_reported", "BOOLEAN", "false: the row says that nobody reported it."),
            Column("is_refused", "BOOLEAN", "The row was refused: it says no absence."),
            CLASS,
            GRADE,
            MENTOR,
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "absence_coverage",
        "Of what files that hold absences only speak: there no row means presence.",
        "a file and school unit, or class",
        (
            SCHOOL,
            Column(CLASS.name, CLASS.type, CLASS.meaning, "the whole school unit"),
            Column("first_date", "DATE", "First day."),
            Column("last_date", "DATE", "Last day, inclusive."),
            Column("is_complete", "BOOLEAN", "What it does not say, older files say in vain."),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "joined_files",
        "Files of timetables and of absences only: their rows of `lessons` follow from both.",
        "a file",
        (FILE,),
    ),
)
