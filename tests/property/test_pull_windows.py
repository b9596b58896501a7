"""Whatever changes when, and whichever windows fail: after one good pull, everything has come."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.pull.sources import Source
from assets.pull.state import PullState
from assets.pull.windows import STOCKHOLM, PullWindow, windows_of
from tests.examples import examples

FIRST_DAY = datetime(2026, 8, 20, 1, tzinfo=UTC)
ENDPOINTS = ("persons", "calendarEvents", "attendances", "aggregatedAttendance")


class Version(NamedTuple):
    """One word about an object: of a lesson that starts then, said then."""

    number: int
    starts: datetime
    modified: datetime


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(STOCKHOLM):%Y-%m}"


def server_answers(window: PullWindow, now: dict[int, Version]) -> set[Version]:
    """Return what a server as strict as the standard gives of its objects."""
    asked = window.parameters
    after = asked.get("meta.modified.after")
    before = asked.get("meta.modified.before")
    first, last = asked.get("startTime.onOrAfter"), asked.get("startTime.onOrBefore")
    return {
        one
        for one in now.values()
        if (after is None or one.modified > datetime.fromisoformat(after))
        and (before is None or one.modified <= datetime.fromisoformat(before))
        and (first is None or one.starts >= datetime.fromisoformat(first))
        and (last is None or one.starts <= datetime.fromisoformat(last))
    }


changes = st.tuples(st.integers(0, 5), st.integers(-60, 150))
# Hours until it happens; an object that changes, or after how many windows a pull breaks off.
# At most ten months in all: events that are older than 13 months are asked for no more.
steps = st.lists(
    st.tuples(st.integers(0, 24 * 12), st.one_of(changes, st.integers(0, 6))), max_size=25
)


@settings(max_examples=examples(60), deadline=None)
@given(steps, st.integers(0, 3), st.integers(0, 120), st.booleans())
def test_the_newest_word_of_every_object_has_come_after_a_good_pull(
    happened: list[tuple[int, tuple[int, int] | int]],
    months_back: int,
    overlap: int,
    filters: bool,
) -> None:
    source = Source(
        name="skola",
        base_url="https://skola.example.se",
        endpoints=ENDPOINTS,
        months_back=months_back,
        overlap_minutes=overlap,
        modified_filter=filters,
    )
    moment = FIRST_DAY
    objects = {
        number: Version(number, moment + timedelta(days=9 * number - 20), moment)
        for number in range(6)
    }
    come: dict[str, set[Version]] = {name: set() for name in ENDPOINTS}
    months: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:

        def pull(most_windows: int) -> None:
            for endpoint in ENDPOINTS:
                state = PullState.of(Path(folder), source.base_url)
                for number, window in enumerate(windows_of(source, endpoint, state, moment)):
                    if number == most_windows:
                        break
                    if endpoint == "aggregatedAttendance":
                        months.add(window.name)
                    else:
                        come[endpoint] |= server_answers(window, objects)
                    state.remember(window.cursor, window.good_until, f"{moment}{window}")

        pull(100)
        for hours, what in happened:
            moment += timedelta(hours=hours, seconds=1)
            if isinstance(what, int):
                pull(what)
            else:
                number, days = what
                objects[number] = Version(number, FIRST_DAY + timedelta(days=days), moment)
        moment += timedelta(hours=1)
        pull(100)

    newest = set(objects.values())
    assert newest <= come["persons"]
    assert newest <= come["attendances"]
    first, present = month_of(FIRST_DAY), month_of(moment)
    due = {one for one in newest if first <= month_of(one.starts) <= present}
    assert due <= come["calendarEvents"]
    over = {f"{2026 + n // 12}-{n % 12 + 1:02d}" for n in range(7, 12 * 3)}
    assert {month for month in over if month < present} <= months
