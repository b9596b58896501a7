"""Records that stand and lessons that are disputed are those of the oracle, after any runs.

Three senders without rights, one of them with two schools, and a register say records of the same
pupils, in any run, with any dates and any time of export.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.senders.senders import Right, Sender, Senders
from assets.flags.answers import identity_numbers
from assets.lake.connection import Lake
from assets.lake.standing import find_standing
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.ingest_files import EVERY, PUPILS, ROSTER, USUAL, put, text_of
from tests.oracle.disputes import REGISTER, Word, is_disputed, standing_on

DAYS = [date(2026, 10, 1) + timedelta(n) for n in range(9)]
SCHOOLS = {"99999901": "a", "99999902": "b", "99999903": "c", "99999904": "c"}
SENDERS = (
    *(
        Sender(name, frozenset(s for s in SCHOOLS if SCHOOLS[s] == name), rights=frozenset(),
               is_declared=True)
        for name in "abc"
    ),
    Sender(REGISTER, rights=frozenset(Right), is_declared=True),
)  # fmt: skip
RUNS = 3


@st.composite
def histories(draw: st.DrawFn) -> list[Word]:
    """Draw what is said of each pupil, each record once a sender and run."""
    stamps = iter(draw(st.permutations(range(200))))
    times: dict[tuple[int, str], datetime] = defaultdict(
        lambda: datetime(2026, 10, 20) + timedelta(minutes=next(stamps))  # noqa: DTZ001
    )
    words: dict[tuple[object, ...], Word] = {}
    for pupil in PUPILS:
        for _ in range(draw(st.integers(1, 7))):
            run = draw(st.integers(0, RUNS - 1))
            school = draw(st.sampled_from(list(SCHOOLS)))
            sender = draw(st.sampled_from((SCHOOLS[school], SCHOOLS[school], REGISTER)))
            start = draw(st.sampled_from((None, None, DAYS[2], DAYS[5])))
            end = draw(st.sampled_from((None, None, DAYS[3], DAYS[6], DAYS[7])))
            if start and end and end < start:
                end = None
            word = Word(run, sender, pupil, school, start, end, times[run, sender])
            words.setdefault((run, sender, *word.key), word)
    return list(words.values())


def roster(words: Sequence[Word]) -> str:
    return text_of(
        [
            USUAL | {"civic": word.pupil, "school": word.school,
                     "starts": word.start or "", "ends": word.end or ""}
            for word in words
        ],
        ROSTER,
    )  # fmt: skip


def lessons(sender: str, school: str) -> str:
    hour = 8 + 2 * list(SCHOOLS).index(school) + (sender == REGISTER)
    return text_of(
        [
            USUAL | {"civic": pupil, "school": school, "date": day.isoformat(),
                     "start": f"{hour:02d}:00", "end": f"{hour:02d}:40", "length": "40",
                     "present": "40", "invalid": "0"}
            for pupil in PUPILS for day in DAYS
        ],
        EVERY,
    )  # fmt: skip


@settings(max_examples=examples(3), deadline=None)
@given(words=histories())
def test_what_stands_and_what_is_disputed_equals_the_oracle(words: list[Word]) -> None:
    with tempfile.TemporaryDirectory() as place:
        inbox = Path(place) / "inbox"
        with Lake.open(settings_of(Path(place) / "home")) as lake:
            for run in range(RUNS):
                for sender in ("a", "b", "c", REGISTER):
                    mine = [word for word in words if (word.run, word.sender) == (run, sender)]
                    if mine:
                        name = f"{run}_{mine[0].exported_at:%Y%m%dT%H%M}.csv"
                        put(inbox / sender, name, roster(mine))
                if run == 1:
                    for school, sender in SCHOOLS.items():
                        put(inbox / sender, f"l{school}_20261012T0400.csv", lessons(sender, school))
                    put(inbox / REGISTER, "l_20261012T0400.csv", lessons(REGISTER, "99999901"))
                clock = datetime(2026, 11, 1 + run, tzinfo=UTC).timestamp()
                reports = ingest_paths(
                    lake, [inbox] if inbox.exists() else [], intake=Intake(now=lambda: clock),  # noqa: B023
                    senders=Senders(named=SENDERS, folders=(inbox,)),
                )  # fmt: skip
                assert not sum(report.rows_rejected for report in reports)
                refresh_sums(lake)
            pupils = {
                key: f"{number[:8]}-{number[8:]}" for key, number in identity_numbers(lake).items()
            }
            find_standing(lake)
            stands = {
                (day, pupils[str(key)], school, start)
                for key, school, start, first, last in lake.rows(
                    "SELECT pupil_key, school_unit_code, start_date, first_date, last_date "
                    "FROM standing_days"
                )
                for day in DAYS
                if first <= day <= last
            }
            disputed = {
                (pupils[str(key)], *rest)
                for key, *rest in lake.rows(
                    "SELECT pupil_key, school_unit_code, lesson_date, hour(starts_at) "
                    "FROM uncounted_lessons WHERE reason = 'disputed'"
                )
            }
    expected = standing_on(words, DAYS)
    assert stands == {
        (day, pupil, record.school, record.start)
        for day in DAYS
        for pupil, records in expected[day].items()
        for record in records
    }
    assert disputed == {
        (pupil, school, day, 8 + 2 * n)
        for day in DAYS
        for pupil in PUPILS
        for n, (school, sender) in enumerate(SCHOOLS.items())
        if is_disputed(expected[day].get(pupil, []), school, sender)
    }
