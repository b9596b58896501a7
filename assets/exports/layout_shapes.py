"""Tables of another shape than a row a lesson, as a person who writes a layout meets them.

A column a lesson is seen by days in headers, a block a pupil by lines with a number between the
rows. What is proposed has no word of such a line but labels: the rest can be somebody's name.
Nothing here decides how a file is read. Not here: what cells look like (`layout_contents.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assets.exports.layout_words import likenesses
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.reshaping.forms import Form

_CLOCK = r"(?:[01]?\d|2[0-3])[:.]\d{2}"
_IN_HEADER = re.compile(
    rf"(?P<lesson_date>\b20\d\d([-/]?)[01]\d\2[0-3]\d\b)"
    rf"|(?P<start_time>{_CLOCK})(?:(?P<between> ?[-–—] ?)(?P<end_time>{_CLOCK}))?",
    re.ASCII,
)
_NUMBER = re.compile(r"\b(?:19|20)?\d{6} ?[-+]? ?\d{4}\b", re.ASCII)
_OF_PUPILS = r"elev(?:ens)?|namn|personnummer|personnr"
_LABEL = re.compile(rf"\b(?:{_OF_PUPILS}|[^\W\d_]+(?=:)|klass)\b:?", re.IGNORECASE)
_TOTALS = re.compile(r"(?:summa|totalt?|antal|utskriv\w*)\b", re.IGNORECASE)
# Of fewer a header with a day in it can be anything.
_FEWEST_LESSONS = 3
_MOST_CODES = 12
_LONGEST_CODE = 4
_HEADING_CELLS = 2
_SIGNS = " ()[],;–—-"


@dataclass(frozen=True)
class LessonColumns:
    """Columns of which each is a lesson, by the days in their headers.

    Attributes:
        names: their headers.
        form: of all of them, such as `{lesson_date} {subject}`; empty where none fits them.
        codes: what stands in their cells, when these are codes; none when they are numbers.
    """

    names: tuple[str, ...]
    form: str
    codes: tuple[str, ...]


def lesson_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> LessonColumns | None:
    """Return the columns that are a lesson each; None when there are fewer than three.

    Args:
        header: its cells.
        rows: cells of some rows below it.
    """
    dated = [name for name in header if any(_found(name, "lesson_date"))]
    if len(dated) < _FEWEST_LESSONS:
        return None
    shapes = Counter(_shape(name) for name in dated)
    shape = shapes.most_common(1)[0][0]
    alike = tuple(name for name in dated if _shape(name) == shape)
    if len(alike) < _FEWEST_LESSONS:
        return None
    places = [place for place, name in enumerate(header) if name in alike]
    cells = [row[place] for row in rows for place in places if place < len(row)]
    return LessonColumns(alike, _form_of_headers(alike), codes_of_lessons(cells))


def codes_of_lessons(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the codes in cells of lessons, in order; none when they are numbers, or long texts."""
    said = {cell.strip() for cell in cells} - {""}
    are_numbers = all(re.fullmatch(r"[-\d.,]+", cell) for cell in said)
    is_long = any(len(cell) > _LONGEST_CODE for cell in said)
    return () if are_numbers or is_long or len(said) > _MOST_CODES else tuple(sorted(said))


def _found(text: str, part: str) -> Iterable[str]:
    return (one[part] for one in _IN_HEADER.finditer(text) if one[part])


def _shape(name: str) -> tuple[tuple[str, bool], ...]:
    """Return which days and times stand in a header, and whether a time is from and to."""
    return tuple(
        (one.lastgroup or "", one["end_time"] is None) for one in _IN_HEADER.finditer(name)
    )


def _form_of_headers(names: Sequence[str]) -> str:
    """Return the form of headers that have days and times in the same order; '' when none fits.

    What stands between these is the same in all, or the subject where it differs.
    """
    found = list(_IN_HEADER.finditer(names[0]))
    between = [_texts_between(name) for name in names]
    form = ""
    for place, texts in enumerate(zip(*between, strict=True)):
        form += texts[0] if len(set(texts)) == 1 else _with_subject(texts)
        if place < len(found):
            one = found[place]
            form += "{lesson_date}" if one["lesson_date"] else "{start_time}"
            form += one["between"] + "{end_time}" if one["end_time"] else ""
    has_braces = any(mark in name for name in names for mark in "{}")
    return form if not has_braces and fits(form, names) else ""


def _texts_between(name: str) -> list[str]:
    """Return what stands before, between and after days and times."""
    ends = [0, *(one.end() for one in _IN_HEADER.finditer(name))]
    starts = [*(one.start() for one in _IN_HEADER.finditer(name)), len(name)]
    return [name[end:start] for end, start in zip(ends, starts, strict=True)]


def _with_subject(texts: Sequence[str]) -> str:
    """Return texts that differ as one: the words that all begin and end with, else the subject."""
    words = [text.split() for text in texts]
    first = _alike(words)
    last = _alike([one[first:][::-1] for one in words])
    known = words[0]
    middle = ["{subject}"] if any(one[first : len(one) - last] for one in words) else []
    said = " ".join([*known[:first], *middle, *known[len(known) - last :]])
    before = " " if texts[0][:1] == " " else ""
    return f"{before}{said}{' ' if texts[0][-1:] == ' ' else ''}"


def _alike(words: Sequence[Sequence[str]]) -> int:
    """Return how many words at the beginning are the same in all."""
    return next(
        (place for place, said in enumerate(zip(*words, strict=False)) if len(set(said)) > 1),
        min(map(len, words)),
    )


def fits(form: str, texts: Iterable[str]) -> bool:
    """Whether a form can be one, and takes all texts apart."""
    try:
        Form(form).check()
    except ValueError:
        return False
    return all(Form(form).taken_apart(text) for text in texts)


@dataclass(frozen=True)
class PupilHeadings:
    """Lines that say whose the rows below them are.

    Attributes:
        form: of all that were seen; empty where none fits them.
        totals: words that lines of totals begin with.
        rows: the other rows: those of lessons.
    """

    form: str
    totals: tuple[str, ...]
    rows: list[list[str]]


def pupil_headings(rows: Sequence[Sequence[str]], header_place: int) -> PupilHeadings | None:
    """Return the lines between the rows that have a pupil's number; None when there are none.

    Args:
        rows: cells of the first rows, from the first line on.
        header_place: which of them is the header.
    """
    header = [cell.strip() for cell in rows[header_place]]
    headings, totals, lessons = list[str](), set[str](), list[list[str]]()
    for place, row in enumerate(rows):
        filled = [cell.strip() for cell in row if cell.strip()]
        text = " ".join(filled)
        if _NUMBER.search(text) and len(filled) <= min(_HEADING_CELLS, len(header) - 1):
            headings.append(text)
        elif place > header_place and filled and [cell.strip() for cell in row] != header:
            word = _TOTALS.match(filled[0])
            totals |= {word[0]} if word else set()
            lessons += [] if word else [list(row)]
    if not headings:
        return None
    form = _form_of_heading(headings[0])
    return PupilHeadings(form if fits(form, headings) else "", tuple(sorted(totals)), lessons)


def _form_of_heading(text: str) -> str:
    """Return the form of a heading by its labels; '' where a text has none, after the number."""
    number = _NUMBER.search(text)
    if number is None:
        return ""
    before = _form_of_labelled(text[: number.start()], is_before=True)
    after = _form_of_labelled(text[number.end() :], is_before=False)
    return "" if before is None or after is None else f"{before}{{civic_no}}{after}"


def _form_of_labelled(text: str, is_before: bool) -> str | None:
    """Return labels with what follows each as a part; None when something can't be told.

    Args:
        text: of a heading, before its number or after it.
        is_before: then what has no label, or one that says nothing else, is the name.
    """
    labels = list(_LABEL.finditer(text))
    starts = [0, *(one.end() for one in labels)]
    ends = [*(one.start() for one in labels), len(text)]
    said = ["", *(one[0] for one in labels)]
    form = ""
    for label, start, end in zip(said, starts, ends, strict=True):
        value = text[start:end]
        words = value.strip(_SIGNS)
        part = _part(label)
        if label and not part and not re.fullmatch(f"(?:{_OF_PUPILS}):?", label, re.IGNORECASE):
            # Before a colon a name can stand too.
            return None
        if not words:
            form += label + value
            continue
        if not part and is_before and "name}" not in form:
            part = "{family_name}, {given_name}" if "," in words else "{given_name} {family_name}"
        if not part or part in form:
            return None
        form += label + value.replace(words, part, 1)
    return form


def _part(label: str) -> str:
    """Return the column that a label is a name of, in braces; '' when it is none's."""
    found = likenesses(label.rstrip(":"), COLUMNS["lessons"])
    known = [one.column for one in found if one.is_known]
    return f"{{{known[0]}}}" if known else ""
