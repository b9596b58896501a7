"""What a pupil's row opens to beside the table of verdicts: facts and notes, in Swedish.

Only lines that say something; the arithmetic is `trappan explain`'s. Not here: wording of outlooks
and patterns (`outlook_texts.py`, `pattern_texts.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.watchlists.collect import uncounted
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.outline import rules_by_name
from assets.watchlists.swedish import (
    change_texts,
    dispute_texts,
    headings,
    outlook_texts,
    pattern_texts,
    texts,
    unseen_texts,
)


@dataclass(frozen=True)
class Note:
    """A heading with lines under it."""

    heading: str
    lines: tuple[str, ...]


def facts(watchlist: Watchlist, pupil: PupilRow) -> tuple[str, ...]:
    """What to know of a pupil that the row itself does not say, a sentence each."""
    lines = (
        _absence(watchlist, pupil),
        _other_windows(watchlist, pupil),
        *dispute_texts.row_lines(pupil),
        *unseen_texts.row_lines(pupil),
        *uncounted.lines(pupil.uncounted),
        _since(watchlist, pupil),
    )
    return tuple(filter(None, lines))


def _absence(watchlist: Watchlist, pupil: PupilRow) -> str:
    sums = pupil.one_month
    if not sums.reported_minutes:
        return ""
    days = "1 skoldag" if sums.days == 1 else f"{sums.days} skoldagar"
    sentence = (
        f"De senaste {watchlist.one_month_days} dagarna: {texts.percent(sums.valid_rate)} giltig"
        f" och {texts.percent(sums.invalid_rate)} ogiltig frånvaro på {days}"
    )
    if sums.reported_minutes == sums.scheduled_minutes:
        return f"{sentence}. All lektionstid är rapporterad."
    return f"{sentence}. {texts.percent(sums.coverage)} av lektionstiden är rapporterad."


def _other_windows(watchlist: Watchlist, pupil: PupilRow) -> str:
    parts = []
    if pupil.two_months.rate is not None:
        share = texts.percent(pupil.two_months.rate)
        parts.append(f"{headings.over(headings.H_ABSENCE, watchlist.two_months_days)}: {share}")
    month, window = pupil.calendar_month, watchlist.calendar_window
    if month is not None and month.rate is not None and window is not None:
        parts.append(f"{texts.month_heading(window[0])}: {texts.percent(month.rate)}")
    return ". ".join(parts) + "." if parts else ""


def _since(watchlist: Watchlist, pupil: PupilRow) -> str:
    if pupil.history is None or not watchlist.compared_with:
        return ""
    lines = change_texts.change(pupil.history).split("\n")
    return f"{change_texts.heading(watchlist)}: {', '.join(lines)}."


def notes(watchlist: Watchlist, pupil: PupilRow) -> tuple[Note, ...]:
    """What can come of the rules, and how the absence lies."""
    # A list remembered from before has neither.
    if pupil.ahead is None:
        return ()
    rules = rules_by_name(watchlist)
    found = (
        Note(headings.AHEAD, outlook_texts.outlook_lines(pupil, rules)),
        Note(headings.PATTERN, pattern_texts.sentences(pupil.pattern)),
    )
    return tuple(note for note in found if note.lines)
