"""Which lists wait because the school has sent nothing new, and what they say of it.

Reads what `school_silences` has for the as_of. Not here: when a school is silent
(`assets/checks/silence.py`).
"""

from __future__ import annotations

from datetime import date

from assets.lake import Lake
from assets.watchlists import notice_texts, texts
from assets.watchlists.holds import Unlike


def silences(lake: Lake, as_of: date) -> dict[str, Unlike]:
    """Return the silent schools whose list waits at as_of, by school unit code."""
    return {
        code: Unlike(held=(sentence(kind, newest, missing, confirmed),))
        for code, kind, newest, missing, confirmed in lake.rows(
            "SELECT school_unit_code, kind, newest_date, missing_days, confirmed_days "
            "FROM school_silences WHERE as_of_date = $as_of AND is_held ORDER BY ALL",
            as_of=as_of,
        )
    }


def sentence(kind: str, newest: date, missing: int, confirmed: int) -> str:
    """Say what has not come, and whether other schools have it.

    Args:
        kind: `lessons` or `sums`.
        newest: the newest date of which there is something.
        missing: school days (months, of sums) without a word.
        confirmed: those of them that other schools have lessons of.
    """
    if kind == "sums":
        months = "1 månad" if missing == 1 else f"{missing} månader"
        return notice_texts.SILENT_SUMS.format(newest=texts.day(newest), months=months)
    days = "1 skoldag" if missing == 1 else f"{missing} skoldagar"
    wording = notice_texts.SILENT_OTHERS_SEND if confirmed else notice_texts.SILENT_ALL
    return wording.format(newest=texts.day(newest), days=days)
