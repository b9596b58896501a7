"""The days of which a file of absences speaks: a line above its header says them, or its name.

They are never taken from its rows: a correction of two rows would speak of all the days between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from assets.exports.readers.layouts import Layout

#: A period of more days than a school year has a wrong date in it.
_MOST_DAYS = 366
_DAY = re.compile(r"(20\d\d)[-/.]?(\d\d)[-/.]?(\d\d)", re.ASCII)
# In a name: `franvaro_99999901_2026-10-05_2026-10-11_20261012T0400.csv`, or a month.
_DAYS_IN_NAME = re.compile(r"(?:^|_)(20\d\d-\d\d-\d\d)_(20\d\d-\d\d-\d\d)(?=[_.])", re.ASCII)
_MONTH_IN_NAME = re.compile(r"(?:^|_)(20\d\d)-(\d\d)(?=[_.])", re.ASCII)


def covered_period(
    layout: Layout, file_name: str, above: Iterable[Sequence[str]]
) -> tuple[date, date] | None:
    """Return the first and the last day of which a file of absences speaks; None if nothing tells.

    Args:
        layout: the file's.
        file_name: as it was offered.
        above: the cells of the lines above its header.
    """
    if layout.covers is None:
        return None
    if not layout.covers.period:
        return _in_name(file_name)
    for cells in above:
        said = layout.covers.form.taken_apart(" ".join(filter(None, map(str.strip, cells))))
        if said:
            return _period(_day(said["first_date"]), _day(said["last_date"]))
    return None


def _in_name(name: str) -> tuple[date, date] | None:
    if found := _DAYS_IN_NAME.search(name):
        return _period(_day(found[1]), _day(found[2]))
    if found := _MONTH_IN_NAME.search(name):
        year, month = int(found[1]), int(found[2])
        if 1 <= month <= 12:
            following = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1), date.fromordinal(following.toordinal() - 1)
    return None


def _period(first: date | None, last: date | None) -> tuple[date, date] | None:
    if first is None or last is None or not 0 <= (last - first).days < _MOST_DAYS:
        return None
    return first, last


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
