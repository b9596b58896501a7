"""A third school, whose system sends SS12000 files: ten pupils of one class, two lessons a day.

Lessons are 90 minutes, 180 a day. README.md says what is planted. The expectations
are made from the same plan (`attended`), not from the files.
"""

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from data_samples.planted_pupils import BLOCKS

EAST = "99999903"
SCHOOL_NAME, DISTRICT = "Exempelskolan Ö", "Skärholmen"
CLASS, GRADE, MENTOR, PRINCIPAL = "6C", 6, "Ola Sund", "Rut Ek"
FIRST_DAY = dt.date(2026, 9, 1)
MASTER_STAMP, CORRECTION_STAMP = "20261114T0430", "20261110T0600"
MONTH_STAMPS = {9: "20261001T0600", 10: "20261101T0600", 11: "20261114T0600"}
LESSON_MINUTES = 90
STARTS = ("08:30", "10:30")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
_NAMES = uuid.UUID("99999903-0000-4000-8000-000000000000")


@dataclasses.dataclass(frozen=True)
class Ss12000Pupil:
    """A pupil of 6C.

    Attributes:
        civic_no: 12 digits.
        given: Given name.
        family: Family name.
        absent: Minutes away per block; invalid.
        corrected: Minutes of them that a later word takes back, from the first of block D on.
        unreported: Blocks in which nobody reported the lessons.
        marking: `securityMarking` in the group's reference; the person object says `Ingen`.
    """

    civic_no: str
    given: str
    family: str
    absent: dict[str, int] = dataclasses.field(default_factory=dict)
    corrected: int = 0
    unreported: tuple[str, ...] = ()
    marking: str = "Ingen"


_HIGH = {"B": 540, "C": 360, "D": 540, "E": 360, "F": 540}

PUPILS = (
    Ss12000Pupil("201401059900", "Alva", "Sandström", {"D": 216, "E": 90, "F": 180}),
    Ss12000Pupil("201402149916", "Zakaria", "Osman", {"D": 217, "E": 90, "F": 181}),
    Ss12000Pupil("201403229923", "Tage", "Hemligsson", _HIGH, marking="Skyddad folkbokföring"),
    Ss12000Pupil("201404179937", "Lykke", "Åberg", _HIGH),
    Ss12000Pupil("201405099944", "Nadia", "Popescu", {"D": 400}, corrected=180),
    Ss12000Pupil("201406239952", "Folke", "Wiklund", unreported=("D",)),
    Ss12000Pupil("201407119963", "Juni", "Öst"),
    Ss12000Pupil("201408269973", "Malik", "Diallo"),
    Ss12000Pupil("201410029985", "Ingrid", "Sjö"),
    Ss12000Pupil("201411189994", "Teodor", "Ask"),
)


@dataclasses.dataclass(frozen=True)
class Attended:
    """One pupil in one lesson, as one export says it."""

    pupil: Ss12000Pupil
    start: dt.datetime
    invalid: int
    is_reported: bool
    stamp: str


def id_of(*words: str) -> str:
    """The id of an object, the same every time."""
    return str(uuid.uuid5(_NAMES, " ".join(words)))


def _block(day: dt.date) -> str:
    return next(b for b in "BCDEF" if BLOCKS[b][0] <= day <= BLOCKS[b][1])


def attended(days: list[dt.date]) -> Iterator[Attended]:
    """Every word about every lesson, the corrections last."""
    corrections: list[Attended] = []
    for pupil in PUPILS:
        left, taken_back = dict(pupil.absent), pupil.corrected
        for day in (day for day in days if day >= FIRST_DAY):
            for clock in STARTS:
                block = _block(day)
                away = min(left.get(block, 0), LESSON_MINUTES)
                left[block] = left.get(block, 0) - away
                start = dt.datetime.fromisoformat(f"{day}T{clock}")
                is_reported = block not in pupil.unreported
                word = Attended(pupil, start, away, is_reported, MONTH_STAMPS[day.month])
                yield word
                if block == "D" and away and taken_back:
                    back = min(away, taken_back)
                    taken_back -= back
                    corrections.append(
                        dataclasses.replace(word, invalid=away - back, stamp=CORRECTION_STAMP)
                    )
        if any(left.values()):
            raise ValueError(f"{pupil.civic_no}: no lessons left for {left}")
    yield from corrections


def files(days: list[dt.date]) -> dict[str, list[dict[str, object]]]:
    """File name → objects."""
    made = {f"ss12000_{name}_{EAST}_{MASTER_STAMP}.json": found for name, found in _masters()}
    starts = sorted({word.start for word in attended(days)})
    events = [_event(start) for start in starts]
    made[f"ss12000_calendarEvents_{EAST}_{MASTER_STAMP}.json"] = events
    for word in attended(days):
        name = f"ss12000_attendances_{EAST}_{word.stamp}.json"
        made.setdefault(name, []).append(_attendance(word))
    return made


def content(objects: list[dict[str, object]]) -> bytes:
    """A response of the API, an object a line so that differences can be read."""
    lines = ",\n".join(
        json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in objects
    )
    return f'{{"data":[\n{lines}\n],"pageToken":null}}\n'.encode()


def _meta(modified: str) -> dict[str, str]:
    return {"created": "2026-08-20T06:00:00Z", "modified": modified}


def _masters() -> Iterator[tuple[str, list[dict[str, object]]]]:
    meta = _meta("2026-08-20T06:00:00Z")
    unit, group, activity = id_of("unit"), id_of("group"), id_of("activity")
    yield "organisations", [
        {
            "id": unit, "meta": meta, "displayName": SCHOOL_NAME, "organisationType": "Skolenhet",
            "schoolUnitCode": EAST, "schoolTypes": ["GR"],
        }
    ]  # fmt: skip
    yield "persons", [_person(pupil) for pupil in PUPILS] + [_staff(MENTOR), _staff(PRINCIPAL)]
    members = [
        {
            "person": {"id": id_of(p.civic_no), "securityMarking": p.marking},
            "startDate": f"{FIRST_DAY}",
        }
        for p in PUPILS
    ]
    yield "groups", [
        {
            "id": group, "meta": meta, "displayName": CLASS, "groupType": "Klass",
            "organisation": {"id": unit}, "startDate": f"{FIRST_DAY}", "groupMemberships": members,
        }
    ]  # fmt: skip
    yield "activities", [
        {
            "id": activity, "meta": meta, "displayName": "MA 6C", "calendarEventsRequired": True,
            "activityType": "Undervisning", "startDate": f"{FIRST_DAY}", "groups": [{"id": group}],
            "organisation": {"id": unit},
            "syllabus": {"id": id_of("syllabus"), "displayName": "Matematik"},
        }
    ]  # fmt: skip
    yield "duties", [
        {
            "id": id_of("duty", name), "meta": meta, "person": {"id": id_of(name)},
            "dutyAt": {"id": unit}, "dutyRole": role, "startDate": "2024-08-01",
            "assignmentRole": [
                {"group": {"id": group}, "assignmentRoleType": "Mentor"}
            ] if name == MENTOR else [],
        }
        for name, role in ((MENTOR, "Lärare"), (PRINCIPAL, "Rektor"))
    ]  # fmt: skip


def _person(pupil: Ss12000Pupil) -> dict[str, object]:
    return {
        "id": id_of(pupil.civic_no),
        "meta": _meta("2026-08-20T06:00:00Z"),
        "givenName": pupil.given,
        "familyName": pupil.family,
        "civicNo": {"value": pupil.civic_no, "nationality": "SE"},
        "sex": "Man" if int(pupil.civic_no[10]) % 2 else "Kvinna",
        "securityMarking": "Ingen",
        "personStatus": "Aktiv",
        "enrolments": [
            {
                "enroledAt": {"id": id_of("unit")},
                "schoolYear": GRADE,
                "schoolType": "GR",
                "startDate": f"{FIRST_DAY}",
            }
        ],
    }


def _staff(name: str) -> dict[str, object]:
    given, family = name.split()
    email = f"{given}.{family}@{EAST}.skola.example".lower()
    return {
        "id": id_of(name),
        "meta": _meta("2026-08-20T06:00:00Z"),
        "givenName": given,
        "familyName": family,
        "emails": [{"value": email, "type": "Skola personal"}],
    }


def _event(start: dt.datetime) -> dict[str, object]:
    # Half of the senders write local time with its offset, half UTC: here both.
    local = start.replace(tzinfo=STOCKHOLM)
    end = local + dt.timedelta(minutes=LESSON_MINUTES)
    return {
        "id": id_of("event", start.isoformat()),
        "meta": _meta("2026-08-20T06:00:00Z"),
        "activity": {"id": id_of("activity")},
        "startTime": local.isoformat(),
        "endTime": end.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
    }


def _attendance(word: Attended) -> dict[str, object]:
    start = word.start.isoformat()
    said_at = word.start + dt.timedelta(hours=4)
    if word.stamp == CORRECTION_STAMP:
        said_at = dt.datetime(2026, 11, 9, 14, 0)  # noqa: DTZ001 - made local below
    modified = said_at.replace(tzinfo=STOCKHOLM).isoformat()
    return {
        "id": id_of("attendance", start, word.pupil.civic_no),
        "meta": {"created": modified, "modified": modified},
        "calendarEvent": {"id": id_of("event", start)},
        "student": {"id": id_of(word.pupil.civic_no)},
        "isReported": word.is_reported,
        "validAbsenceMinutes": 0,
        "invalidAbsenceMinutes": word.invalid,
    }
