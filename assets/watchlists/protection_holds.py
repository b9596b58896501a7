"""Which lists wait because nobody could read who is protected, and what lists say of it.

Not here: when such a column is met and when it is settled (`assets/exports/unread_columns.py`).
"""

from __future__ import annotations

from dataclasses import replace

from assets.lake import Lake
from assets.watchlists import notice_texts, texts
from assets.watchlists.holds import Unlike


def unread_protection(lake: Lake) -> dict[str, Unlike]:
    """Return why lists wait, by school unit code; only schools whose lists do."""
    found: dict[str, Unlike] = {}
    rows = lake.relation("watchlists/unread_protection")
    for code, _, exported_at in rows.iter_rows():
        reason = notice_texts.UNREAD_PROTECTION.format(exported=texts.day(exported_at.date()))
        before = found.get(code, Unlike())
        found[code] = replace(before, held=tuple(dict.fromkeys((*before.held, reason))))
    return found
