"""What a pupil's row folds out to below the table of verdicts: comparisons and notes.

The same evidence that `trappan explain` gives, in Swedish. Not here: wording (`outlook_texts.py`,
`pattern_texts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assets.flags.exact_numbers import Bound
from assets.watchlists.model import Evidence, PupilRow, Watchlist
from assets.watchlists.outline import ListColumn, Value, rules_by_name
from assets.watchlists.swedish import headings as h
from assets.watchlists.swedish import outlook_texts, pattern_texts, rule_texts


@dataclass(frozen=True)
class Note:
    """A heading with lines under it."""

    heading: str
    lines: tuple[str, ...]


def comparison_columns(watchlist: Watchlist) -> tuple[ListColumn[Evidence], ...]:
    """Every verdict's three comparisons written out, for who wants to do them by hand."""
    rules = rules_by_name(watchlist)

    def written(bound: Bound) -> Callable[[Evidence], Value]:
        return lambda item: outlook_texts.written(item, rules[item.rule], bound)

    return (
        ListColumn(h.H_LIMIT, "name", 30, lambda e: rule_texts.rule_name(rules[e.rule])),
        ListColumn(h.H_WINDOW, "text", 24, lambda e: rule_texts.window(e, rules[e.rule])),
        ListColumn(h.H_COMPARED, "text", 40, written("rate")),
        ListColumn(h.H_COMPARED_LEAST, "text", 40, written("lower")),
        ListColumn(h.H_COMPARED_MOST, "text", 40, written("upper")),
    )


def notes(watchlist: Watchlist, pupil: PupilRow) -> tuple[Note, ...]:
    """What can come of the rules, and how the absence lies."""
    # A list remembered from before has neither.
    if pupil.ahead is None:
        return ()
    rules = rules_by_name(watchlist)
    found = (
        Note(h.AHEAD, outlook_texts.outlook_lines(pupil, rules)),
        Note(h.PATTERN, pattern_texts.sentences(pupil.pattern)),
    )
    return tuple(note for note in found if note.lines)
