"""The first and the last sheet of a workbook: the summary, and how everything is counted.

Here: what stands where on those two sheets. Not here: the sheets of pupils (`workbook.py`).
"""

from __future__ import annotations

from assets.watchlists import change_texts, grounds, outline, texts
from assets.watchlists import headings as h
from assets.watchlists.model import Watchlist
from assets.watchlists.workbook_sheet import ListSheet

_SUMMARY_WIDTHS: list[float] = [26, 34, 96]
_PLAIN_HEADING = 20  # points: a heading row of one line
_COUNT_HEIGHT = 20  # points: a number in large type


def fill_summary(sheet: ListSheet, watchlist: Watchlist) -> None:
    """Write the sheet that says in ten seconds what this is and whom to look at first.

    The number of protected pupils stands here and on no other sheet.
    """
    sheet.put_title(texts.full_title(watchlist), texts.what_it_is(watchlist))
    sheet.put(3, 1, texts.DECISION, "lista viktig")
    sheet.put(4, 1, texts.DECISION_LONG, "lista stilla")
    row = 6
    for notice in watchlist.notices:
        sheet.put_wide(row, _SUMMARY_WIDTHS, notice, "lista notis")
        row += 1
    row = _put_counts(sheet, watchlist, row + bool(watchlist.notices)) + 2
    if outline.is_compared(watchlist):
        sheet.put_wide(row, _SUMMARY_WIDTHS, change_texts.summary(watchlist), "lista text")
        row += 2
    row = _put_look_first(sheet, watchlist, row) + 2
    _put_about(sheet, watchlist, row)
    sheet.set_widths(_SUMMARY_WIDTHS)


def _put_counts(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    for column, name in enumerate(h.SUMMARY_HEADINGS, start=1):
        sheet.put(row, column, name, "lista rubrik mitt" if column == 2 else "lista rubrik")
    sheet.set_height(row, _PLAIN_HEADING)
    for level, count in outline.level_counts(watchlist).items():
        row += 1
        sheet.put_level(row, 1, level)
        sheet.put(row, 2, texts.counted(watchlist, count), "lista tal")
        sheet.put(row, 3, texts.LEVEL_MEANINGS[level], "lista text")
        sheet.set_height(row, _COUNT_HEIGHT)
    for name, count, meaning in (
        (texts.LEVELS[0], len(watchlist.insufficient), texts.INSUFFICIENT_MEANING),
        (h.PROTECTED, watchlist.protected_pupils, texts.PROTECTED_MEANING),
    ):
        row += 1
        sheet.put(row, 1, name, "lista nivå 0")
        sheet.put(row, 2, texts.counted(watchlist, count), "lista tal")
        sheet.put(row, 3, meaning, "lista text")
        sheet.fit_height(row, [(meaning, _SUMMARY_WIDTHS[2])], _COUNT_HEIGHT)
    return row


def _put_look_first(sheet: ListSheet, watchlist: Watchlist, row: int) -> int:
    sheet.put(row, 1, texts.look_first_heading(outline.is_compared(watchlist)), "lista avsnitt")
    if not watchlist.pupils:
        sheet.put(row + 1, 1, texts.nobody_listed(watchlist), "lista rad")
        return row + 1
    pupils, more = outline.look_first(watchlist)
    if not pupils:
        sheet.put(row + 1, 1, texts.LOOK_FIRST_NONE, "lista rad")
        return row + 1
    for pupil in pupils:
        row += 1
        sheet.put_level(row, 1, pupil.level)
        name, brief = outline.full_name(pupil), outline.in_brief(pupil, watchlist)
        sheet.put(row, 2, name, "lista namn")
        sheet.put(row, 3, brief, "lista text")
        sheet.fit_height(row, zip((name, brief), _SUMMARY_WIDTHS[1:], strict=True))
    if more:
        row += 1
        sheet.put(row, 2, texts.more_pupils(more), "lista stilla")
    return row


def _put_about(sheet: ListSheet, watchlist: Watchlist, row: int) -> None:
    sheet.put(row, 1, h.ABOUT, "lista avsnitt")
    for name, value in outline.about(watchlist):
        row += 1
        sheet.put(row, 1, name, "lista stilla")
        sheet.put(row, 2, value, "lista uppgift" if isinstance(value, str) else "lista dag")
    sheet.put(row + 2, 1, texts.CARE, "lista stilla")


def fill_method(sheet: ListSheet, watchlist: Watchlist) -> None:
    """Write the sheet that explains the rules, the terms and the values, with their sources."""
    sheet.put_title(h.METHOD, texts.METHOD_LINE)
    rules = grounds.rule_table(watchlist)
    row = sheet.put_table(rules, 3, _PLAIN_HEADING) + 2
    sheet.put(row, 1, h.DEFINITIONS, "lista avsnitt")
    for term, meaning in h.terms(watchlist.one_month_days, watchlist.two_months_days):
        row += 1
        sheet.put(row, 1, term, "lista viktig")
        sheet.put(row, 2, meaning, "lista rad")
    row += 2
    sheet.put(row, 1, h.PARAMETERS, "lista avsnitt")
    values = grounds.parameter_table(watchlist)
    last_row = sheet.put_table(values, row + 1, _PLAIN_HEADING)
    # The sources have the room of all columns that the rules have to the right of the values.
    for number in range(row + 1, last_row + 1):
        sheet.widen(number, len(values.columns), len(rules.columns))
    sheet.set_widths([column.width for column in rules.columns])
    sheet.keep_headings(2)
