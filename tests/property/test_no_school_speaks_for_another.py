"""No files of a school without rights change another school's list, whatever they say.

A sends rosters with any dates, lessons with guessed ids, sums, registers, changed numbers, breaks
and complete files, with any time of export. B's list, rates and verdicts are compared with those of
the same home without A's files. The pupils of B are enrolled there for all days that count: of
others A may speak as of anybody. Not here: protection, which anybody may set.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.senders.senders import Right, Sender, Senders
from assets.flags.answers import rates_answer
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.complete_files import COLUMNS, WITH_COLUMN
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, ROSTER, USUAL, put, text_of
from tests.integration.list_states import without_disputes

AS_OF = date(2026, 10, 31)
RULES = rule_set_on("stockholm", AS_OF)
A, B = "99999901", "99999902"
SENDERS = (
    Sender(name="a", school_units=frozenset({A}), rights=frozenset(), is_declared=True),
    Sender(name="b", school_units=frozenset({B}), rights=frozenset(), is_declared=True),
    Sender(name="register", rights=frozenset(Right), is_declared=True),
)
#: Often absent; never; on the roster without a lesson. The fourth is A's own.
OF_B, OF_A = PUPILS[:3], PUPILS[3]
STARTS = {OF_B[0]: "", OF_B[1]: "2022-08-15", OF_B[2]: "2026-07-01"}
DAYS = [day for n in range(31) if (day := date(2026, 10, 1) + timedelta(n)).weekday() < 5]
STAMP = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 1, tzinfo=UTC))
Row = Mapping[str, object]
Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class HostileFile:
    """A file of A: what it holds, its rows as drawn, when it says that it was made."""

    kind: str
    stamp: str
    rows: tuple[tuple[Any, ...], ...]


def _lesson(civic: str, school: str, day: date, hour: int, **cells: object) -> dict[str, object]:
    times = {"start": f"{hour:02d}:20", "end": f"{hour + 1:02d}:20", "date": day.isoformat()}
    present = {"present": "60", "valid": "0", "invalid": "0"}
    return {**USUAL, **times, **present, "civic": civic, "school": school, **cells}


ABSENT: dict[str, object] = {"present": "0", "invalid": "60"}


def lessons_of_b() -> list[Row]:
    return [
        _lesson(civic, B, day, hour, lesson_id=f"{civic[-2:]}{day:%d}{hour}",
                **(ABSENT if civic == OF_B[0] and day.day % 2 else {}))
        for civic in OF_B[:2] for day in DAYS for hour in (8, 10)
    ]  # fmt: skip


def roster_of_b(stamp: str, folder: Path) -> Path:
    rows = [USUAL | {"civic": c, "school": B, "starts": STARTS[c], "given": "Bo"} for c in OF_B]
    return put(folder, f"elever_{stamp}.csv", text_of(rows, ROSTER))


def written(file: HostileFile, folder: Path, number: int) -> Path:
    """Write a file of A."""
    name = f"{number}_{file.kind}_{file.stamp}.csv"
    if file.kind == "summor":
        name = f"manadssummor_{A}_2026-{9 + number % 2:02d}_{file.stamp}.csv"
    return put(folder, name, _TEXTS[file.kind](file.rows))


def _roster(rows: Rows) -> str:
    said = {"class": "1A", "grade": "1", "given": "Hostila", "mentor": "Hostil Mentor"}
    return text_of(
        [
            USUAL | {"civic": civic, "school": school, "starts": first, "ends": last} | said
            for civic, school, first, last, _ in rows
        ],
        ROSTER,
    )


def _sums(rows: Rows) -> str:
    header = "Elev,Klass,Årskurs,Personnummer,Undv. tid,Lekt.,N min,GF min,F min"
    by_pupil = {civic: how for civic, *_, how in rows}
    lines = [f'"X, Y",1A,1,{civic},6000,90,{how * 600},0,0' for civic, how in by_pupil.items()]
    return "\n".join([header, *lines, ""])


def _register(rows: Rows) -> str:
    return text_of(
        [USUAL | {"school": school, "school_name": "Kapad"} for _, school, *_ in rows], REGISTER
    )


def _merges(rows: Rows) -> str:
    lines = [f"{civic};{OF_A};2026-09-01" for civic, *_ in rows]
    return "\r\n".join(["Gammalt personnummer;Nytt personnummer;Datum", *lines, ""])


def _breaks(rows: Rows) -> str:
    schools = [code for _, school, *_ in rows for code in (school, "")]
    lines = [f"{code};2026-10-01;2026-10-30;Lov" for code in schools]
    return "\r\n".join(["Skolenhetskod;Första dag;Sista dag;Namn", *lines, ""])


#: Present, absent, unreported, cancelled, and a lesson over all others of the day.
_ATTENDANCE: tuple[dict[str, object], ...] = (
    {},
    ABSENT,
    {"reported": "Nej", "present": ""},
    {"cancelled": "Ja"},
    {"length": "600", "present": "600", "end": "18:20"},
)


def _lessons_of_a(rows: Rows) -> list[Row]:
    """Two lessons a row, every other with the id of B's."""
    said = {"class": "1A", "given": "Hostila"}
    return [
        _lesson(
            civic, school, day, hour, lesson_id=guess if n % 2 else "", **said | _ATTENDANCE[how]
        )
        for n, (civic, school, _, _, how) in enumerate(rows)
        for day in (DAYS[n % len(DAYS)],)
        for hour in (8, 10)
        for guess in (f"{civic[-2:]}{day:%d}{hour}",)
    ]


_TEXTS: Mapping[str, Callable[[Rows], str]] = {
    "elever": _roster,
    "summor": _sums,
    "skolor": _register,
    "byten": _merges,
    "lov": _breaks,
    "lektioner": lambda rows: text_of(_lessons_of_a(rows), EVERY),
    "hel": lambda rows: text_of(
        [{**row, "Antal rader": 2 * len(rows)} for row in _lessons_of_a(rows)], COLUMNS
    ),
}


def lake_of_b(home: Path, inbox: Path) -> None:
    """Make a home with the register and B's files."""
    put(inbox / "register", "skolor_20261001T0300.csv",
        text_of([USUAL | {"school": c, "school_name": c} for c in (A, B)], REGISTER))  # fmt: skip
    roster_of_b("20261001T0400", inbox / "b")
    put(inbox / "b", "lektioner_20261031T0500.csv", text_of(lessons_of_b(), EVERY))
    with Lake.open(settings_of(home)) as lake:
        take(lake, inbox, day=1)


def take(lake: Lake, inbox: Path, day: int) -> None:
    clock = datetime(2026, 11, day, 5, tzinfo=UTC).timestamp()
    ingest_paths(
        lake, [inbox], layouts=WITH_COLUMN, senders=Senders(named=SENDERS, folders=(inbox,)),
        intake=Intake(now=lambda: clock),
    )  # fmt: skip


def said_of_b(lake: Lake) -> dict[str, Any]:
    """Return what is known of B: its list, its pupils' rates and verdicts."""
    refresh_sums(lake)
    numbers = {civic.replace("-", "") for civic in OF_B}
    rates = rates_answer(lake, date(2026, 10, 1), RULES, identities=True).rows
    evaluation = evaluate_flags(lake, AS_OF, RULES)
    verdicts = lake.rows(
        f"SELECT * FROM {evaluation.verdicts} WHERE school_unit_code = '{B}' ORDER BY ALL"
    )
    lists = collect(lake, evaluation, STAMP, {}, states=WeekStates({}, {}, [])).watchlists
    return {
        "rates": sorted(str(row) for row in rates if row["civic_no"] in numbers),
        "verdicts": verdicts,
        "list": [without_disputes(one) for one in lists if one.school_unit_code == B],
        "names of others": [one.school_name for one in lists],
    }


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("honest")
    lake_of_b(folder / "home", folder / "inbox")
    with Lake.open(settings_of(folder / "home")) as lake:
        said = said_of_b(lake)
    (watchlist,) = said["list"]
    assert [row.given_name for row in watchlist.pupils]  # somebody is flagged
    return folder / "home", said


rows = st.tuples(
    st.sampled_from((*OF_B, OF_A)),
    st.sampled_from((A, A, A, B)),
    st.sampled_from(("", "2018-08-20", "2026-07-01", "2026-10-20", "2027-01-01")),
    st.sampled_from(("", "2026-10-02", "2027-06-01")),
    st.integers(0, 4),
)
kinds = st.sampled_from(
    ("elever", "elever", "lektioner", "lektioner", "summor", "skolor", "byten", "lov", "hel")
)
hostile_files = st.builds(
    HostileFile,
    kinds,
    st.sampled_from(("19990101T0400", "20261101T0400", "20620101T0400")),
    st.lists(rows, min_size=1, max_size=12).map(tuple),
)
ALL_OF_B = tuple((civic, A, "", "", n) for n, civic in enumerate(OF_B))
WORST = (
    HostileFile("elever", "20261101T0400", ALL_OF_B),
    HostileFile("lektioner", "20261101T0400", (*ALL_OF_B, *((c, A, "", "", 4) for c in OF_B))),
    HostileFile("summor", "20261101T0400", ALL_OF_B),
    HostileFile("hel", "20261102T0400", ALL_OF_B[::-1]),
)


@example(files=WORST, resends=True)
@example(files=WORST[1:], resends=False)
@settings(max_examples=examples(3), deadline=None)
@given(files=st.lists(hostile_files, min_size=1, max_size=4).map(tuple), resends=st.booleans())
def test_no_files_of_one_school_change_the_list_of_another(
    honest: tuple[Path, dict[str, Any]], files: Sequence[HostileFile], *, resends: bool
) -> None:
    home, said = honest
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(home, folder / "home")
        for number, file in enumerate(files):
            written(file, folder / "inbox" / "a", number)
            with Lake.open(settings_of(folder / "home")) as lake:
                take(lake, folder / "inbox", day=2 + number)
                if resends and number == 0:
                    roster_of_b("20261102T0400", folder / "inbox" / "b")
        with Lake.open(settings_of(folder / "home")) as lake:
            take(lake, folder / "inbox", day=9)
            found = said_of_b(lake)
    assert found == said
