"""Every sender, right, layout, school and pupil: what may change, changes; nothing else does.

A cell is a sender of its own with one file, and two schools and two pupils that nobody else speaks
of. All cells lie in one home: what they said honestly is taken in one night, every attack in the
next. What each cell's schools and pupils are is compared before and after, so an attack that
reaches another cell is found there. Expected is what `may_change` says, and nothing is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from assets.absence.sums import refresh_sums
from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import ENROLLED_ELSEWHERE, FileOutcome, FileReport
from assets.exports.senders.releases import Releaser, release, waiting_lifts
from assets.exports.senders.senders import Right, Sender, Senders
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.standing import find_summed_months
from assets.simulator.identities import civic_number
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.complete_files import COLUMNS, WITH_COLUMN
from tests.integration.ingest_files import EVERY, REGISTER, ROSTER, USUAL, put, text_of
from tests.integration.list_states import without_disputes

AS_OF = date(2026, 10, 31)
RULES = rule_set_on("stockholm", AS_OF)
STAMP = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 1, tzinfo=UTC))
DAYS = [day for n in range(31) if (day := date(2026, 10, 1) + timedelta(n)).weekday() < 5]
ABSENT: Mapping[str, object] = {"present": "0", "invalid": "60"}
MARKED = "Sekretessmarkering"
Row = Mapping[str, object]

OWN, OTHER, UNKNOWN = "own", "other", "unknown"
#: What the sender may speak of: its own school, every school, or only files of another layout.
SCHOOL, TOWN, NOT_THIS_LAYOUT = "school", "town", "other layouts"
#: Layouts whose rows can say that somebody is protected.
_SAYS_PROTECTION = ("elever", "lektioner")


@dataclass(frozen=True)
class Cell:
    """A sender, the one file that it attacks with, and whom that is about.

    Attributes:
        number: of the cell.
        layout: of the file.
        reach: what the sender may speak of.
        right: the right that it has beside that.
        about: whose school its rows name.
        is_protected: whether the pupil of the other school is.
    """

    number: int
    layout: str
    reach: str
    right: Right | None
    about: str
    is_protected: bool

    @property
    def name(self) -> str:
        return f"s{self.number}"

    def school(self, whose: str) -> str:
        return str(20_000_000 + 10 * self.number + (OWN, OTHER, UNKNOWN).index(whose))

    def civic(self, whose: str) -> str:
        birth = date(2012, 1, 1) + timedelta(self.number)
        return civic_number(birth, 980 + (OWN, OTHER).index(whose))

    def key(self, lake: Lake, whose: str) -> str:
        number = self.civic(whose).replace("-", "")
        return Sealer.of_home(lake.settings.home).key_text("pupil", number)

    @property
    def sender(self) -> Sender:
        return Sender(
            self.name,
            school_units=frozenset({self.school(OWN)}) if self.reach == SCHOOL else None,
            layouts=frozenset({"frånvarosystem"}) if self.reach == NOT_THIS_LAYOUT else None,
            rights=frozenset(Right) if self.reach == NOT_THIS_LAYOUT else _only(self.right),
            is_declared=True,
        )

    @property
    def moves(self) -> bool:
        return self.right == Right.MOVE_PUPILS

    @property
    def lifts(self) -> bool:
        """Whether the pupil is protected by an earlier word of this sender of the same layout."""
        return self.is_protected and self.layout in _SAYS_PROTECTION

    def row(self, whose: str, school: str, **cells: object) -> Row:
        return {**USUAL, "civic": self.civic(whose), "school": self.school(school), **cells}

    def lesson(self, whose: str, school: str, day: date, hour: int, **cells: object) -> Row:
        times = {"start": f"{hour:02d}:20", "end": f"{hour + 1:02d}:20", "date": day.isoformat()}
        present = {"present": "60", "valid": "0", "invalid": "0"}
        return {**self.row(whose, school), **times, **present, **cells}


def _only(right: Right | None) -> frozenset[Right]:
    return frozenset() if right is None else frozenset({right})


def cells() -> list[Cell]:
    """Return every cell; a changed number names no school."""
    layouts = [(layout, about) for layout in TEXTS for about in (OWN, OTHER, UNKNOWN)
               if layout != "byten" or about == OWN]  # fmt: skip
    senders = [*product((SCHOOL, TOWN), (None, *Right)), (NOT_THIS_LAYOUT, None)]
    found = product(layouts, senders, (False, True))
    return [
        Cell(number, layout, reach, right, about, is_protected)
        for number, ((layout, about), (reach, right), is_protected) in enumerate(found)
    ]


def _sums(cell: Cell) -> str:
    header = "Elev,Klass,Årskurs,Personnummer,Undv. tid,Lekt.,N min,GF min,F min"
    return f'{header}\n"X, Y",8B,8,{cell.civic(OTHER)},6000,90,0,0,3000\n'


def _complete(cell: Cell) -> str:
    """A file that says all of a school's month, and has of its lessons none."""
    rows = [cell.lesson(OTHER, cell.about, day, 13) for day in DAYS]
    return text_of([{**row, "Antal rader": len(rows)} for row in rows], COLUMNS)


def _roster(cell: Cell, **cells: object) -> str:
    hostile = {"class": "8B", "given": "Hostil", "mentor": "Hostil Mentor"}
    return text_of([cell.row(OTHER, cell.about, **hostile, **cells)], ROSTER)


def _lessons(cell: Cell, **cells: object) -> str:
    return text_of(
        [cell.lesson(OTHER, cell.about, day, 13, **ABSENT, **cells) for day in DAYS], EVERY
    )


#: The file of an attack, by its layout.
TEXTS: Mapping[str, Callable[[Cell], str]] = {
    "elever": _roster,
    "lektioner": _lessons,
    "hel": _complete,
    "summor": _sums,
    "byten": lambda cell: (
        "Gammalt personnummer;Nytt personnummer;Datum\r\n"
        f"{cell.civic(OTHER)};{cell.civic(OWN)};2026-09-01\r\n"
    ),
    "skolor": lambda cell: text_of([cell.row(OTHER, cell.about, school_name="Kapad")], REGISTER),
    "lov": lambda cell: (
        "Skolenhetskod;Första dag;Sista dag;Namn\r\n"
        f"{cell.school(cell.about)};2026-10-01;2026-10-30;Lov\r\n"
    ),
}
CELLS = cells()


def honest_files(inbox: Path) -> None:
    """Write what the schools themselves say, and whom a sender called protected once."""
    both = [(cell, whose) for cell in CELLS for whose in (OWN, OTHER)]
    names = [cell.row(whose, whose, school_name=cell.school(whose)) for cell, whose in both]
    put(inbox / "register", "skolor_20261001T0300.csv", text_of(names, REGISTER))
    for whose in (OWN, OTHER):
        records = [
            cell.row(whose, whose, starts="2026-08-17", protected=MARKED
                     if whose == OTHER and cell.is_protected and not cell.lifts else "Ingen")
            for cell in CELLS
        ]  # fmt: skip
        put(inbox / whose, "elever_20261001T0400.csv", text_of(records, ROSTER))
        lessons = [
            cell.lesson(whose, whose, day, hour, **(ABSENT if day.day % 2 else {}))
            for cell in CELLS for day in DAYS for hour in (8, 10)
        ]  # fmt: skip
        put(inbox / whose, "lektioner_20261031T0500.csv", text_of(lessons, EVERY))
    for cell in (cell for cell in CELLS if cell.lifts):
        # Of days long before: it claims nobody of today.
        said = (
            _roster(cell, starts="2019-08-15", ends="2020-06-10", protected=MARKED)
            if cell.layout == "elever"
            else text_of([cell.lesson(OTHER, cell.about, date(2026, 6, 1), 13, protected=MARKED)],
                         EVERY)
        )  # fmt: skip
        put(inbox / cell.name, f"{cell.layout}_20261001T0400.csv", said)


def attacks(inbox: Path) -> dict[Path, Cell]:
    """Write the file of each cell."""
    stamp = "20261101T0400"
    found = {}
    for cell in CELLS:
        name = f"{cell.layout}_{stamp}.csv"
        if cell.layout == "summor":
            name = f"manadssummor_{cell.school(cell.about)}_2026-09_{stamp}.csv"
        found[put(inbox / cell.name, name, TEXTS[cell.layout](cell))] = cell
    return found


SENDERS = (
    Sender("register", rights=frozenset(Right), is_declared=True),
    *(
        Sender(
            whose,
            school_units=frozenset(cell.school(whose) for cell in CELLS),
            rights=frozenset(),
            is_declared=True,
        )
        for whose in (OWN, OTHER)
    ),
    *(cell.sender for cell in CELLS),
)


def take(lake: Lake, inbox: Path, day: int) -> dict[Path, FileReport]:
    clock = datetime(2026, 11, day, 5, tzinfo=UTC).timestamp()
    reports = ingest_paths(
        lake, [inbox], layouts=WITH_COLUMN, senders=Senders(named=SENDERS, folders=(inbox,)),
        intake=Intake(now=lambda: clock, keeps_originals=False),
    )  # fmt: skip
    return {report.path: report for report in reports}


PROTECTED = "SELECT pupil_key::VARCHAR FROM protected_pupils"
#: By what it is, and the school unit or pupil that it is of.
Known = Mapping[str, Mapping[str, Any]]


def known_of(lake: Lake) -> Known:
    """Return all that is known of the cells' schools and pupils, by what it is."""
    refresh_sums(lake)
    evaluation = evaluate_flags(lake, AS_OF, RULES)
    months = find_summed_months(lake)
    verdicts = by_first(lake, f"SELECT pupil_key::VARCHAR, * FROM {evaluation.verdicts}")
    places = by_first(lake, "SELECT pupil_key::VARCHAR, * FROM belonging")
    lists = collect(lake, evaluation, STAMP, {}, states=WeekStates({}, {}, [])).watchlists
    minutes = "school_unit_code, month_start_date, reported_minutes, valid_minutes, invalid_minutes"
    return {
        "list": {one.school_unit_code: without_disputes(one) for one in lists},
        "flags": verdicts,
        "place": places,
        "lessons": by_first(
            lake,
            "SELECT pupil_key::VARCHAR, school_unit_code, lesson_date, scheduled_minutes, "
            "invalid_minutes FROM absence_daily",
        ),
        "sums": by_first(lake, f"SELECT pupil_key::VARCHAR, {minutes} FROM {months}"),
        "protection": by_first(lake, PROTECTED),
        "breaks": by_first(lake, "SELECT school_unit_code, first_date FROM school_breaks"),
    }


def by_first(lake: Lake, select: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for first, *rest in lake.rows(f"{select} ORDER BY ALL"):
        found.setdefault(first, []).append(tuple(rest))
    return found


SCHOOLS = (OWN, OTHER, UNKNOWN)
OF_SCHOOLS, OF_PUPILS = ("list", "breaks"), ("flags", "place", "lessons", "sums", "protection")
_NEEDED = {"byten": Right.MERGE_PUPILS, "skolor": Right.REGISTER_SCHOOLS}


def changed(cell: Cell, lake: Lake, before: Known, after: Known) -> set[str]:
    """Return what of a cell's schools and pupils is not as it was, to the byte."""
    named = {(what, whose): cell.school(whose) for what in OF_SCHOOLS for whose in SCHOOLS}
    named |= {
        (what, f"{whose}'s pupil"): cell.key(lake, whose)
        for what in OF_PUPILS
        for whose in (OWN, OTHER)
    }
    return {
        f"{what} of {whose}"
        for (what, whose), key in named.items()
        if repr(before[what].get(key)) != repr(after[what].get(key))
    }


def is_heard(cell: Cell) -> bool:
    """Whether the sender may say the rows at all."""
    needed = _NEEDED.get(cell.layout)
    reaches = cell.reach == TOWN or (cell.reach == SCHOOL and cell.about == OWN)
    return reaches and needed in (None, cell.right)


def may_change(cell: Cell) -> set[str]:
    """Return what a cell's file may change, by docs/trust.md and its pages; all of it does."""
    return _CHANGES[cell.layout](cell) if is_heard(cell) else set()


def _by_roster(cell: Cell) -> set[str]:
    if cell.about == OTHER:
        # The pupil is there already; the names are the sender's.
        return _on_list(cell)
    if not cell.moves:
        return set()
    moved = _of("other's pupil", "flags", "lessons", "place") | {"list of other"}
    return moved | ({"list of own"} if cell.about == OWN and not cell.is_protected else set())


def _by_rows(cell: Cell, what: str) -> set[str]:
    if cell.about != OTHER and not cell.moves:
        return set()
    return _of("other's pupil", "flags", what) | _on_list(cell)


def _by_complete_file(cell: Cell) -> set[str]:
    if cell.about == UNKNOWN:
        return _by_rows(cell, "lessons")
    if cell.right != Right.REMOVE_LESSONS:
        return set()
    return _of(f"{cell.about}'s pupil", "flags", "lessons") | {f"list of {cell.about}"}


def _by_changed_number(cell: Cell) -> set[str]:
    # Two pupils are one, and who of the two was protected protects both.
    merged = _of("other's pupil", "flags", "lessons", "place") | {"list of other"}
    protected = _of("own's pupil", "flags", "place", "protection") | {"list of own"}
    return merged | (protected if cell.is_protected else set())


def _on_list(cell: Cell) -> set[str]:
    return set() if cell.is_protected else {"list of other"}


_CHANGES: Mapping[str, Callable[[Cell], set[str]]] = {
    "elever": _by_roster,
    "lektioner": partial(_by_rows, what="lessons"),
    "summor": partial(_by_rows, what="sums"),
    "hel": _by_complete_file,
    "byten": _by_changed_number,
    "skolor": lambda cell: {f"list of {cell.about}"},
    "lov": lambda cell: {f"breaks of {cell.about}"},
}


def _of(whose: str, *names: str) -> set[str]:
    return {f"{name} of {whose}" for name in names}


def in_the_ledger(cell: Cell) -> set[str]:
    """Return what the ledger says of a cell's file: codes, or that it awaits a release."""
    if cell.reach == NOT_THIS_LAYOUT:
        return {"row.not_the_senders_layout"}
    if not is_heard(cell):
        needed = _NEEDED.get(cell.layout)
        if needed in (None, cell.right):
            return {"school_unit_code.not_the_senders"}
        return {f"row.without_{needed}"}
    if cell.layout == "hel" and cell.about != UNKNOWN and cell.right != Right.REMOVE_LESSONS:
        return {str(FileOutcome.AWAITING_RELEASE)}
    is_disputed = cell.about != OTHER and not cell.moves
    if cell.layout in ("elever", "lektioner", "hel", "summor") and is_disputed:
        # Of a protected pupil nothing is told.
        return set() if cell.is_protected else {ENROLLED_ELSEWHERE}
    return set()


def may_lift(cell: Cell) -> bool:
    """Whether the file's `Ingen` ends protection, once somebody has released it."""
    return cell.lifts and is_heard(cell) and cell.right == Right.LIFT_PROTECTION


@dataclass(frozen=True)
class Nights:
    """What came of the honest night and of that of the attacks, and what a release did then."""

    changed: Mapping[Cell, set[str]]
    reports: Mapping[Cell, FileReport]
    protected: tuple[set[Cell], set[Cell], set[Cell]]  # before, after, and after the releases
    waiting: Sequence[str]  # senders whose words wait


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("rights")
    honest_files(folder / "inbox")
    with Lake.open(settings_of(folder / "home")) as lake:
        take(lake, folder / "inbox", day=1)
        before = known_of(lake)
        files = attacks(folder / "inbox")
        reports = take(lake, folder / "inbox", day=2)
        after = known_of(lake)
        waiting = waiting_lifts(lake, Sealer.of_home(lake.settings.home))
        for lift in waiting:
            release(lake, lift, Releaser(1000, "operator"))
        released = {"protection": by_first(lake, PROTECTED)}
        return Nights(
            {cell: changed(cell, lake, before, after) for cell in CELLS},
            {cell: reports[path] for path, cell in files.items()},
            (protected(lake, before), protected(lake, after), protected(lake, released)),
            [lift.sender for lift in waiting],
        )


def protected(lake: Lake, known: Known) -> set[Cell]:
    return {cell for cell in CELLS if cell.key(lake, OTHER) in known["protection"]}


def test_what_a_sender_may_not_say_changes_nothing_and_all_else_does(nights: Nights) -> None:
    expected = {cell: may_change(cell) for cell in CELLS}
    assert {cell: found for cell, found in nights.changed.items() if found != expected[cell]} == {}
    # Each layout is heard in some cell and refused in another.
    heard = Counter((cell.layout, bool(expected[cell])) for cell in CELLS)
    assert set(heard) == set(product(TEXTS, (False, True)))


def test_the_ledger_says_of_each_file_why_it_changed_nothing(nights: Nights) -> None:
    wrong = {}
    for cell, report in nights.reports.items():
        said = {problem.code for problem in report.problems}
        if report.outcome == FileOutcome.AWAITING_RELEASE:
            said.add(str(report.outcome))
        if said != in_the_ledger(cell) or (said and not report.reason):
            wrong[cell] = said
        assert report.rows_read == report.rows_accepted + report.rows_rejected
        assert (report.outcome == FileOutcome.QUARANTINED) is not is_heard(cell)
    assert wrong == {}


def test_protection_ends_by_the_right_sender_and_a_release_only(nights: Nights) -> None:
    before, after, released = nights.protected
    lifted = {cell for cell in CELLS if may_lift(cell)}
    assert before == after == {cell for cell in CELLS if cell.is_protected}
    assert after - released == lifted
    assert sorted(nights.waiting) == sorted(cell.name for cell in lifted)
    assert lifted
