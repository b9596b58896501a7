"""Month partitions: their keys, and ranges of them."""

from __future__ import annotations

import re
from datetime import date

from assets.absence.assets import months

_MONTH = re.compile(r"(\d{4})-(\d{2})")


def month_of(text: str) -> date:
    """Return the first day of a month given as YYYY-MM.

    Raises:
        ValueError: with a message for the command line.
    """
    match = _MONTH.fullmatch(text)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"'{text}' is not a month. Expected YYYY-MM, such as 2026-10.")
    return date(int(match[1]), int(match[2]), 1)


def partition_range(first: date, last: date) -> dict[str, str]:
    """Return the run tags that name a range of months.

    Raises:
        ValueError: the range is empty, or reaches outside the partitions.
    """
    keys = months.get_partition_keys()
    if first > last:
        raise ValueError(f"--from {first:%Y-%m} is after --to {last:%Y-%m}.")
    for month in (first, last):
        if month.isoformat() not in keys:
            raise ValueError(
                f"{month:%Y-%m} is outside the months that can be backfilled: {keys[0][:7]} to "
                f"{keys[-1][:7]}."
            )
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
