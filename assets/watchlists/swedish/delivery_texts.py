"""The Swedish of the notice that says that a list lies there: subject and text.

A notice goes through mail servers that nobody here knows, so it has numbers, a week and a place: no
name, class, pupil or key. Not here: who gets one and when (`assets/delivery/notices.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assets.watchlists.swedish import change_texts, texts
from assets.watchlists.swedish.safe_text import one_line

_SUBJECT = "Ny lista {week}: {to_assess}, {new}"
_NOBODY = "ingen att bedöma"
_GREETING = "Hej!"
_FOR_PRINCIPAL = "Skolans frånvarolista för {week} är klar. Den gäller till och med {as_of}."
_FOR_MENTOR = (
    "Någon av dina elever har nått en gräns sedan du fick besked senast. Din frånvarolista gäller"
    " till och med {as_of}."
)
_COUNTS = "{to_assess}, {new}."
_SCHOOL = "Skola: {school}"
_WHERE = "Listan ligger här: {where}"
_WHERE_MENTOR = "Listan ligger i din egen mapp här: {where}"
_WHERE_UNSAID = "Listan ligger i skolans mapp för frånvarolistor."
_LAST = "Det här meddelandet skickas automatiskt. Svara inte på det."
_LONGEST_NAME = 100


@dataclass(frozen=True)
class NoticeText:
    """What a notice says.

    Attributes:
        is_for_mentor: else for the rektor.
        iso_week: the week of the list, such as `2026-W46`.
        as_of: the last day that counts.
        to_assess: pupils on the list.
        new: those of them who are new on it, or have reached a limit that is news.
        school: name and code of the school.
        where: the folder, as its reader reaches it; "" when it isn't said.
    """

    is_for_mentor: bool
    iso_week: str
    as_of: date
    to_assess: int
    new: int
    school: str
    where: str

    @property
    def subject(self) -> str:
        """`Ny lista v. 46: 3 att bedöma, 1 ny`: nothing in it comes from the data as a text."""
        counts = (
            _SUBJECT.format(week="{week}", to_assess=_to_assess(self.to_assess), new=_new(self.new))
            if self.to_assess
            else f"Ny lista {{week}}: {_NOBODY}"
        )
        return counts.format(week=change_texts.short_week(self.iso_week))

    @property
    def body(self) -> str:
        """The text, with a line for each thing."""
        opening = _FOR_MENTOR if self.is_for_mentor else _FOR_PRINCIPAL
        where = _WHERE_MENTOR if self.is_for_mentor else _WHERE
        counts = _COUNTS.format(to_assess=_to_assess(self.to_assess), new=_new(self.new))
        lines = [
            _GREETING,
            "",
            opening.format(
                week=change_texts.short_week(self.iso_week), as_of=texts.day(self.as_of)
            ),
            counts if self.to_assess else f"{_NOBODY.capitalize()}.",
            "",
            _SCHOOL.format(school=one_line(self.school)[:_LONGEST_NAME]),
            where.format(where=one_line(self.where)) if self.where else _WHERE_UNSAID,
            "",
            texts.DECISION,
            _LAST,
        ]
        return "\n".join(lines) + "\n"


def _to_assess(count: int) -> str:
    """`3 att bedöma`; one pupil is written in the same way."""
    return f"{count} att bedöma"


def _new(count: int) -> str:
    """`1 ny`, `2 nya`, `ingen ny`."""
    return "ingen ny" if not count else f"{count} {'ny' if count == 1 else 'nya'}"
