"""Writes a mentor's own list as a workbook: own pupils, to print first and then to sort.

Here: which sheets there are. Not here: whose pupils they are (`mentor_lists.py`), what stands on
each sheet (`print_sheet.py`, `pupil_sheets.py`, `data_sheets.py`).
"""

from __future__ import annotations

from pathlib import Path

from assets.watchlists.mentor_lists import listed_pupils
from assets.watchlists.model import Mentor, Watchlist
from assets.watchlists.swedish import change_texts, mentor_texts, risk_texts, texts
from assets.watchlists.swedish import workbook_texts as w
from assets.watchlists.swedish.evidence_texts import unreported_table
from assets.watchlists.workbook.book import ListBook
from assets.watchlists.workbook.data_sheets import unseen_line, unseen_table
from assets.watchlists.workbook.print_sheet import fill_print
from assets.watchlists.workbook.pupil_sheets import gone_table, pupil_table, risk_table
from assets.watchlists.workbook.weeks_sheet import weeks_table


def write_mentor_workbook(watchlist: Watchlist, mentor: Mentor, path: Path) -> None:
    """Write a mentor's own workbook to exactly `path`, replacing what is there.

    Every sheet prints upright on A4, the first as a list to read; a part that holds nothing has no
    sheet.

    Args:
        watchlist: what `watchlist_of_mentor` gave.
        mentor: whose list it is.
        path: of the file.

    Raises:
        OSError: the file cannot be written.
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    book = ListBook(watchlist, "portrait")
    heading = f"{texts.full_title(watchlist)} – {texts.mentor_heading(mentor.name)}"
    fill_print(
        book.add_sheet(mentor_texts.PUPILS),
        watchlist,
        listed_pupils(watchlist),
        heading,
        "mentor",
        above=(*watchlist.notices, mentor_texts.TODO),
    )
    if watchlist.pupils:
        line = w.pupils_line(watchlist)
        book.add_table_sheet(w.PUPILS, heading, line, pupil_table(watchlist))
    weeks = weeks_table(watchlist)
    if weeks.rows:
        book.add_table_sheet(w.WEEKS, heading, w.WEEKS_LINE, weeks)
    if watchlist.cleared:
        gone = change_texts.cleared_heading(watchlist)
        book.add_table_sheet(w.GONE, gone, change_texts.CLEARED_LINE, gone_table(watchlist))
    unseen = unseen_table(watchlist)
    if unseen.rows:
        book.add_table_sheet(w.UNSEEN, w.UNSEEN, unseen_line(watchlist), unseen)
    if watchlist.unreported:
        line = mentor_texts.UNREPORTED_LINE
        book.add_table_sheet(w.UNREPORTED, w.UNREPORTED, line, unreported_table(watchlist))
    if watchlist.at_risk:
        line = f"{risk_texts.section_line(watchlist)} {w.RISK_ROUNDED}"
        book.add_table_sheet(w.RISK, w.RISK, line, risk_table(watchlist))
    book.save(path)
