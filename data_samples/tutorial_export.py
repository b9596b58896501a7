"""The exports of docs/tutorial.md: Provstad, a made-up municipality with headers nobody has met.

One class of ten, five lessons a day: weeks 43, 45 and 46 of 2026 in the first export (week 44 is
autumn break), and the same with the Monday after in that of the next night. Nobody in it exists:
every identity number is of the test series. Not here: what is expected (the page says it, and a
test plays the page).
"""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

FOLDER = "tutorial"
SCHOOL, GROUP, GRADE = "99999921", "8C", "8"
_HEADER = (
    "Enhetskod", "Grupp", "Åk", "Elevens personnr", "Elevens förnamn", "Elevens efternamn",
    "Lektionsdag", "Klockan", "Lektionens längd", "Kurs", "Anmäld frv", "Oanmäld frv",
    "Orsak", "Sekretess",
)  # fmt: skip
_STARTS = ("08:20", "09:30", "10:40", "12:20", "13:30")
_SUBJECTS = ("MA", "SV", "EN", "NO", "SO")
_LESSON = 60
_FRIDAY, _MONDAY = dt.date(2026, 11, 13), dt.date(2026, 11, 16)


class Pupil(NamedTuple):
    """A made-up pupil, and how much is missed."""

    civic_no: str
    first_name: str
    family_name: str
    #: The latest of the first export's 75 lessons. Who missed 30 or more misses Monday too.
    missed: int = 0
    is_valid: bool = True
    is_protected: bool = False


PUPILS = (
    Pupil("20120701-9801", "Alma", "Provsten"),
    Pupil("20120702-9800", "Bo", "Testander", 2),
    Pupil("20120703-9809", "Celine", "Exempel", 31, is_valid=False),
    Pupil("20120704-9808", "Dario", "Provling"),
    Pupil("20120705-9807", "Ebba", "Testgren", 9),
    Pupil("20120706-9806", "Farid", "Exempelsson", 7, is_valid=False),
    Pupil("20120707-9805", "Greta", "Provberg", 1),
    Pupil("20120708-9804", "Hugo", "Testberg"),
    Pupil("20120709-9803", "Inez", "Exempelgren", 31, is_protected=True),
    Pupil("20120710-9800", "Jonas", "Provström", 3),
)


def school_days(last: dt.date) -> list[dt.date]:
    """Return the days with lessons up to a day, it too."""
    weeks = (dt.date(2026, 10, 19), dt.date(2026, 11, 2), dt.date(2026, 11, 9), _MONDAY)
    days = [monday + dt.timedelta(days=n) for monday in weeks for n in range(5)]
    return [day for day in days if day <= last]


def export(last: dt.date) -> bytes:
    """Return the export of the lessons up to a day, as Provstad's system would write it."""
    lines = [f"Närvarolista Provstad;utskriven {last + dt.timedelta(days=1)}", ";".join(_HEADER)]
    lines += [";".join(row) for pupil in PUPILS for row in _rows(pupil, last)]
    return ("\n".join(lines) + "\n").encode("cp1252")


def _rows(pupil: Pupil, last: dt.date) -> Iterator[tuple[str, ...]]:
    days = school_days(last)
    lessons = [(day, slot) for day in days for slot in range(len(_STARTS))]
    counted = [lesson for lesson in lessons if lesson[0] <= _FRIDAY]
    missed = set(counted[len(counted) - pupil.missed :])
    for day, slot in lessons:
        is_away = (day, slot) in missed or (day > _FRIDAY and pupil.missed >= 30)
        away = _LESSON if is_away else 0
        yield (
            SCHOOL, GROUP, GRADE, pupil.civic_no, pupil.first_name, pupil.family_name,
            day.isoformat(), _STARTS[slot], str(_LESSON), _SUBJECTS[(day.weekday() + slot) % 5],
            str(away if pupil.is_valid else 0), str(0 if pupil.is_valid else away),
            "Sjuk" if away and pupil.is_valid else "", "Ja" if pupil.is_protected else "Nej",
        )  # fmt: skip


def files() -> dict[str, bytes]:
    """Return both exports by file name: the first, and that of the night after Monday."""
    return {
        "narvaro_20261114T0300.csv": export(_FRIDAY),
        "narvaro_20261117T0300.csv": export(_MONDAY),
    }
