"""Which lists wait because a school's newest data is unlike its norm, and what lists say of it.

Reads what `school_contracts` has for the as_of. Not here: when a day is unlike the norm
(`assets/checks/school_contract.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from assets.lake.connection import Lake
from assets.watchlists.swedish import notice_texts, texts

_DAYS_SHOWN = 5


@dataclass(frozen=True)
class Unlike:
    """What of a school's latest days is unlike its norm, as Swedish sentences.

    Attributes:
        held: why the list waits; empty when it does not.
        mentioned: what the list says all the same.
    """

    held: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()

    def __add__(self, other: Unlike) -> Unlike:
        """Both of what two sources found."""
        return Unlike((*self.held, *other.held), (*self.mentioned, *other.mentioned))


def together(*sources: Mapping[str, Unlike]) -> dict[str, Unlike]:
    """Return by school unit code what several sources found, in their order."""
    found: dict[str, Unlike] = defaultdict(Unlike)
    for source in sources:
        for code, unlike in source.items():
            found[code] += unlike
    return dict(found)


def unlike_norm(lake: Lake, as_of: date) -> dict[str, Unlike]:
    """Return what was found at as_of, by school unit code; only schools with a finding."""
    found: dict[tuple[str, str, str], list[tuple[date, str]]] = defaultdict(list)
    for code, severity, clause, day, value in lake.rows(
        "SELECT school_unit_code, severity, clause, lesson_date, found FROM school_contracts "
        "WHERE as_of_date = $as_of ORDER BY ALL",
        as_of=as_of,
    ):
        found[code, severity, clause].append((day, value))
    sentences: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (code, severity, clause), days in found.items():
        sentences[code, severity].append(sentence(clause, days))
    return {
        code: Unlike(tuple(sentences[code, "hold"]), tuple(sentences[code, "tell"]))
        for code in {code for code, _, _ in found}
    }


def sentence(clause: str, days: Sequence[tuple[date, str]]) -> str:
    """Say what a clause found on some days: of shares the one furthest from the norm.

    Args:
        clause: as `school_contracts` names it.
        days: dates and what was found there.
    """
    if clause == "class_vanished":
        classes = sorted({name for _, names in days for name in names.split(", ")})
        value = ", ".join(classes)
    else:
        shares = [Fraction(share) for _, share in days]
        value = texts.percent(min(shares) if clause == "fewer_rows" else max(shares))
    dates = [day for day, _ in days]
    listed = texts.short_days(dates[-_DAYS_SHOWN:])
    if len(dates) > _DAYS_SHOWN:
        listed = f"{len(dates)} dagar, senast {listed}"
    return notice_texts.UNLIKE_NORM[clause].format(days=listed, value=value)


# Which lists wait because nobody could read who is protected, and what lists say of it.


def unread_protection(lake: Lake) -> dict[str, Unlike]:
    """Return why lists wait, by school unit code; only schools whose lists do."""
    found: dict[str, Unlike] = {}
    rows = lake.relation("watchlists/unread_protection")
    for code, _, exported_at in rows.iter_rows():
        reason = notice_texts.UNREAD_PROTECTION.format(exported=texts.day(exported_at.date()))
        before = found.get(code, Unlike())
        found[code] = replace(before, held=tuple(dict.fromkeys((*before.held, reason))))
    return found


# Which lists wait because the school has sent nothing new, and what they say of it. Reads what
# `school_silences` has for the as_of.


def silences(lake: Lake, as_of: date) -> dict[str, Unlike]:
    """Return the silent schools whose list waits at as_of, by school unit code."""
    return {
        code: Unlike(held=(silence_sentence(kind, newest, missing, confirmed),))
        for code, kind, newest, missing, confirmed in lake.rows(
            "SELECT school_unit_code, kind, newest_date, missing_days, confirmed_days "
            "FROM school_silences WHERE as_of_date = $as_of AND is_held ORDER BY ALL",
            as_of=as_of,
        )
    }


def silence_sentence(kind: str, newest: date, missing: int, confirmed: int) -> str:
    """Say what has not come, and whether other schools have it.

    Args:
        kind: `lessons` or `sums`.
        newest: the newest date of which there is something.
        missing: school days (months, of sums) without a word.
        confirmed: those of them that other schools have lessons of.
    """
    if kind == "sums":
        months = notice_texts.months(missing)
        return notice_texts.SILENT_SUMS.format(newest=texts.day(newest), months=months)
    days = "1 skoldag" if missing == 1 else f"{missing} skoldagar"
    wording = notice_texts.SILENT_OTHERS_SEND if confirmed else notice_texts.SILENT_ALL
    return wording.format(newest=texts.day(newest), days=days)
