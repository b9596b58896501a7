"""A list on paper: eight columns, upright, large enough to be read at a table.

One for the rektor, with all pupils; a mentor's own file has one of the mentor's pupils. Not here:
what else stands in a workbook (`workbook.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from assets.watchlists.columns import ListColumn
from assets.watchlists.decisions import Question, by_persistence
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.outline import full_name
from assets.watchlists.swedish import decision_texts, mentor_texts, pattern_texts, texts
from assets.watchlists.swedish import follow_up_texts as f
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.swedish.safe_text import one_line
from assets.watchlists.workbook.pupil_sheets import known
from assets.watchlists.workbook.sheet import ListSheet
from assets.watchlists.workbook.style import PRINT_POINTS

Reader = Literal["rektor", "mentor"]


class _Widths(NamedTuple):
    """Widths of columns, in characters of the file's font: larger type takes more of them."""

    name: float
    words: float  # of the mentor, or the pattern
    question: float
    absence: float


_WIDTHS = {"rektor": _Widths(26, 19, 7.2, 8.5), "mentor": _Widths(24, 13, 8.8, 10.5)}
# One line of a row, and a heading of two: multiples of the type's size.
_LINE, _TWO_LINES = 1.19, 2.8
_BOLD = 0.88  # so much of a line's room has bold type: a name must never be cut
_KINDS = {"name": "namn", "word": "ord", "brief": "kort", "percent": "procent"}


def fill_print(
    sheet: ListSheet,
    watchlist: Watchlist,
    pupils: Sequence[PupilRow],
    heading: str,
    reader: Reader,
    *,
    above: Sequence[str] = (),
) -> None:
    """Write a list that is printed.

    Args:
        sheet: an empty sheet.
        watchlist: the list that the pupils are of.
        pupils: who stands on it; who is on no level stands last, as not assessed.
        heading: whose list it is.
        reader: the rektor has a column of mentors; a mentor has one of patterns, and larger type.
        above: sentences that stand above the table.
    """
    points = PRINT_POINTS[reader]
    style = f"tryck {reader}"
    columns = print_columns(watchlist, reader)
    widths = [column.width for column in columns]
    sheet.put_title(heading, "")
    lines = (*above, w.PRINT_LINE, texts.CARE)
    heading_row = len(lines) + 2
    for row, line in enumerate(lines, start=2):
        sheet.put(row, 1, line, f"{style} rad")
        sheet.widen(row, 1, len(columns), f"{style} rad")
        sheet.fit_height(row, [(line, sum(widths) * 11 / points)], line_height=points * _LINE)
    for place, column in enumerate(columns, start=1):
        sheet.put(heading_row, place, column.heading, f"{style} rubrik")
    sheet.set_height(heading_row, points * _TWO_LINES)
    row = heading_row
    for title, group in _groups(watchlist, pupils):
        row += 1
        sheet.put(row, 1, f"{title}: {texts.pupils(len(group))}", f"{style} grupp")
        sheet.set_height(row, points * 1.9)
        for pupil in group:
            row += 1
            _put_pupil(sheet, row, pupil, columns, reader)
    if row == heading_row:
        nobody = mentor_texts.nobody if reader == "mentor" else texts.nobody_listed
        sheet.put(row + 1, 1, nobody(watchlist), f"{style} rad")
        sheet.widen(row + 1, 1, len(columns), f"{style} rad")
        sheet.set_height(row + 1, points * 4)
    sheet.set_widths(widths)
    sheet.keep_headings(heading_row, 1)
    sheet.fit_to_page("portrait")


def print_columns(watchlist: Watchlist, reader: Reader) -> tuple[ListColumn[PupilRow], ...]:
    """At most eight columns, as wide together as an upright A4."""
    widths = _WIDTHS[reader]

    def question(place: int, asked: Question) -> ListColumn[PupilRow]:
        def said(pupil: PupilRow) -> str:
            return decision_texts.answer_on_paper(watchlist, pupil, asked)

        return ListColumn(w.PRINTED_QUESTIONS[place], "brief", widths.question, said)

    def change(pupil: PupilRow) -> str:
        return w.PRINTED_STATES.get(pupil.change, "")

    mentor = ListColumn[PupilRow](
        h.H_MENTOR, "word", widths.words, lambda p: one_line(p.mentor) or h.NO_MENTOR
    )
    pattern = ListColumn[PupilRow](
        h.H_PATTERN, "word", widths.words, lambda p: known(pattern_texts.brief(p.pattern))
    )
    if watchlist.has_follow_up and reader == "rektor":
        mentor = ListColumn(
            f.H_RESPONSIBLE_OR_MENTOR, "word", widths.words, f.responsible_or_mentor
        )
    month = watchlist.one_month_days
    return (
        ListColumn(h.H_NAME, "name", widths.name, full_name),
        ListColumn(h.H_CLASS, "brief", 5.5, lambda p: p.school_class),
        mentor if reader == "rektor" else pattern,
        *(question(place, asked) for place, asked in enumerate(Question)),
        ListColumn(
            h.over(h.H_ABSENCE, month), "percent", widths.absence, lambda p: p.one_month.rate
        ),
        *_last_column(watchlist, change),
    )


def _last_column(
    watchlist: Watchlist, change: Callable[[PupilRow], str]
) -> tuple[ListColumn[PupilRow], ...]:
    """The eighth: days without an act, where a portal says so; else what has changed."""

    def idle(pupil: PupilRow) -> str:
        days = f.idle(pupil.follow_up)
        return "" if days is None else str(days)

    if watchlist.has_follow_up:
        return (ListColumn(f.H_IDLE, "brief", 8, idle),)
    return (ListColumn(w.since(watchlist), "brief", 8, change),) if watchlist.compared_with else ()


def _groups(
    watchlist: Watchlist, pupils: Iterable[PupilRow]
) -> Iterable[tuple[str, tuple[PupilRow, ...]]]:
    """Those with pupils, the ones that go on first."""
    given = tuple(pupils)
    of_level = replace(watchlist, pupils=tuple(pupil for pupil in given if pupil.level))
    for group in by_persistence(of_level):
        if group.pupils:
            yield decision_texts.PERSISTENCES[group.persistence], group.pupils
    not_assessed = tuple(pupil for pupil in given if not pupil.level)
    if not_assessed:
        yield w.NOT_ASSESSED, not_assessed


def _put_pupil(
    sheet: ListSheet,
    row: int,
    pupil: PupilRow,
    columns: Sequence[ListColumn[PupilRow]],
    reader: Reader,
) -> None:
    points, wrapped = PRINT_POINTS[reader], []
    for place, column in enumerate(columns, start=1):
        value = column.value(pupil)
        sheet.put(row, place, value, f"tryck {reader} {_KINDS[column.kind]}")
        if isinstance(value, str):
            room = column.width * (_BOLD if column.kind == "name" else 1)
            wrapped.append((value, room * 11 / points))
    sheet.fit_height(row, wrapped, line_height=points * _LINE)
