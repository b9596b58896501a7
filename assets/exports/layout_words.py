"""Words by which senders call what we have columns for, and how near a header comes to one.

For a person who writes a layout: nothing here decides how a file is read. Not here: what stands in
the cells below a header (`layout_drafts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layout_keys import fold
from assets.exports.readers.layouts import HeaderMatch, Layout
from assets.exports.readers.reshaping.amounts import said_unit

#: Beside the headers of the shipped layouts.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "school_unit_code": ("enhetskod", "skolkod", "skolenhetens kod", "kod skolenhet"),
    "school_name": ("enhet", "enhetsnamn", "skolans namn"),
    "class_name": ("klassnamn", "grupp", "undervisningsgrupp", "elevgrupp"),
    "grade": ("årskull", "stadie"),
    "civic_no": ("elevens personnummer", "personnr elev", "person-id", "födelsenummer"),
    "given_name": ("elevens förnamn", "tilltalsnamn"),
    "family_name": ("elevens efternamn", "släktnamn"),
    "sex": ("juridiskt kön",),
    "protected": ("sekretessmarkering", "sekretess", "skyddade personuppgifter"),
    "lesson_date": ("lektionsdatum", "dag", "datum för lektion"),
    "start_time": ("klockan", "börjar", "lektionsstart", "från kl"),
    "end_time": ("slutar", "lektionsslut", "till kl"),
    "subject": ("ämneskod", "kurskod", "ämne/kurs", "aktivitet"),
    "scheduled_minutes": ("undervisningstid", "lektionstid", "längd", "schemalagd tid"),
    "present_minutes": ("närvarotid", "närvarande"),
    "valid_minutes": ("anmäld frånvaro", "giltig", "giltig frånvarotid"),
    "invalid_minutes": ("oanmäld frånvaro", "ogiltig", "ogiltig frånvarotid"),
    "other_minutes": ("annan skolaktivitet", "annan aktivitet"),
    "reported": ("registrerad", "närvarorapporterad"),
    "cancelled": ("inställd lektion",),
    "lesson_id": ("lektionens id", "kalenderhändelse"),
    "mentor_name": ("klassföreståndare", "mentorns namn"),
    "mentor_email": ("mentors e-post", "e-post mentor"),
    "start_date": ("inskriven från", "från och med", "fr.o.m."),
    "end_date": ("utskriven", "till och med", "t.o.m."),
    "first_date": ("lovets första dag", "lov från"),
    "last_date": ("lovets sista dag", "lov till"),
    "break_name": ("lovets namn",),
    "district": ("område", "stadsdelsnämnd"),
    "principal_name": ("rektors namn",),
    "principal_email": ("rektors e-post",),
}
# Health data, or free words in which it stands: never stored, whatever else a header says.
_HEALTH = re.compile(
    r"anledning|orsak|kommentar|notering|anteckning|anmärkning|sjuk|diagnos|fritext"
)
_NO_MINUTES = re.compile(r"andel|antal|dagar")
_UNIT = re.compile(r"[(\[]?(?:\bh\b|\btim(?:me|mar)?\b\.?|%|\bi procent\b|\bprocent\b)[)\]]?")
# "giltig" and "ogiltig" are near each other, and each other's contrary.
_CONTRARY = {
    "valid_minutes": re.compile("ogiltig|oanmäld"),
    "invalid_minutes": re.compile("(?<!o)(?:giltig|anmäld)"),
}
_NEVER = re.compile(r"(?!)")
# A header of hours or of a share is known by what else it says, and never before one of minutes.
_OF_ANOTHER_UNIT = 0.95
_BLANKS = re.compile(r"[\W_]+")
#: From here on a header is near enough to be asked about.
NEAR = 0.75


@dataclass(frozen=True)
class Likeness:
    """How near a header comes to one of our columns; 1 when it is a known word for it."""

    column: str
    score: float

    @property
    def is_known(self) -> bool:
        """Whether the header is a word that we know for the column."""
        return self.score == 1


def is_health(header: str) -> bool:
    """Tell a header under which reasons or remarks stand."""
    return _HEALTH.search(fold(header)) is not None


def likenesses(header: str, columns: Iterable[str]) -> list[Likeness]:
    """Return the columns that a header may mean, the nearest first."""
    if is_health(header):
        return []
    found = [Likeness(column, _score(header, column)) for column in columns]
    return sorted(
        (one for one in found if one.score >= NEAR), key=lambda one: (-one.score, one.column)
    )


def looks_like_header(cells: Iterable[str]) -> bool:
    """Tell a header from a row of data: two of its cells come near words that we know.

    A file without a header has pupils' names where the header should be, and they are not shown.
    """
    telling = (cell for cell in cells if is_health(cell) or likenesses(cell, OTHER_WORDS))
    return next(telling, None) is not None and next(telling, None) is not None


def near_headers(column: str, headers: Sequence[str]) -> list[str]:
    """Return up to two headers that may mean a column, the nearest first."""
    scored = [(_score(header, column), header) for header in headers if not is_health(header)]
    near = sorted((pair for pair in scored if pair[0] >= NEAR), reverse=True)
    return [header for _, header in near[:2]]


def nearest_match(header: Sequence[str], layouts: Iterable[Layout]) -> HeaderMatch:
    """Return the layout whose required columns a header comes nearest to, by known words too."""

    def found(match: HeaderMatch) -> float:
        required = [name for name, spec in match.layout.sources.items() if spec.required]
        unknown = [match.header[position] for position in match.unknown]
        near = sum(
            1 if name in match.positions else 0.9 if near_headers(name, unknown) else 0
            for name in required
        )
        return near / max(1, len(required))

    return max((layout.match(header) for layout in layouts), key=found)


def _score(header: str, column: str) -> float:
    if column.endswith("_minutes"):
        if _NO_MINUTES.search(fold(header)):
            # A count under a name like that of the minutes.
            return 0
        if said_unit(fold(header)) in ("hours", "percent"):
            return _score(_UNIT.sub(" ", fold(header)), column) * _OF_ANOTHER_UNIT
    bare = _bare(header)
    if _CONTRARY.get(column, _NEVER).search(bare):
        return 0
    if not bare:
        return 0
    best = 0.0
    for word in _words(column):
        if bare == word:
            return 1
        score = SequenceMatcher(None, bare, word).ratio()
        shorter, longer = sorted((bare, word), key=len)
        if len(shorter) >= 5 and longer.startswith(shorter):
            score = max(score, 0.8)
        best = max(best, score)
    return min(best, 0.99)


@cache
def _words(column: str) -> tuple[str, ...]:
    shipped = [
        name
        for layout in shipped_layouts()
        if column in layout.columns
        for name in layout.columns[column].headers
    ]
    return tuple(dict.fromkeys(_bare(word) for word in (*shipped, *OTHER_WORDS.get(column, ()))))


def _bare(text: str) -> str:
    """Return a header without case, blanks, dots and unit: `Giltig frånvaro (min)`."""
    return _BLANKS.sub("", re.sub(r"\(min(uter)?\)|\bmin(uter)?\b", "", fold(text)))
