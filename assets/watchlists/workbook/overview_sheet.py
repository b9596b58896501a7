"""The first sheet of a workbook: the decision first, whom to look at, and what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from assets.watchlists import outline
from assets.watchlists.columns import Value
from assets.watchlists.curves import season_shares
from assets.watchlists.decisions import look_first, more_to_look_at, question_counts
from assets.watchlists.model import Watchlist
from assets.watchlists.swedish import decision_texts, texts, year_texts
from assets.watchlists.swedish import follow_up_texts as f
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.workbook.sheet import ListSheet

_WIDTHS: list[float] = [28, 12, 16, 83]
_PLAIN_HEADING = 20  # points: a heading row of one line
_TWO_LINES = 30  # points
_COUNT_HEIGHT = 20  # points: a number in large type


def fill_overview(
    sheet: ListSheet, watchlist: Watchlist, contents: Sequence[tuple[str, int | None]]
) -> None:
    """Write the sheet that says in ten seconds how many, whom first, and where the rest is.

    The number of protected pupils stands here and on no other sheet.

    Args:
        sheet: an empty sheet.
        watchlist: the list.
        contents: the other sheets' names, and how many rows each has where it has a table.
    """
    sheet.put_title(texts.full_title(watchlist), texts.what_it_is(watchlist))
    sheet.put(3, 1, texts.DECISION, "lista viktig")
    row = 5
    for notice in watchlist.notices:
        sheet.put_wide(row, _WIDTHS, notice, "lista notis")
        row += 1
    row = _put_counts(sheet, watchlist, row + bool(watchlist.notices)) + 2
    row = _put_look_first(sheet, watchlist, row) + 2
    row = _put_contents(sheet, contents, row) + 2
    _put_about(sheet, watchlist, row)
    sheet.set_widths(_WIDTHS)


def _put_counts(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    headings = (w.H_QUESTION, w.H_PUPILS, w.new_since(watchlist), w.H_MEANING)
    _put_headings(sheet, row, headings)
    sheet.set_height(row, _TWO_LINES)
    waits = watchlist.says_nothing
    if watchlist.has_follow_up:
        row += 1
        overdue = None if waits else len(watchlist.overdue)
        _put_count(sheet, row, (f.OVERDUE, overdue, None, f.meaning(watchlist)))
    for found in question_counts(watchlist):
        row += 1
        count = None if waits else found.pupils
        _put_count(
            sheet,
            row,
            (
                decision_texts.QUESTIONS[found.question],
                count,
                None if waits else found.new,
                decision_texts.MEANINGS[found.question],
            ),
        )
    everyone = watchlist.pupils_evaluated
    share = Fraction(len(watchlist.pupils), everyone) if everyone else None
    expected = year_texts.expected(season_shares(watchlist))
    meaning = " ".join(filter(None, (w.share_meaning(watchlist), expected)))
    row += 1
    _put_count(sheet, row, (w.SHARE, share, None, meaning), "lista andel")
    unsure = None if waits else len(watchlist.insufficient)
    protected = None if waits else watchlist.protected_pupils
    rest = [(w.UNASSESSED, unsure, None, w.UNASSESSED_MEANING)]
    if watchlist.compared_with:
        rest.append((w.GONE, len(watchlist.cleared), None, w.GONE_MEANING))
    rest.append((h.PROTECTED, protected, None, texts.PROTECTED_MEANING))
    for line in rest:
        row += 1
        _put_count(sheet, row, line)
    return row


def _put_headings(sheet: ListSheet, row: int, headings: Sequence[str]) -> None:
    for column, name in enumerate(headings, start=1):
        sheet.put(row, column, name, "lista rubrik mitt" if column in {2, 3} else "lista rubrik")
    sheet.set_height(row, _PLAIN_HEADING)


def _put_count(
    sheet: ListSheet,
    row: int,
    line: tuple[str, Value, int | None, str],
    style: str = "lista tal",
) -> None:
    name, count, new, meaning = line
    sheet.put(row, 1, name, "lista namn")
    sheet.put(row, 2, count, style)
    sheet.put(row, 3, new, "lista tal")
    sheet.put(row, 4, meaning, "lista text")
    sheet.fit_height(row, [(meaning, _WIDTHS[3])], _COUNT_HEIGHT)


def _put_look_first(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    sheet.put(row, 1, decision_texts.LOOK_FIRST, "lista avsnitt")
    pupils = look_first(watchlist)
    if not pupils:
        nobody = texts.nobody_listed(watchlist)
        if watchlist.pupils:
            nobody = decision_texts.NOBODY_IN_GROUP
        sheet.put_wide(row + 1, _WIDTHS, nobody, "lista text")
        return row + 1
    room = sum(_WIDTHS[2:])
    for pupil in pupils:
        row += 1
        name, why = outline.full_name(pupil), decision_texts.why_first(watchlist, pupil)
        sheet.put(row, 1, name, "lista namn")
        sheet.put(row, 2, pupil.school_class, "lista kort")
        sheet.put(row, 3, why, "lista text")
        sheet.widen(row, 3, 4, "lista text")
        sheet.fit_height(row, ((name, _WIDTHS[0]), (why, room)))
    more = more_to_look_at(watchlist)
    if more:
        row += 1
        sheet.put(row, 1, w.more_first(more), "lista stilla")
    return row


def _put_contents(sheet: ListSheet, contents: Sequence[tuple[str, int | None]], row: int) -> int:
    _put_headings(sheet, row, (h.CONTENTS, w.ROWS, w.H_ABOUT_SHEET, ""))
    for name, rows in contents:
        row += 1
        sheet.put_link(row, 1, name)
        sheet.put(row, 2, rows, "lista antal")
        sheet.put(row, 3, w.ABOUT_SHEETS[name], "lista text")
        sheet.widen(row, 3, 4, "lista text")
    return row


def _put_about(sheet: ListSheet, watchlist: Watchlist, row: int) -> None:
    sheet.put(row, 1, h.ABOUT, "lista avsnitt")
    sheet.put_wide(row + 1, _WIDTHS, texts.DECISION_LONG, "lista text")
    row += 1
    for name, value in outline.about(watchlist):
        row += 1
        sheet.put(row, 1, name, "lista stilla")
        is_known = value != texts.NO_VALUE
        style = "lista uppgift" if isinstance(value, str) else "lista dag"
        sheet.put(row, 2, value if is_known else None, style)
    sheet.put(row + 2, 1, texts.CARE, "lista stilla")
