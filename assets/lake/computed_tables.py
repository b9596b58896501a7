"""The tables of what is computed: which lessons count, sums, flags, norms, publications.

Part of the data dictionary (`tables.py`).
"""

from __future__ import annotations

from dataclasses import replace

from assets.lake.schema import (
    CLASS,
    DATE,
    DAYS,
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

_VERDICT = (
    Column("rule", "VARCHAR", "mentor_followup | ulf_one_month | ulf_two_months | sst_…"),
    Column("basis", "VARCHAR", "calendar | rolling"),
    Column("verdict", "VARCHAR", "hit | insufficient"),
    Column("certainty", "VARCHAR", "certain | likely", "not a hit"),
)

_NOT_COUNTED = "noted by a version that did not count, and the list is gone"

_NO_PORTAL = "the portal was not read, or an older version noted it"

_FOUND: tuple[Table, ...] = (
    Table(
        "absence_daily",
        "Minutes per pupil, school unit and day, with the place of the day's last lesson there.",
        "a pupil, school unit and date with at least one lesson that counts",
        (
            PUPIL,
            SCHOOL,
            DATE,
            *SUMS,
            Column("lessons", "BIGINT", "Lessons that count."),
            Column("reported_lessons", "BIGINT", "Those of them that were reported."),
            Column("last_starts_at", "TIMESTAMP", "Start of the day's last lesson there."),
            Column("last_exported_at", "TIMESTAMP", "When that lesson's row was exported."),
            Column("last_subject", "VARCHAR", "That lesson's subject."),
            CLASS,
            GRADE,
            MENTOR,
            Column(
                "has_overlap",
                "BOOLEAN",
                "Whether lessons that count overlap in time there.",
                "summed by a version that did not look",
            ),
        ),
        partitioned_by="year(lesson_date), month(lesson_date)",
    ),
    Table(
        "absence_monthly",
        "Minutes per pupil and calendar month, over all schools of the pupil.",
        "a pupil and month with at least one lesson that counts",
        (
            PUPIL,
            Column("month_start_date", "DATE", "First day of the month."),
            *SUMS,
            DAYS,
        ),
        partitioned_by="year(month_start_date)",
    ),
    Table(
        "absence_rolling",
        "Minutes per pupil over the rolling windows ending at the newest as_of.",
        "a pupil and window part",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            PUPIL,
            Column("window_part", "VARCHAR", "one_month | two_months_first_half | …_second_half"),
            Column("window_start", "DATE", "First day of the part."),
            Column("window_end", "DATE", "Last day of the part."),
            *SUMS,
            DAYS,
        ),
    ),
    Table(
        "flags",
        "Verdicts other than clear, as last evaluated for each as_of.",
        "an as_of, pupil, rule and basis",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            PUPIL,
            *_VERDICT,
            Column(
                "reason",
                "VARCHAR",
                "Why insufficient: no_lessons | only_monthly_sums | too_few_days | unreported | "
                "unknown_grade | unknown_ulf",
                "not insufficient",
            ),
            Column("level", "TINYINT", "The pupil's level: 0 none, 1 mentor, 2 ulf, 3 sst."),
            SCHOOL,
            CLASS,
            GRADE,
            MENTOR,
            Column("is_protected", "BOOLEAN", "Protected by any source; never shown."),
            Column("window_start", "DATE", "First day of the window."),
            Column("window_end", "DATE", "Last day of the window."),
            *SUMS,
            DAYS,
            Column(
                "margin_minutes",
                "DECIMAL(18, 4)",
                "Absence minutes over (+) or under (-) the step: A - threshold * R.",
            ),
            Column("rule_set", "VARCHAR", "Name of the rule set."),
            Column("rule_set_version", "VARCHAR", "Hash of the values in force at as_of."),
            NUMBER_OF_ROW,
        ),
    ),
    Table(
        "forecasts",
        "Pupils under a step whose estimated probability of passing it is worth a look, as last "
        "estimated for each as_of. No flags.",
        "an as_of, pupil, step and horizon",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            PUPIL,
            Column("threshold_bp", "BIGINT", "The step, hundredths of a percent."),
            Column("is_strict", "BOOLEAN", "Over the step; else at the step is enough."),
            Column("horizon", "VARCHAR", "month_end | four_weeks"),
            Column("target_first_date", "DATE", "First day of the window that is foretold."),
            Column("target_last_date", "DATE", "Last day of the window that is foretold."),
            Column("probability", "DOUBLE", "That the window's rate reaches the step, 0 to 1."),
        ),
    ),
    Table(
        "forecast_skill",
        "How estimates did on the lake's newest history, for each as_of: decides what is shown.",
        "an as_of, step and horizon",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            Column("threshold_bp", "BIGINT", "The step, hundredths of a percent."),
            Column("is_strict", "BOOLEAN", "Over the step; else at the step is enough."),
            Column("horizon", "VARCHAR", "month_end | four_weeks"),
            Column("origins", "BIGINT", "Past days from which forecasts were made and scored."),
            Column("forecasts", "BIGINT", "Forecasts that were scored."),
            Column("brier", "DOUBLE", "Brier score of the model; 0 is perfect."),
            Column("brier_rate_so_far", "DOUBLE", "Of: passes when the rate so far is over."),
            Column("brier_base_rate", "DOUBLE", "Of: as often as in history, for everybody."),
            Column("brier_fitted_rate", "DOUBLE", "Of: a regression on the rate so far alone."),
            Column("skill", "DOUBLE", "Share of the best of these three scores that is saved."),
            Column("skill_low", "DOUBLE", "Lower end of its 95 % interval."),
            Column("skill_high", "DOUBLE", "Upper end of its 95 % interval."),
            Column(
                "is_shown",
                "BOOLEAN",
                "Better than each of the three, beyond noise, over targets of three months.",
            ),
        ),
    ),
    Table(
        "school_contracts",
        "Days on which a school's data was unlike its own norm, as last looked at for each as_of.",
        "an as_of, school unit, date and clause",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            SCHOOL,
            DATE,
            Column(
                "clause",
                "VARCHAR",
                "fewer_rows | class_vanished | unreported | all_absent | all_present | doubled | "
                "many_refused",
            ),
            Column("severity", "VARCHAR", "hold: the school's list waits | tell: its list says so"),
            Column("found", "VARCHAR", "The share that was found, or the names of classes."),
        ),
    ),
    Table(
        "school_silences",
        "Schools that sent nothing when they should, as last looked at for each as_of.",
        "an as_of and school unit",
        (
            Column("as_of_date", "DATE", "The last day that counts."),
            SCHOOL,
            Column("kind", "VARCHAR", "Of what there is nothing new: lessons | sums | never."),
            Column("newest_date", "DATE", "Newest date that something was sent of.", "never"),
            Column("missing_days", "BIGINT", "School days since without a word; months of sums."),
            Column("confirmed_days", "BIGINT", "Those that other schools have lessons of."),
            Column("is_held", "BOOLEAN", "Whether the school's list waits."),
        ),
    ),
    Table(
        "releases",
        "Nights and weeks whose lists were made: which the newest is, and which weeks are missing.",
        "a period and as_of",
        (
            Column("period", "VARCHAR", "ISO week such as 2026-W46, or `current`."),
            Column("as_of_date", "DATE", "The last day that counts."),
            Column("made_at", "TIMESTAMP", "When they were last put in place, UTC."),
            Column("lists_published", "BIGINT", "Lists that were put in place, or stood frozen."),
            Column("lists_held", "BIGINT", "Lists that wait."),
        ),
    ),
    Table(
        "publications",
        "Lists that were published.",
        "a school unit, period and publication",
        (
            SCHOOL,
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
            Column("pupils_evaluated", "BIGINT", "Pupils who were looked at.", _NOT_COUNTED),
            Column("mentor_pupils", "BIGINT", "Of them, for a mentor.", _NOT_COUNTED),
            Column("ulf_pupils", "BIGINT", "Of them, for an investigation.", _NOT_COUNTED),
            Column("sst_pupils", "BIGINT", "Of them, for the social team.", _NOT_COUNTED),
            Column("overdue_pupils", "BIGINT", "On the list without an act in time.", _NO_PORTAL),
            Column("unmoved_pupils", "BIGINT", "Of them, none since the list before.", _NO_PORTAL),
        ),
    ),
    Table(
        "listed_pupils",
        "Who stood on a week's frozen list, who was gone since the one before, and who could "
        "not be assessed. Protected pupils are on no list and not here.",
        "a school unit, week and pupil",
        (
            SCHOOL,
            Column("period", "VARCHAR", "ISO week such as 2026-W46."),
            Column("as_of_date", "DATE", "The last day that counts."),
            PUPIL,
            Column("level", "TINYINT", "1 mentor, 2 ulf, 3 sst; 0 when not on the list."),
            Column(
                "state", "VARCHAR", "new | escalated | continuing | lowered | cleared | unassessed"
            ),
            Column(
                "reason",
                "VARCHAR",
                "Why: improved | corrected | left | insufficient | late_data | other_values",
                "nothing to say",
            ),
            Column("previous_level", "TINYINT", "Level on the list before.", "was on none"),
            Column(
                "first_week_date", "DATE", "Sunday of the first week on a list this school year."
            ),
            Column("weeks_on_list", "SMALLINT", "Weekly lists of this school year, this one too."),
            Column("highest_level", "TINYINT", "Highest level of this school year, this list too."),
            CLASS,
            GRADE,
            MENTOR,
            NUMBER_OF_ROW,
        ),
    ),
    Table(
        "listed_verdicts",
        "The verdicts behind the pupils of a week's frozen list, as they were published.",
        "a school unit, week, pupil, rule and basis",
        (
            SCHOOL,
            Column("period", "VARCHAR", "ISO week such as 2026-W46."),
            Column("as_of_date", "DATE", "The last day that counts."),
            PUPIL,
            *_VERDICT,
            Column("reason", "VARCHAR", "Why insufficient, as in `flags`.", "not insufficient"),
            Column("window_start", "DATE", "First day of the window."),
            Column("window_end", "DATE", "Last day of the window."),
            *SUMS,
            DAYS,
            Column("margin_minutes", "DECIMAL(18, 4)", "As in `flags`."),
            NUMBER_OF_ROW,
        ),
    ),
)
#: What follows a pupil whose numbers are joined: what was found and published before.
FOLLOWING = ("flags", "listed_pupils", "listed_verdicts")


def _superseded(table: Table) -> Table:
    """Return the table of the rows that one of two joined numbers lost to the other."""
    return Table(
        f"superseded_{table.name}",
        f"Rows of `{table.name}` of a number that was joined with another, whose rows weigh more "
        "there. They come back when the numbers are parted.",
        table.grain.replace("pupil", "number"),
        tuple(
            replace(column, meaning="The number that it was found under.")
            if column is PUPIL
            else column
            for column in table.columns
            if column is not NUMBER_OF_ROW
        ),
    )


RESULT_TABLES = (
    *_FOUND,
    *(_superseded(table) for table in _FOUND if table.name in FOLLOWING),
)


# The tables that say which lessons count, beside `lessons` itself. `lessons` keeps the newest word
# about each lesson, whatever its worth. Which of them count is decided with the sums, from all
# rows kept on a date (`docs/rules-lessons.md`), and written into
# `uncounted_lessons`. Whoever wants to know what counts reads the temporary view
# `counting_lessons` (`sql/absence/counting_lessons.sql`), which every connection has: the lessons
# that are not cancelled and not in `uncounted_lessons`, and, as unreported, those of which one
# file said two things (`contradicted_lessons`) and nobody anything sound. Part of the data
# dictionary (`tables.py`).

_START = Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm.")
_SUBJECT = Column("subject", "VARCHAR", "Subject as exported; '' when not given.")
_ID = Column("lesson_id", "VARCHAR", "The sender's lesson id.", "not given")
_NOTHING_BESIDE = "disputed, after_leaving, or no lesson that counts has its time"

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
            Column(
                "scheduled_minutes", "SMALLINT", "The longest length that was reported, minutes."
            ),
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
            Column("reason", "VARCHAR", "superseded | disputed | after_leaving | set_aside"),
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


# What senders without the right to move pupils said, and when the lake had it: by this it is
# decided which records, lessons and sums wait. Empty in a home without `senders.yaml`.

SENDER_TABLES: tuple[Table, ...] = (
    Table(
        "disputable_files",
        "Files of senders that may not move pupils (`move_pupils` in senders.yaml): their rosters "
        "can be disputed, and with them their lessons and sums.",
        "a file",
        (
            FILE,
            Column("sender", "VARCHAR", "Who sent it: its folder's name."),
            Column(
                "taken_at",
                "TIMESTAMP",
                "When the run began that last took it, UTC: of all files of a run the same. It is "
                "kept when the file is read again.",
            ),
        ),
    ),
    Table(
        "moving_records",
        "What senders with `move_pupils` last said of each roster record, also where a newer word "
        "of another sender stands in `enrolments`.",
        "a pupil, school unit and start date",
        (
            PUPIL,
            SCHOOL,
            Column("start_date", "DATE", "As in `enrolments`.", "since always"),
            Column("end_date", "DATE", "As in `enrolments`.", "still there"),
            EXPORTED,
            FILE,
        ),
    ),
    Table(
        "enrolment_claims",
        "Since when the lake knows of which days of a roster record that a sender without "
        "`move_pupils` says: what is disputed is decided by this, never by a date in a file.",
        "a record of such a sender and a last day",
        (
            PUPIL,
            SCHOOL,
            Column("start_date", "DATE", "As in `enrolments`.", "since always"),
            Column(
                "until_date",
                "DATE",
                "Last day that the file said it of, after those of rows with an earlier one; "
                "2999-12-31: still there.",
            ),
            Column(
                "sender", "VARCHAR", "Who first said so.", "it was said before there were senders"
            ),
            Column(
                "taken_at",
                "TIMESTAMP",
                "When the run began that brought the word, UTC.",
                "it was said before there were senders",
            ),
            NUMBER_OF_ROW,
        ),
    ),
)
