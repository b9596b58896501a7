"""What the problem codes of SS12000 objects say to a person; the columns are the sender's fields.

Not here: when a code applies (`sql/exports/staged_*.sql`).
"""

from __future__ import annotations

_ID = "the id of the object it belongs to"
_MOMENT = "a time with its offset, such as 2026-10-05T08:20:00+02:00"
_DATE = "a date such as 2026-10-05, or nothing"
_MINUTES = "whole minutes, 0 or more"

#: Resources by which an object can be of another kind than its file; `none` is one not read here.
_RESOURCES = (
    "organisations",
    "persons",
    "groups",
    "activities",
    "duties",
    "calendarEvents",
    "attendances",
    "aggregatedAttendance",
)
EXPECTED = {
    "object": "an object with the fields of the file's resource",
    "id": "the object's id",
    "meta": f"in modified {_MOMENT}",
    "schoolUnitCode": "skolenhetskod, 8 digits, or nothing",
    "civicNo": "an identity number with 12 digits, or a TF number",
    "enrolments": "a list with enroledAt, schoolType and startDate in each",
    "emails": "a list of objects",
    "groupType": "Klass, Mentor or another type of group",
    "members": "in groupMemberships a person and dates in each",
    "roles": "in assignmentRole a group, a type and dates in each",
    "startDate": _DATE,
    "endDate": _DATE,
    "activity": _ID,
    "calendarEvent": _ID,
    "student": _ID,
    "startTime": _MOMENT,
    "endTime": _MOMENT,
    "teachingLengthStudent": "1 to 600 whole minutes, or startTime and endTime that give them",
    "exceptions": "in studentExceptions a student, participates, sound times and lengths in each",
    "isReported": "true or false",
    "attendanceMinutes": _MINUTES,
    "validAbsenceMinutes": _MINUTES,
    "invalidAbsenceMinutes": _MINUTES,
    "otherAttendanceMinutes": _MINUTES,
}
SPECIAL = {
    "object.unreadable": "this is no object",
    "object.of_none": "an object of another resource, which is not read here",
    **{
        f"object.of_{name}": f"an object of {name} in a file of another resource; it was not read"
        for name in _RESOURCES
    },
    "object.repeated": "the same object stands earlier in the file",
    "object.outdated": "a newer word about the same object stands in the file",
    "object.contradicts": "another object of the file says something else of the same id",
    "id.missing": "it is missing",
    "civicNo.unreadable": "no number that can be read; the person is known by the id only",
    "enrolments.unreadable": "one or more can't be read, and were left out",
    "emails.unreadable": "they can't be read, and were left out",
    "members.unreadable": "one or more can't be read, and were left out",
    "roles.unreadable": "one or more can't be read, and were left out",
    "exceptions.contradict": (
        "two or more of one pupil say different things; the one that keeps the lesson counts, of "
        "several the longest"
    ),
    "exceptions.unreadable": "one or more can't be read, so nobody knows whose lesson it is",
    "teachingLengthStudent.out_of_range": "the lesson's length is below 1 or above 600 minutes",
    "isReported.without_minutes": "reported, but without any minutes; taken as not reported",
    "isReported.no_but_minutes": "not reported, but with minutes; taken as not reported",
    "validAbsenceMinutes.above_length": (
        "absence and other activity add up to more than the lesson; no lesson is made of it"
    ),
    "cancelled.not_boolean": "it can't be read",
    "attendanceMinutes.without_absence": (
        "reported present for less than the lesson, without a word of absence; taken as not "
        "reported"
    ),
    "attendanceMinutes.sum_differs": (
        "present and absent minutes do not add up to the lesson's length; absence counts as stated"
    ),
}
EXPECTED_OF_CODE = {"cancelled.not_boolean": "true or false"}
#: An object is mended where it comes from.
FIX = dict.fromkeys(EXPECTED, "correct it in the school system; it comes with the next export") | {
    "object": "send the objects of each resource in a file of their own"
}
#: What is wrong, in Swedish, by the kind of the code; the fields keep the names of the standard.
SWEDISH = {
    "missing": "uppgiften saknas",
    "unreadable": "uppgiften går inte att läsa",
    "of_none": "ett objekt av ett annat slag som inte läses här",
    **{f"of_{name}": f"ett objekt ur {name} i en fil av annat slag" for name in _RESOURCES},
    "contradict": (
        "två undantag för samma elev säger olika saker; det som behåller lektionen gäller"
    ),
    "negative": "minuterna är negativa",
    "repeated": "samma objekt står tidigare i filen",
    "outdated": "ett nyare ord om samma objekt står i filen",
    "contradicts": "ett annat objekt i filen säger något annat om samma sak",
    "out_of_range": "lektionens längd är under 1 eller över 600 minuter",
    "without_minutes": "rapporterad, men utan minuter; räknas som inte rapporterad",
    "no_but_minutes": "inte rapporterad, men med minuter; räknas som inte rapporterad",
    "above_length": "frånvaron och annat skoluppdrag är tillsammans längre än lektionen",
    "without_absence": (
        "närvaron är kortare än lektionen och inget är sagt om frånvaro; räknas som inte "
        "rapporterad"
    ),
    "sum_differs": (
        "närvaro och frånvaro är tillsammans inte lika långa som lektionen; frånvaron räknas som "
        "den står"
    ),
    "not_boolean": "uppgiften är varken true eller false",
    "not_believed": (
        "dagen ligger mer än tio läsår före filens export eller mer än 366 dagar efter den"
    ),
}
SWEDISH_FIX = "Rätta uppgiften i skolsystemet. Den kommer med nästa export."
