"""A protected pupil's class shows in no catalog: neither in a home's file nor on a Postgres server.

A catalog keeps the smallest and the largest value of a column, so the two protected pupils here
are the first and the last of everything that is sorted. Whatever else is in the lake is theirs too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.lake.catalog.triggers import TABLES
from assets.lake.connection import Lake
from pipelines.settings import Settings
from tests.integration.conftest import Said, trappan
from tests.integration.ingest_files import (
    EVERY,
    PUPILS,
    REGISTER,
    ROSTER,
    USUAL,
    Cells,
    lesson,
    put,
    text_of,
)
from tests.integration.scale_out_servers import PASSWORD, Postgres, postgres_server
from tests.integration.ss12000_files import SCHOOL, group, put_school, school
from tests.integration.test_privacy import everything_below, forms

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")

MARK = "Sekretessmarkering"
AS_OF = "2026-10-31"
DATABASE = "register"
# Nine letters at least: four stand now and then in a key, or in sealed bytes, by chance.
#: Of PUPILS the first and the last; by what SS12000 says the second is protected too.
FIRST: dict[str, object] = {
    "class": "0AZQXVKWJ", "subject": "0QSUBXVKWJ", "lesson_id": "0QIDXVKWJ",
    "given": "Aabqzxvkwj", "family": "Aacqzxvkwj", "mentor": "Aadqz Aaeqz",
    "email": "aafqz@example.org", "protected": MARK,
}  # fmt: skip
LAST: dict[str, object] = {
    "class": "ÖZQ9XVKWJ", "subject": "ÖQSUBXVKWJ", "lesson_id": "ÖQIDXVKWJ",
    "given": "Ööbqzxvkwj", "family": "Ööcqzxvkwj", "mentor": "Öödqz Ööeqz",
    "email": "öåfqz@example.org", "protected": MARK,
}  # fmt: skip
SPECIAL = {0: FIRST, 4: LAST}
#: The class of a school that comes as SS12000, whose two pupils are protected.
GROUP = "ÖÖGRPXVKWJ"
WORDS = sorted(
    {str(cell) for cells in SPECIAL.values() for cell in cells.values() if cell != MARK}
    | {form for n in SPECIAL for form in (PUPILS[n], PUPILS[n].replace("-", ""))}
    | {GROUP}
)
OF_DAYS = "column_name = 'lesson_date'"
#: A school unit's code is nobody's; reads are pruned by it.
OF_TEXTS = "lower(column_type) IN ('varchar', 'blob') AND column_name <> 'school_unit_code'"
POSTGRES_DROPS = (
    "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger "
    "WHERE NOT tgisinternal"
)
SQLITE_DROPS = "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"


@dataclass(frozen=True)
class Place:
    """A home, and the server that has its catalog; without one it is a file of the home."""

    home: Path
    postgres: Postgres | None

    def run(self, *words: object) -> Said:
        with self._environment():
            return trappan("--home", self.home, *words)

    @contextmanager
    def lake(self) -> Iterator[Lake]:
        """The lake, opened as by every command."""
        with (
            self._environment(),
            Lake.open(Settings(home=self.home, memory_limit="1GB", threads=2).lake) as lake,
        ):
            yield lake

    def in_catalog(self, statement: str) -> list[str]:
        """Ask the catalog itself, or change it behind the lake's back; a column of texts."""
        if self.postgres:
            return self.postgres.sql(statement, DATABASE).splitlines()
        with closing(sqlite3.connect(self.home / "lake" / "catalog.sqlite")) as catalog:
            return [str(value) for (value,) in catalog.execute(statement)]

    def holding(self) -> set[str]:
        """Return which words stand in the lake's files or in anything of the database."""
        kept = [content for _, content in everything_below(self.home / "lake")]
        if self.postgres:
            kept.append(self.postgres.dump(DATABASE).encode())
        return {word for word in WORDS if any(form in one for one in kept for form in forms(word))}

    @contextmanager
    def _environment(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if self.postgres:
                patch.setenv("TRAPPAN_CATALOG", self.postgres.catalog(DATABASE))
                patch.setenv("TRAPPAN_DATA_PATH", str(self.home / "lake" / "data"))
                patch.setenv("PGPASSWORD", PASSWORD)
            yield


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        server.database(DATABASE)
        yield server


@pytest.fixture(scope="module", params=["in a home", "on Postgres"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place after a week's file, and a night that had a correction and everything else."""
    is_server = request.param == "on Postgres"
    folder = tmp_path_factory.mktemp("extremes")
    made = Place(folder / "home", request.getfixturevalue("postgres") if is_server else None)
    inbox = folder / "inbox"
    assert made.run("ingest", lessons(inbox, "1024", "0")).status == 0
    put(inbox, "skolor_20261031T0300.csv", text_of([USUAL, USUAL | {"school": SCHOOL}], REGISTER))
    put(inbox, "elever_20261031T0400.csv", text_of(pupils(starts="2026-08-17"), ROSTER))
    lessons(inbox, "1031", "60")
    objects = school()
    objects["groups"] = [group(displayName=GROUP)]
    for one in objects["persons"]:
        one["securityMarking"] = MARK
    put_school(inbox, objects)
    said = made.run("nightly", "--inbox", inbox, "--as-of", AS_OF)
    # The one of SS12000 has sent no more than a day, so its list waits.
    assert said.status == 3, said.err
    assert len(list((made.home / "lists" / "current").glob("*/*.html"))) == 2
    return made


def pupils(**cells: object) -> list[Cells]:
    """Return a row of each pupil."""
    return [
        {**lesson(n), "civic": civic, **cells, **SPECIAL.get(n, {})}
        for n, civic in enumerate(PUPILS)
    ]


def lessons(inbox: Path, exported: str, invalid: str) -> Path:
    """Write an export of a month of lessons; another one corrects it."""
    minutes = {"present": str(60 - int(invalid)), "valid": "0", "invalid": invalid}
    rows = [
        row
        for day in range(1, 31)
        for row in pupils(date=f"2026-10-{day:02d}", start="08:20", end="09:20", **minutes)
    ]
    return put(inbox, f"lektioner_2026{exported}T0500.csv", text_of(rows, EVERY))


def test_after_a_night_the_catalog_names_nothing_of_a_protected_pupil(place: Place) -> None:
    # All of it is in the lake, where it is the first and the last.
    with place.lake() as lake:
        found = lake.rows("SELECT min(class_name), max(class_name), min(subject) FROM lessons")
    assert found == [(FIRST["class"], GROUP, FIRST["subject"])]
    assert place.holding() == set()


def test_the_catalog_has_the_extremes_of_days_and_of_no_text(place: Place) -> None:
    for table in TABLES:
        (days,) = place.in_catalog(f"SELECT count(min_value) {described(table, OF_DAYS)}")
        assert int(days) > 0
        ends = "count(min_value) + count(max_value)"
        assert place.in_catalog(f"SELECT {ends} {described(table, OF_TEXTS)}") == ["0"]


def test_a_catalog_of_before_is_wiped_when_it_is_opened_and_stays_so(place: Place) -> None:
    again = "UPDATE lessons SET class_name = class_name"
    for statement in place.in_catalog(POSTGRES_DROPS if place.postgres else SQLITE_DROPS):
        place.in_catalog(statement)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assets.lake.connection.keep_no_extremes", lambda *_: None)
        with place.lake() as lake:
            lake.connection.execute(again)
    assert place.holding() >= {FIRST["class"], GROUP}
    with place.lake():
        pass
    assert place.holding() == set()
    with place.lake() as lake:
        lake.connection.execute(again)
    assert place.holding() == set()


def described(table: str, columns: str) -> str:
    """Return from where the statistics of some columns are read."""
    return (
        f"FROM {table} JOIN ducklake_column USING (table_id, column_id) "
        f"WHERE end_snapshot IS NULL AND {columns}"
    )
