"""A fourth school, whose system gives sums per month and no lessons: five pupils of one class.

Ninety lessons of 60 minutes a month, all of them reported. README.md says what is planted. One
pupil's number changes between the two months, which a file of its own says.
"""

import dataclasses

from data_samples.sample_files import csv_bytes

WEST = "99999904"
SCHOOL_NAME, DISTRICT = "Exempelskolan Ä", "Farsta"
CLASS, GRADE, MENTOR = "9D", 9, "Tor Vik"
MINUTES = 5400
STAMPS = {9: "20261002T0400", 10: "20261103T0400"}
CHANGE_STAMP = "20261005T0900"
_HEADER = (
    "Efternamn", "Förnamn", "Klass", "Årskurs", "Personnummer", "Mentor", "Undv. tid", "Lekt.",
    "N min", "GF min", "F min", "N %", "GF %", "F %", "Ej reg tid",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SummedPupil:
    """A pupil of 9D.

    Attributes:
        civic_no: 12 digits.
        name: Family and given name.
        absent: Minutes away per month, a third of them valid.
        before: The number until the end of September.
    """

    civic_no: str
    name: str
    absent: dict[int, int]
    before: str = ""

    def number_in(self, month: int) -> str:
        """The number that the school's system had for the pupil in a month."""
        return self.before if self.before and month == 9 else self.civic_no


PUPILS = (
    SummedPupil("201101059903", "Falk, Ester", {9: 0, 10: 540}),
    SummedPupil("201102169917", "Warsame, Idris", {9: 0, 10: 541}),
    SummedPupil("201103279921", "Strand, Vera", {9: 1080, 10: 1080}),
    SummedPupil("201104089931", "Moberg, Sigge", {9: 0, 10: 2160}),
    SummedPupil("201105199945", "Karimi, Noa", {9: 1350, 10: 810}, before="201105799942"),
)


def sums_files() -> dict[str, tuple[bytes, int]]:
    """Name → content and rows: a report a month, and the number that was changed."""
    files = {}
    for month, stamp in STAMPS.items():
        rows = [_cells(pupil, month) for pupil in PUPILS]
        content = csv_bytes(_HEADER, rows, "utf-8-sig").replace(b";", b",")
        files[f"manadssummor_{WEST}_2026-{month:02d}_{stamp}.csv"] = (content, len(rows))
    changed = [(p.before, p.civic_no, "2026-10-01") for p in PUPILS if p.before]
    header = ("Gammalt personnummer", "Nytt personnummer", "Datum")
    files[f"nummerbyten_{CHANGE_STAMP}.csv"] = (csv_bytes(header, changed, "utf-8"), len(changed))
    return files


def valid_minutes(pupil: SummedPupil, month: int) -> int:
    """How many of the minutes away in a month are valid: a third."""
    return pupil.absent[month] // 3


def _cells(pupil: SummedPupil, month: int) -> tuple[str, ...]:
    away, valid = pupil.absent[month], valid_minutes(pupil, month)
    family, given = pupil.name.split(", ")
    minutes = (MINUTES, 90, MINUTES - away, valid, away - valid)
    return (
        family,
        given,
        CLASS,
        str(GRADE),
        pupil.number_in(month),
        MENTOR,
        *map(str, minutes),
        str(100 - 100 * away // MINUTES),
        "",
        str(100 * away // MINUTES),
        "0",
    )
