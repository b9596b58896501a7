"""Columns that many tables share; a quantity has one name and one meaning everywhere."""

from __future__ import annotations

from assets.table_model import Column

PUPIL = Column("pupil_key", "UUID", "Pupil: HMAC-SHA256 of the identity number, cut to 128 bits.")
SCHOOL = Column("school_unit_code", "VARCHAR", "Skolenhetskod, 8 digits, a text.")
FILE = Column("file_id", "BIGINT", "The file it came from: the first 63 bits of its SHA-256.")
EXPORTED = Column(
    "exported_at", "TIMESTAMP", "When the sender made the file, local time Europe/Stockholm."
)
CLASS = Column("class_name", "VARCHAR", "Class, e.g. 8A.", "not given")
GRADE = Column("grade", "TINYINT", "Årskurs 0-9; 0 is förskoleklass.", "not given or unreadable")
MENTOR = Column("mentor_key", "UUID", "The mentor, see `staff`.", "not given")
DATE = Column("lesson_date", "DATE", "The date on which the lesson starts.")
SUMS = (
    Column("scheduled_minutes", "BIGINT", "S: minutes of the lessons that count."),
    Column("reported_minutes", "BIGINT", "R: the part of S whose lesson was reported."),
    Column("valid_minutes", "BIGINT", "V: minutes of valid absence in reported lessons."),
    Column("invalid_minutes", "BIGINT", "I: minutes of invalid absence in reported lessons."),
)
DAYS = Column("days", "BIGINT", "Dates with at least one reported lesson.")
