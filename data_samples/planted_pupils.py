"""The planted pupils as data: who they are, and how many minutes they are away in which block.

The blocks cut the autumn at every border of the windows of as_of 2026-11-15, so that a window is a
sum of blocks and every case can be checked in the head (README.md). A planted class has five
lessons of 60 minutes a day: 300 minutes.
"""

import dataclasses
import datetime as dt

NORTH, SOUTH = "99999901", "99999902"


def _day(month: int, day: int) -> dt.date:
    return dt.date(2026, month, day)


# Days of school: B 12, C 10, D 12 (D1 7 + D2 5), E 5, week 44 closed, F 10 (F1 6 + F2 4).
BLOCKS: dict[str, tuple[dt.date, dt.date]] = {
    "B": (_day(9, 1), _day(9, 16)),
    "C": (_day(9, 17), _day(9, 30)),
    "D": (_day(10, 1), _day(10, 16)),
    "D1": (_day(10, 1), _day(10, 9)),
    "D2": (_day(10, 12), _day(10, 16)),
    "E": (_day(10, 19), _day(10, 23)),
    "F": (_day(11, 2), _day(11, 13)),
    "F2": (_day(11, 10), _day(11, 13)),
}

FIRST_DAY, LAST_DAY = _day(8, 17), _day(11, 13)

MENTORS = {
    (NORTH, "7B"): "Göran Ström",
    (NORTH, "8B"): "Åke Öberg",
    (NORTH, "9B"): "Ylva Dahl",
    (SOUTH, "3B"): "Märta Ek",
    (SOUTH, "4B"): "Amina Warsame",
    (SOUTH, "5B"): "Sören Ågren",
    (SOUTH, "6B"): "José Lind",
    (SOUTH, "7C"): "Zoë Nowak",
}

# A class whose lessons were cancelled on a date.
CANCELLED = {(SOUTH, "4B"): {_day(10, 2)}}

# Lessons that nobody reported for the class: the slots of a date. "Nej" in the file.
UNREPORTED: dict[tuple[str, str], dict[dt.date, range]] = {
    (SOUTH, "6B"): {_day(10, d): range(5) for d in (5, 6, 7)},
    (NORTH, "9B"): {_day(10, 1) + dt.timedelta(days=n): range(5) for n in range(46)},
}
# The same, but the file says "Ja" and leaves all minutes empty.
EMPTY_MINUTES = {(SOUTH, "6B"): {_day(10, d): range(1) for d in (19, 20, 21, 22)}}


@dataclasses.dataclass(frozen=True)
class Planted:
    """A planted pupil.

    Attributes:
        civic_no: As in the files.
        first_name: Given name.
        family_name: Family name.
        school: School unit code at the start.
        school_class: Class at the start.
        grade: Cell of `Årskurs`, "" when the school does not say.
        absent: Minutes of absence per block, placed from its first reported lesson on.
        is_valid: Valid absence, else invalid.
        activity: Minutes of other school activity per block, placed after the absence.
        absent_when_cancelled: Valid minutes that the system wrote on each cancelled lesson.
        first_day: First lesson.
        last_day: Last lesson.
        roster_end: `Slutdatum`.
        marking: `Skyddad identitet` in lessons.
        roster_marking: `Skyddad identitet` in the roster.
        moves_to: First day, school and class of the second school.
        parallel: Subjects that stand on the timetable at the hour of another one that the pupil
            attends instead: in the first the pupil is marked absent, in the second present.
    """

    civic_no: str
    first_name: str
    family_name: str
    school: str
    school_class: str
    grade: str
    absent: dict[str, int]
    is_valid: bool = False
    activity: dict[str, int] = dataclasses.field(default_factory=dict)
    absent_when_cancelled: int = 0
    first_day: dt.date = FIRST_DAY
    last_day: dt.date = LAST_DAY
    roster_end: dt.date | None = None
    marking: str = "Ingen"
    roster_marking: str = "Ingen"
    moves_to: tuple[dt.date, str, str] | None = None
    parallel: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def sex(self) -> str:
        """From the serial: odd is `Man`; a TF number has no sex."""
        if "T" in self.civic_no:
            return "Okänt"
        return "Man" if int(self.civic_no[11]) % 2 else "Kvinna"


_HIGH = {"B": 900, "C": 600, "D": 900, "E": 600, "F": 900}
_LONG_FIRST = "-".join(["Anna", "Karin", "Maria", "Elisabeth", "Margareta", "Birgitta"] * 4)
_LONG_FAMILY = " ".join(["von", "Östersund-Ångström", "af", "Ödeshög-Åtvidaberg"] * 3)

PLANTED: tuple[Planted, ...] = (
    # 8B: the thresholds, exactly, one minute over and one minute under.
    Planted("20120314-9800", "Åsa", "Öberg", NORTH, "8B", "8", {"D": 300, "E": 210, "F": 240}),
    Planted("20120314-9818", "Elias", "Åkesson", NORTH, "8B", "8", {"D": 301, "E": 210, "F": 241}),
    Planted("20120421-9842", "Saga", "Lundin", NORTH, "8B", "8", {"D": 299, "E": 210, "F": 239}),
    Planted(
        "20120505-9858", "Omar", "Haddad", NORTH, "8B", "8",
        {"B": 720, "C": 600, "D": 720, "E": 300, "F": 600},
    ),
    Planted(
        "20120630-9864", "Freja", "Norén", NORTH, "8B", "8",
        {"B": 719, "C": 601, "D": 719, "E": 300, "F": 599}, is_valid=True,
    ),
    Planted(
        "20120902-9873", "Björn", "Sjöberg", NORTH, "8B", "8",
        {"B": 721, "C": 599, "D": 721, "E": 300, "F": 601},
    ),
    Planted("20121128-9887", "Leyla", "Kaya", NORTH, "8B", "8", {"D": 1140, "E": 900, "F": 900}),
    Planted("20120117-9825", "Tuva", "Wallin", NORTH, "8B", "8", {"D": 1139, "E": 900, "F": 899}),
    Planted("20120209-9832", "Ivan", "Petrovic", NORTH, "8B", "8", {"D": 1141, "E": 900, "F": 901}),
    # 8B too: over a step in the rolling windows of W46 only, so that a week makes a difference.
    Planted("20120815-9820", "Lova", "Hammar", NORTH, "8B", "8", {"E": 400, "F": 60}),
    Planted("20121004-9852", "Alvin", "Nordin", NORTH, "8B", "8", {"E": 1500, "F": 300}),
    # 7B: coming and going, other activities, corrections.
    Planted(
        "20130108-9809", "Hanna", "Nyström", NORTH, "7B", "7",
        {"B": 900, "C": 600, "D1": 900, "D2": 150, "F": 60},
        moves_to=(_day(10, 12), SOUTH, "7C"),
    ),
    Planted(
        "20130219-9813", "Viggo", "Holm", NORTH, "7B", "7", {"D": 900, "E": 600},
        last_day=_day(10, 23), roster_end=_day(10, 30),
    ),
    Planted(
        "20130303-9828", "Selam", "Haile", NORTH, "7B", "7", {"D": 900, "E": 600},
        last_day=_day(10, 23),
    ),
    Planted(
        "20130412-9834", "Mateo", "García", NORTH, "7B", "7", {"F2": 600}, first_day=_day(11, 10)
    ),
    Planted(
        "20130520-9841", "Elsa", "Hedlund", NORTH, "7B", "7", {"E": 300, "F": 60},
        last_day=_day(11, 2),
    ),
    Planted(
        "20130606-9855", 'Nils "Nisse"', "Berg", NORTH, "7B", "7", {"D": 500},
        activity={"D": 2550},
    ),
    Planted("20130101-TF01", "Noor", "Test", NORTH, "7B", "7", {"D": 600}, is_valid=True),
    Planted("20130724-9860", "Signe", "Lind", NORTH, "7B", "7", {"D": 600}),
    Planted("20130815-9878", "Adam", "Demir", NORTH, "7B", "7", {"D": 480}),
    Planted("20131010-9887", "Iris", "Björk", NORTH, "7B", "7", {"D": 600}),
    Planted("20131201-9894", "Måns", "Ek", NORTH, "7B", "7", {}),
    # 7B too: two lessons at one hour, and a pupil of whom no lesson ever came.
    Planted(
        "20131112-9819", "Dilan", "Aziz", NORTH, "7B", "7", {}, parallel={"SV": "SVA", "MA": "MAA"}
    ),
    Planted("20131224-9848", "Liv", "Holmqvist", NORTH, "7B", "7", {}, last_day=_day(8, 16)),
    # 9B: nobody has reported a lesson since 1 October.
    Planted("20110517-9897", "Loke", "Forsberg", NORTH, "9B", "9", {"B": 660}),
    # 6B: three days and four lessons that nobody reported.
    Planted("20140202-9803", "Alma", "Fransson", SOUTH, "6B", "6", {"D": 120}),
    Planted("20140404-9817", "Yusuf", "Ahmed", SOUTH, "6B", "6", {"D": 450}),
    Planted("20140616-9829", "Ronja", "Eklund", SOUTH, "6B", "6", {"D": 600}),
    Planted("20140818-9833", "Ture", "Dahl", SOUTH, "6B", "6", {"F": 300}),
    Planted("20141020-9843", "Fatima", "Nur", SOUTH, "6B", "6", {"D": 1600}),
    # 7C: unusual numbers and names, and a grade that nobody gave.
    Planted("20130263-9800", "Olena", "Kovalenko", SOUTH, "7C", "7", {"D": 600}, is_valid=True),
    Planted("20130909-9917", _LONG_FIRST, _LONG_FAMILY, SOUTH, "7C", "7", {"F": 600}),
    Planted("20130330-9924", "Ebba", "Gashi", SOUTH, "7C", "", _HIGH),
    # 5B and 3B: the same absence in grades 5 and 3; protected pupils; namesakes.
    Planted("20150902-9805", "Ines", "Söderberg", SOUTH, "5B", "5", _HIGH),
    Planted(
        "20150308-9813", "Kurt", "Hemligsson", SOUTH, "5B", "5", _HIGH,
        marking="Sekretessmarkering", roster_marking="Sekretessmarkering",
    ),
    Planted(
        "20150525-9828", "Gun", "Doldersson", SOUTH, "5B", "5", _HIGH,
        roster_marking="Sekretesmarkering",
    ),
    Planted("20150130-9841", "Elsa", "Lindström", SOUTH, "5B", "5", {"D": 600}),
    Planted("20151119-9869", "Elsa", "Lindström", SOUTH, "5B", "5", {}),
    Planted("20170401-9817", "Hugo", "Yilmaz", SOUTH, "3B", "3", _HIGH),
    Planted("20170830-9826", "=SUMMA(A1)", "<b>Fet</b>", SOUTH, "3B", "3", {"F": 600}),
    # 4B: no lessons on 2 October.
    Planted("20160115-9856", "Otto", "Grönlund", SOUTH, "4B", "4", {"D": 696}),
    Planted(
        "20160707-9868", "Maryam", "Rahimi", SOUTH, "4B", "4", {"D": 480}, absent_when_cancelled=60
    ),
    Planted("20161224-9878", "Märta", "Lövgren", SOUTH, "4B", "4", {"D": 481}),
)  # fmt: skip
