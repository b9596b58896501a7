"""Lessons that do not count, from the files to the list and to `trappan explain`.

Two schools in October. Nobody is flagged for a lesson that was parallel to an attended one, or that
a school reports of a pupil who has left it; whoever is flagged for something else reads of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.absence.sums import refresh_sums
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import Said, trappan
from tests.integration.ingest_files import (
    EVERY,
    REGISTER,
    ROSTER,
    USUAL,
    Cells,
    offer,
    put,
    text_of,
)
from tests.unit.page_reader import Page

AS_OF = date(2026, 10, 31)
NORTH, SOUTH = "99999901", "99999902"
DAYS = [day for n in range(31) if (day := date(2026, 10, 1) + timedelta(n)).weekday() < 5]
#: The roster record at the old school of those who moved ends on the first of these days.
MOVED_ON = date(2026, 10, 5)
# Valid test numbers; a name a pupil, so that a name found is a pupil found.
PARALLEL, BOTH, MOVED, ABSENT_TOO, PRESENT = (
    ("20120314-9800", "Parallella"),
    ("20120314-9818", "Bägge"),
    ("20150902-9805", "Flyttade"),
    ("20100127-9809", "Frånvaro"),
    ("20120419-9879", "Närvaro"),
)
Pupil = tuple[str, str]


def lesson(pupil: Pupil, day: date, hour: int, subject: str, **cells: object) -> Cells:
    """An attended lesson of an hour."""
    times = {"start": f"{hour:02d}:20", "end": f"{hour + 1:02d}:20", "date": day.isoformat()}
    minutes = {"length": "60", "present": "60", "valid": "0", "invalid": "0", "reported": "Ja"}
    who = {"civic": pupil[0], "given": pupil[1], "family": "Prov"}
    return {**USUAL, **times, **minutes, **who, "subject": subject, **cells}


AWAY = {"present": "0", "invalid": "60"}


def days_of(pupil: Pupil) -> Iterator[Cells]:
    """Two hours of which a pupil is marked absent in one of two groups, and one more."""
    for day in DAYS:
        if pupil in (PARALLEL, BOTH):
            for hour, subject, attended in ((8, "SV", "SVA"), (9, "MA", "MAA")):
                yield lesson(pupil, day, hour, subject, **AWAY)
                yield lesson(pupil, day, hour, attended)
            if pupil == BOTH and day == DAYS[-1]:
                yield lesson(pupil, day, 8, "SV", present="45", invalid="15")
        else:
            yield from (lesson(pupil, day, hour, "SV") for hour in (8, 9))
        yield lesson(pupil, day, 10, "NO", **(AWAY if pupil in (BOTH, ABSENT_TOO) else {}))
        if pupil in (MOVED, ABSENT_TOO) and day > MOVED_ON:
            # The old school goes on reporting, also at hours of lessons at the new one.
            for hour in (8, 13):
                yield lesson(pupil, day, hour, "SO", school=SOUTH, **{**AWAY, "class": "8Q"})


def record(pupil: Pupil, school: str = NORTH, **cells: object) -> Cells:
    who = {"civic": pupil[0], "given": pupil[1], "family": "Prov", "school": school}
    return {**USUAL, "starts": "2026-08-17", "ends": "", **who, **cells}


def records() -> Sequence[Cells]:
    moved = [
        one
        for pupil in (MOVED, ABSENT_TOO)
        for one in (
            record(pupil, SOUTH, ends=MOVED_ON.isoformat(), **{"class": "8Q"}),
            record(pupil, starts=(MOVED_ON + timedelta(1)).isoformat()),
        )
    ]
    return [*(record(pupil) for pupil in (PARALLEL, BOTH, PRESENT)), *moved]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the lists of the two schools."""
    folder = tmp_path_factory.mktemp("uncounted")
    pupils = (PARALLEL, BOTH, MOVED, ABSENT_TOO, PRESENT)
    rows = [row for pupil in pupils for row in days_of(pupil)]
    schools = [USUAL | {"school": school, "school_name": school} for school in (NORTH, SOUTH)]
    with Lake.open(settings_of(folder / "home")) as lake:
        offer(
            lake,
            put(folder, "skolor_20261031T0300.csv", text_of(schools, REGISTER)),
            put(folder, "elever_20261031T0400.csv", text_of(records(), ROSTER)),
            put(folder, "lektioner_20261031T0500.csv", text_of(rows, EVERY)),
        )
        refresh_sums(lake)
        release_lists(lake, AS_OF, lambda _: rule_set_on("stockholm", AS_OF))
    return folder / "home"


def page_of(home: Path, school: str) -> Page:
    (path,) = (home / "lists" / "current" / school).glob("*.html")
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(home: Path) -> Page:
    return page_of(home, NORTH)


def text(page: Page) -> str:
    (body,) = page.all("body")
    return " ".join(body.text.split())


def ask(home: Path, *words: object) -> Said:
    return trappan(*words, "--home", home)


@pytest.mark.parametrize("pupil", [PARALLEL, MOVED], ids=["in parallel groups", "who moved"])
def test_nobody_is_flagged_for_lessons_that_do_not_count(
    home: Path, page: Page, pupil: Pupil
) -> None:
    asked = ("--identities", "--format", "csv")
    rates = ask(home, "rates", "--month", "2026-10", *asked).out.splitlines()
    minutes = str(len(DAYS) * 3 * 60)
    assert [row[2:7] for row in map(fields, rates) if row[0] == number(pupil)] == [
        [minutes, minutes, "0", "0", "0"]
    ]
    flagged = ask(home, "flags", "--as-of", AS_OF, *asked).out
    assert number(BOTH) in flagged
    assert number(pupil) not in flagged
    assert pupil[1] not in text(page)


def test_who_is_listed_reads_on_the_row_which_lessons_do_not_count(page: Page) -> None:
    rows = {
        pupil: [one.text for one in page.all("tbody", "pagar") if f"Prov, {pupil[1]}" in one.text]
        for pupil in (BOTH, ABSENT_TOO)
    }
    said = "({} lektioner, {} okt–{} okt 2026)"
    (both,) = (" ".join(row.split()) for row in rows[BOTH] if "Räknas inte" in row)
    for absent, present, last in (("SV", "SVA", 29), ("MA", "MAA", 30)):
        times = said.format(len([day for day in DAYS if day.day <= last]), 1, last)
        assert f"frånvarande i {absent}, närvarande i {present} samma tid {times}" in both
    # Rows of one file that contradict each other are no missing report.
    odd = "rapporterna om SV säger emot varandra, närvarande i SVA samma tid (1 lektion,"
    assert odd in both
    (moved,) = (" ".join(row.split()) for row in rows[ABSENT_TOO] if "Räknas inte" in row)
    assert f"en lektion på en annan skola efter slutdatum där {said.format(38, 6, 30)}" in moved


def test_the_school_that_goes_on_reporting_who_left_is_reported(home: Path) -> None:
    told = text(page_of(home, SOUTH))
    assert "76 lektioner för 2 elever ligger efter elevens slutdatum på skolan" in told
    assert "räknas inte. Kontrollera slutdatum eller schema" in told


@pytest.mark.parametrize(
    ("pupil", "line"),
    [
        (
            PARALLEL,
            (
                "2026-10-01 08:20 SV (absent 60 of 60 min): set aside, present 60 min in SVA at "
                "08:20 at the same time"
            ),
        ),
        (
            MOVED,
            (
                "2026-10-06 a lesson at another school (absent 60 of 60 min): after the end of the "
                "roster record there"
            ),
        ),
    ],
    ids=["in parallel groups", "who moved"],
)
def test_the_explanation_names_them_though_nothing_is_flagged(
    home: Path, pupil: Pupil, line: str
) -> None:
    words = ("explain", "-", "--full", "--as-of", AS_OF, "--home", home)
    said = trappan(*words, typed=number(pupil))
    assert f"  {line}\n" in said.out


def number(pupil: Pupil) -> str:
    return pupil[0].replace("-", "")


def fields(line: str) -> list[str]:
    return line.split(",")
