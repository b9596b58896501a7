"""The tables of what senders without the right to move pupils said, and when the lake had it.

Empty in a home without `senders.yaml`. Part of the data dictionary (`tables.py`).
"""

from __future__ import annotations

from assets.lake.schema import EXPORTED, FILE, PUPIL, SCHOOL, Column, Table

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
        ),
    ),
)
