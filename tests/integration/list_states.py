"""A school's list without what it says of disputes, to be compared with the same list before.

Not here: any expectation.
"""

from __future__ import annotations

from dataclasses import replace

from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.swedish.dispute_texts import NOTICES


def without_disputes(watchlist: Watchlist) -> Watchlist:
    """Return a list without what it says of disputes: its notices, and on the pupils' rows."""
    ends = tuple(text.rpartition("}")[2] for text in NOTICES.values())
    return replace(
        watchlist,
        notices=tuple(notice for notice in watchlist.notices if not notice.endswith(ends)),
        pupils=_undisputed(watchlist.pupils),
        insufficient=_undisputed(watchlist.insufficient),
    )


def _undisputed(rows: tuple[PupilRow, ...]) -> tuple[PupilRow, ...]:
    return tuple(replace(row, is_disputed=False) for row in rows)
