"""What is asked of each endpoint: query parameters, window by window.

Names are those of the standard's OpenAPI (SS12000:2020, API 2.1.0):

- `meta.modified.after` excludes its moment, `meta.modified.before` includes it, so that windows of
  modification join without a gap.
- `calendarEvents` must be asked with `startTime.onOrAfter` and `startTime.onOrBefore`.
- `attendances` knows no lesson date, only `meta.*`: its first pull goes by month of modification.
- `aggregatedAttendance` must be asked with `startDate` and `endDate`, and knows no `meta`. Only
  months that are over are asked for: a part of a month would look like a month of little teaching.
- `deletedEntities` is asked with `after`; its first pull asks for all that was ever taken away.

Not here: HTTP, files. No clock: the moment of the pull comes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assets.pull.sources import Source
from assets.pull.state import PullState

STOCKHOLM = ZoneInfo("Europe/Stockholm")
#: Months of events that are asked for again: a school year and the month before it.
MOST_MONTHS = 13
_STARTS = ("startTime.onOrAfter", "startTime.onOrBefore")


@dataclass(frozen=True)
class PullWindow:
    """One file's worth of an endpoint.

    Attributes:
        endpoint: path under the base address.
        name: part of the file's name: `all`, `changes`, or a month.
        parameters: of the first page.
        cursor: what `PullState` remembers it under.
        good_until: what is remembered when all of it has come.
        required: the parameters that the standard requires of every question.
    """

    endpoint: str
    name: str
    parameters: dict[str, str]
    cursor: str
    good_until: datetime
    required: tuple[str, ...] = ()


def windows_of(
    source: Source, endpoint: str, state: PullState, now: datetime
) -> Iterator[PullWindow]:
    """Yield what is to be asked of an endpoint, oldest first.

    Args:
        source: the server.
        endpoint: one of its endpoints.
        state: what came before; the next window is planned after the last one is remembered.
        now: the moment the pull began, with a zone.
    """
    if endpoint == "calendarEvents":
        yield from _events(source, state, now)
    elif endpoint == "attendances":
        yield from _attendances(source, state, now)
    elif endpoint == "aggregatedAttendance":
        yield from _aggregates(source, state, now)
    elif endpoint == "deletedEntities":
        cursor = state.cursor(endpoint)
        after = {"after": _moment(_overlapped(source, cursor))} if cursor else {}
        yield PullWindow(endpoint, "changes" if cursor else "all", after, endpoint, now)
    else:
        since = _since(source, state.cursor(endpoint))
        yield PullWindow(
            endpoint,
            "changes" if since else "all",
            {"meta.modified.after": _moment(since)} if since else {},
            endpoint,
            now,
        )


def _events(source: Source, state: PullState, now: datetime) -> Iterator[PullWindow]:
    """Yield a window a month, from the first that ever came to the present one.

    Each month has a cursor of its own: a lesson of December that was planned in August comes when
    December does, although nobody changed it since.
    """
    present = _month(now)
    first = min([_months_before(present, source.months_back), *state.months("calendarEvents")])
    first = max(first, _months_before(present, MOST_MONTHS - 1))
    while first <= present:
        following = _months_before(first, -1)
        cursor = f"calendarEvents/{first:%Y-%m}"
        since = _since(source, state.cursor(cursor))
        parameters = {
            "startTime.onOrAfter": _moment(_midnight(first)),
            "startTime.onOrBefore": _moment(_midnight(following) - timedelta(seconds=1)),
        } | ({"meta.modified.after": _moment(since)} if since else {})
        yield PullWindow("calendarEvents", f"{first:%Y-%m}", parameters, cursor, now, _STARTS)
        first = following


def _attendances(source: Source, state: PullState, now: datetime) -> Iterator[PullWindow]:
    """Yield windows of modification that end with a month, the last one open.

    The cursor moves with each of them, so a first pull that was broken off goes on where it was.
    """
    start = _midnight(_months_before(_month(now), source.months_back))
    if not source.modified_filter:
        yield PullWindow("attendances", "all", {}, "attendances", now)
        return
    since = _since(source, state.cursor("attendances")) or start
    while (end := _midnight(_months_before(_month(since), -1))) < now:
        parameters = {"meta.modified.after": _moment(since), "meta.modified.before": _moment(end)}
        yield PullWindow("attendances", f"{since:%Y-%m}", parameters, "attendances", end)
        since = end
    name = "changes" if state.cursor("attendances") else f"{since:%Y-%m}"
    yield PullWindow(
        "attendances", name, {"meta.modified.after": _moment(since)}, "attendances", now
    )


def _aggregates(source: Source, state: PullState, now: datetime) -> Iterator[PullWindow]:
    """Yield the months that are over: all of the first pull's, then the last few once more."""
    present = _month(now)
    known = set(state.months("aggregatedAttendance"))
    # A server that was away for half a year is asked for all of it.
    missed = _months_between(max(known), present) if known else 0
    # At least the last one, or a month that ends after the first pull would never be asked for.
    for back in range(max(source.months_back, missed, 1), 0, -1):
        first = _months_before(present, back)
        if first in known and back > source.months_again:
            continue
        last = _months_before(first, -1) - timedelta(days=1)
        yield PullWindow(
            "aggregatedAttendance",
            f"{first:%Y-%m}",
            {"startDate": first.isoformat(), "endDate": last.isoformat()},
            f"aggregatedAttendance/{first:%Y-%m}",
            now,
            ("startDate", "endDate"),
        )


def _since(source: Source, cursor: datetime | None) -> datetime | None:
    if cursor is None or not source.modified_filter:
        return None
    return _overlapped(source, cursor)


def _overlapped(source: Source, cursor: datetime) -> datetime:
    # Their clock is not ours, and an object may be written before it can be asked for.
    return (cursor - timedelta(minutes=source.overlap_minutes)).astimezone(STOCKHOLM)


def _month(moment: datetime) -> date:
    return moment.astimezone(STOCKHOLM).date().replace(day=1)


def _months_before(month: date, count: int) -> date:
    months = month.year * 12 + month.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), STOCKHOLM)


def _moment(moment: datetime) -> str:
    """Return a moment as RFC 3339 writes it, with Stockholm's offset."""
    return moment.astimezone(STOCKHOLM).isoformat(timespec="seconds")
