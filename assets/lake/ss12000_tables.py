"""The tables of SS12000 objects: the newest word about each object, joined into lessons elsewhere.

Part of the data dictionary (`tables.py`). An object's key is the MD5 of its id; a person's is an
HMAC, because an id of a person is personal data.
"""

from __future__ import annotations

from assets.lake.schema import NUMBER_OF_ROW, Column, Table

_PERSON = Column("person_key", "UUID", "A person: HMAC-SHA256 of the person's id, cut to 128 bits.")
_ORGANISATION = Column("organisation_key", "UUID", "The organisation.")
_ORGANISATION_OR_NOT = Column("organisation_key", "UUID", "The organisation.", "not given")
_GROUP = Column("group_key", "UUID", "The group.")
_EVENT = Column("event_key", "UUID", "The calendar event.")
_START = Column("start_date", "DATE", "First day.", "since always")
_END = Column("end_date", "DATE", "Last day, inclusive.", "without end")
_WORD = (
    Column("stated_at", "TIMESTAMP", "meta.modified, else the time of export; UTC."),
    Column("exported_at", "TIMESTAMP", "When the file was made, local time Europe/Stockholm."),
    Column("file_id", "BIGINT", "The file it came from: the first 63 bits of its SHA-256."),
)
_HASH = Column("content_hash", "UBIGINT", "Of all that it says, to see what changed.")

SS12000_TABLES: tuple[Table, ...] = (
    Table(
        "ss12000_organisations",
        "SS12000: school units and what stands above them.",
        "an organisation",
        (
            _ORGANISATION,
            Column("organisation_type", "VARCHAR", "Skolenhet, Skola, Huvudman …"),
            Column("school_unit_code", "VARCHAR", "Skolenhetskod, 8 digits, a text.", "has none"),
            Column("school_name", "VARCHAR", "Name.", "not given"),
            _HASH,
            *_WORD,
        ),
    ),
    Table(
        "ss12000_persons",
        "SS12000: pupils and staff, sealed.",
        "a person",
        (
            _PERSON,
            Column(
                "pupil_key", "UUID", "Pupil: HMAC of the identity number; without one, of the id."
            ),
            Column("content_key", "UUID", "HMAC of number, names and sex, see `identities`."),
            Column("sealed", "BLOB", "civic_no, given_name, family_name, sex; sealed."),
            Column("staff_key", "UUID", "HMAC of name and mail address, see `staff`."),
            Column("sealed_staff", "BLOB", "name, email; sealed."),
            _HASH,
            *_WORD,
            NUMBER_OF_ROW,
        ),
    ),
    Table(
        "ss12000_enrolments",
        "SS12000: where a person is enrolled, and when.",
        "an enrolment of a person",
        (
            _PERSON,
            _ORGANISATION,
            Column("school_type", "VARCHAR", "GR, FKLASS, GY …"),
            Column("grade", "TINYINT", "Årskurs 0-9; 0 is förskoleklass.", "none of these"),
            _START,
            Column(
                "end_date",
                "DATE",
                "Last day, inclusive; when broken off, at most the day that said so.",
                "without end",
            ),
        ),
    ),
    Table(
        "ss12000_groups",
        "SS12000: classes, mentor groups and other groups.",
        "a group",
        (
            _GROUP,
            Column("group_type", "VARCHAR", "Klass, Mentor, Undervisning …"),
            Column("class_name", "VARCHAR", "The name of a class.", "not given, or no class"),
            _ORGANISATION_OR_NOT,
            _START,
            _END,
            _HASH,
            *_WORD,
        ),
    ),
    Table(
        "ss12000_members",
        "SS12000: members of groups.",
        "a membership of a group",
        (_GROUP, _PERSON, _START, _END),
    ),
    Table(
        "ss12000_activities",
        "SS12000: which organisation gives a lesson, and in what subject.",
        "an activity",
        (
            Column("activity_key", "UUID", "The activity."),
            _ORGANISATION_OR_NOT,
            Column("subject", "VARCHAR", "Name of the syllabus, when it is expanded.", "not given"),
            _HASH,
            *_WORD,
            Column(
                "has_attendance",
                "BOOLEAN",
                "Whether its events are lessons: not those of Övrigt and Läraraktivitet.",
                "not given: they are",
            ),
        ),
    ),
    Table(
        "ss12000_duties",
        "SS12000: who serves where, and as what.",
        "a duty",
        (
            Column("duty_key", "UUID", "The duty."),
            Column("duty_role", "VARCHAR", "Rektor, Lärare …"),
            Column("person_key", "UUID", "HMAC of the person's id.", "not given"),
            _ORGANISATION_OR_NOT,
            _START,
            _END,
            _HASH,
            *_WORD,
        ),
    ),
    Table(
        "ss12000_roles",
        "SS12000: what a duty does for a group; `Mentor` is read.",
        "an assignment role of a duty",
        (
            Column("duty_key", "UUID", "The duty."),
            _GROUP,
            Column("role_type", "VARCHAR", "Mentor …"),
            _START,
            _END,
        ),
    ),
    Table(
        "ss12000_events",
        "SS12000: lessons on the calendar.",
        "a calendar event",
        (
            _EVENT,
            Column("event_id", "VARCHAR", "Its id as it came: the `lesson_id` of its lessons."),
            Column("activity_key", "UUID", "The activity."),
            Column("starts_at", "TIMESTAMP", "Start, local time Europe/Stockholm."),
            Column("scheduled_minutes", "SMALLINT", "teachingLengthStudent, else end - start."),
            Column("is_cancelled", "BOOLEAN", "Cancelled for all."),
            _HASH,
            *_WORD,
        ),
    ),
    Table(
        "ss12000_exceptions",
        "SS12000: what is different in an event for one pupil.",
        "a student exception of an event",
        (
            _EVENT,
            _PERSON,
            Column("is_participating", "BOOLEAN", "false: the lesson is cancelled for the pupil."),
            Column("starts_at", "TIMESTAMP", "Own start, local time.", "as the event"),
            Column("scheduled_minutes", "SMALLINT", "Own length, minutes.", "as the event"),
        ),
    ),
    Table(
        "ss12000_attendances",
        "SS12000: minutes of a pupil in a calendar event.",
        "an attendance",
        (
            Column("attendance_key", "UUID", "The attendance."),
            _EVENT,
            _PERSON,
            Column("valid_minutes", "SMALLINT", "Valid absence, minutes; 0 when unreported."),
            Column("invalid_minutes", "SMALLINT", "Invalid absence, minutes; 0 when unreported."),
            Column("other_minutes", "SMALLINT", "Other school activity, minutes: presence."),
            Column("is_reported", "BOOLEAN", "Whether somebody reported the lesson."),
            *_WORD,
            Column("present_minutes", "SMALLINT", "attendanceMinutes; only compared.", "not given"),
            Column(
                "has_absence",
                "BOOLEAN",
                "Whether any minutes but present ones were given; else present ones that are fewer "
                "than the lesson's leave it unreported.",
                "not known: they were",
            ),
        ),
    ),
    Table(
        "ss12000_deletions",
        "SS12000: which objects were taken away at the source, and when that was last said.",
        "an object of a resource",
        (
            Column("resource_name", "VARCHAR", "persons, attendances, calendarEvents …"),
            Column("object_key", "UUID", "The object: of a person the person's key."),
            Column("stated_at", "TIMESTAMP", "The time of export, UTC: the standard gives none."),
            *_WORD[1:],
        ),
    ),
)
