"""Sealed values that somebody moved by plain SQL are noticed, named and never shown.

The matrix is made from the data dictionary: of every column of bytes two values are swapped.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.exports.ledger.entries import UNOPENED, ledger_rows
from assets.exports.ledger.refused_rows import problem_rows
from assets.exports.sealed_values import look_over
from assets.flags.answers import identities_of, staff_names
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer, SealError
from assets.lake.protection_marks import ProtectionError
from assets.lake.sealed_places import HELD_NAME, IDENTITY, SEALED_COLUMNS, STAFF, SealedPlace
from assets.lake.tables import TABLES
from assets.watchlists.release.remembered import FILE_NAME, recall
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SampleHome, trappan

SCHOOLS = ("99999901", "99999902")


@pytest.fixture(scope="module")
def home(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples' home, with two files that wait."""
    copy = tmp_path_factory.mktemp("swapped") / "home"
    shutil.copytree(sample_home.path, copy, symlinks=True)
    sealer = Sealer.of_home(copy)
    with Lake.open(settings_of(copy)) as lake:
        for name in ("one.csv", "other.csv"):
            path = copy.parent / name
            path.touch()
            key = sealer.key("held file", str(path).encode().hex())
            sealed = sealer.seal(HELD_NAME, (key,), {"name": name, "path": str(path)})
            lake.connection.execute(
                "INSERT INTO held_files VALUES (?, ?, ?, ?, 'it is still arriving')",
                [key, sealed, datetime(2026, 11, 15, 5), datetime(2026, 11, 15, 6)],  # noqa: DTZ001
            )
    return copy


@pytest.fixture
def lake(home: Path) -> Iterator[Lake]:
    """The lake of that home; what a test changes is taken back."""
    with Lake.open(settings_of(home)) as opened:
        opened.connection.execute("BEGIN")
        yield opened
        opened.connection.execute("ROLLBACK")


def unfit(lake: Lake) -> dict[str, int]:
    """Return how many rows do not fit, by table."""
    return {one.table: one.rows for one in look_over(lake)}


def two_rows(lake: Lake, table: str, *columns: str, among: str = "true") -> list[tuple[Any, ...]]:
    """Return the first and the last row of some, in the order of the columns."""
    listed = ", ".join(columns)
    rows = lake.rows(
        f"SELECT {listed} FROM {table} WHERE {columns[-1]} IS NOT NULL AND {among} ORDER BY ALL"
    )
    assert len(rows) > 1, table
    assert rows[0] != rows[-1]
    return [rows[0], rows[-1]]


def put(lake: Lake, table: str, column: str, value: object, key: dict[str, object]) -> None:
    """Write one value behind the program's back."""
    where = " AND ".join(f"{name} IS NOT DISTINCT FROM ${name}" for name in key)
    lake.connection.execute(
        f"UPDATE {table} SET {column} = $value WHERE {where}", {"value": value, **key}
    )


def swap(
    lake: Lake, table: str, column: str, key: tuple[str, ...], among: str = "true"
) -> list[tuple[Any, ...]]:
    """Swap a column of two rows; returns their keys."""
    one, other = two_rows(lake, table, *key, column, among=among)
    for of_row, value in ((one, other[-1]), (other, one[-1])):
        put(lake, table, column, value, dict(zip(key, of_row, strict=False)))
    return [one[:-1], other[:-1]]


def test_every_column_of_bytes_is_a_sealed_place() -> None:
    columns = {
        (table.name, column.name)
        for table in TABLES
        for column in table.columns
        if column.type == "BLOB"
    }
    assert {(place.table, place.column) for place in SEALED_COLUMNS} == columns


@pytest.mark.parametrize("place", SEALED_COLUMNS, ids=lambda place: place.name)
def test_a_sealed_place_is_bound_to_columns_of_its_table(place: SealedPlace) -> None:
    (table,) = [table for table in TABLES if table.name == place.table]
    assert set(place.bound_to) <= {column.name for column in table.columns}


def test_a_home_as_it_was_written_has_nothing_that_does_not_fit(lake: Lake) -> None:
    assert look_over(lake) == []


@pytest.mark.parametrize("place", SEALED_COLUMNS, ids=lambda place: place.name)
def test_two_values_that_were_swapped_are_counted_in_their_table(
    lake: Lake, place: SealedPlace
) -> None:
    swap(lake, place.table, place.column, place.bound_to)
    assert unfit(lake)[place.table] >= 2


@pytest.mark.parametrize(
    ("place", "column"),
    [(place, column) for place in SEALED_COLUMNS for column in place.bound_to],
    ids=lambda part: part.name if isinstance(part, SealedPlace) else part,
)
def test_a_row_that_got_another_rows_key_is_counted(
    lake: Lake, place: SealedPlace, column: str
) -> None:
    key, value = place.bound_to, place.column
    one = two_rows(lake, place.table, *key, value)[0]
    others = lake.rows(
        f"SELECT {column} FROM {place.table} WHERE {column} <> $mine ORDER BY 1 LIMIT 1",
        mine=one[key.index(column)],
    )
    if not others:
        pytest.skip(f"all rows of {place.table} have one {column}")
    put(lake, place.table, column, others[0][0], dict(zip(key, one, strict=False)))
    assert unfit(lake)[place.table] >= 1


@pytest.mark.parametrize("place", SEALED_COLUMNS, ids=lambda place: place.name)
def test_a_value_of_another_table_or_with_a_bit_changed_is_counted(
    lake: Lake, place: SealedPlace
) -> None:
    one, other = two_rows(lake, place.table, *place.bound_to, place.column)
    elsewhere = IDENTITY if place is not IDENTITY else STAFF
    (foreign, *_) = two_rows(lake, elsewhere.table, *elsewhere.bound_to, elsewhere.column)
    changed = bytes([*other[-1][:-1], other[-1][-1] ^ 1])
    for of_row, value in ((one, foreign[-1]), (other, changed)):
        put(lake, place.table, place.column, value, dict(zip(place.bound_to, of_row, strict=False)))
    assert unfit(lake)[place.table] >= 2


def test_a_name_at_another_pupils_key_is_counted_and_not_shown(lake: Lake) -> None:
    before = identities_of(lake)
    key = ("pupil_key", "layout", "school_unit_code")
    swapped = swap(lake, "identity_sources", "content_key", key)
    assert unfit(lake) == {"identity_sources": 2}
    after = identities_of(lake)
    assert set(before) - set(after) <= {str(pupil) for pupil, *_ in swapped}
    assert all(before[pupil] == said for pupil, said in after.items())


@pytest.mark.parametrize("table", ["identities", "staff", "files", "row_problems"])
def test_what_was_swapped_is_shown_nowhere(lake: Lake, table: str) -> None:
    sealer = Sealer.of_home(lake.settings.home)

    def shown() -> list[str]:
        """Everything that is shown of the table, a text each."""
        if table == "identities":
            return [f"{key} {said}" for key, said in identities_of(lake).items()]
        if table == "staff":
            return [f"{key} {name}" for key, name in staff_names(lake).items()]
        if table == "files":
            frame = ledger_rows(lake, sealer)
            return [f"{a} {b}" for a, b in frame.select("file_sha256", "file_name").iter_rows()]
        frame = problem_rows(lake, sealer, with_rows=True).filter(severity="rejected")
        return [
            f"{row['file_id']} {row['line_number']} {row['code']} {row['row']}"
            for row in frame.iter_rows(named=True)
        ]

    (place,) = [place for place in SEALED_COLUMNS if place.table == table]
    before = set(shown())
    # Of who is protected, or was called otherwise before, nothing is shown anyway.
    is_shown = "true"
    if table == "identities":
        pupils = ", ".join(f"'{key}'" for key in identities_of(lake))
        is_shown = (
            "content_key IN (SELECT any_value(content_key) FROM identity_sources "
            f"WHERE pupil_key IN ({pupils}) GROUP BY pupil_key "
            "HAVING count(DISTINCT content_key) = 1)"
        )
    swap(lake, table, place.column, place.bound_to, is_shown)
    assert {text for text in shown() if UNOPENED not in text} < before


@dataclass(frozen=True)
class Attack:
    """What somebody does to the words of protection in plain SQL."""

    statement: str
    is_refused: bool

    def on(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(self.statement)


_ONE = "rowid = (SELECT min(rowid) FROM protection_words WHERE {0})"
_MARK, _NO = _ONE.format("is_protected"), _ONE.format("NOT is_protected")
ATTACKS = {
    "flip": Attack(f"UPDATE protection_words SET is_protected = false WHERE {_MARK}", True),
    "flip all": Attack("UPDATE protection_words SET is_protected = false", True),
    "older": Attack(f"UPDATE protection_words SET exported_at = '2020-01-01' WHERE {_MARK}", True),
    "of another": Attack(f"UPDATE protection_words SET reference_key = uuid() WHERE {_MARK}", True),
    "of another source": Attack(
        f"UPDATE protection_words SET source_key = uuid() WHERE {_MARK}", True
    ),
    "removed": Attack(f"DELETE FROM protection_words WHERE {_MARK}", True),
    "all removed": Attack("DELETE FROM protection_words; DELETE FROM protection_totals", True),
    "total removed": Attack("DELETE FROM protection_totals", True),
    "another total": Attack("INSERT INTO protection_totals VALUES (0, uuid())", True),
    "total changed": Attack("UPDATE protection_totals SET marks = marks - 1", True),
    # A word against protection that was changed lifts nothing, so it need stop nobody.
    "newer no": Attack(
        f"UPDATE protection_words SET exported_at = '2099-01-01' WHERE {_NO}", False
    ),
    "every no newer": Attack(
        "UPDATE protection_words SET exported_at = '2099-01-01' WHERE NOT is_protected", False
    ),
    "no of all sources": Attack(
        "INSERT INTO protection_words SELECT * REPLACE (false AS is_protected, "
        "TIMESTAMP '2099-01-01' AS exported_at) FROM protection_words WHERE is_protected",
        False,
    ),
}


def protected(lake: Lake) -> set[object]:
    """Return who is protected."""
    return {key for (key,) in lake.rows("SELECT pupil_key FROM protected_pupils")}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_change_of_words_takes_anybodys_protection_unnoticed(lake: Lake, attack: Attack) -> None:
    before = protected(lake)
    assert len(before) >= 3
    attack.on(lake.connection)
    assert {"protection_words", "protection_totals"} & set(unfit(lake))
    if not attack.is_refused:
        assert protected(lake) >= before


@contextmanager
def changed(home: Path, change: Callable[[duckdb.DuckDBPyConnection], object]) -> Iterator[Path]:
    """A copy of a home that somebody changed while no command ran."""
    copy = home.with_name("changed")
    shutil.copytree(home, copy, symlinks=True)
    try:
        with Lake.open(settings_of(copy)) as lake:
            change(lake.connection)
        yield copy
    finally:
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    "attack",
    [attack for attack in ATTACKS.values() if attack.is_refused],
    ids=[name for name, attack in ATTACKS.items() if attack.is_refused],
)
def test_a_lake_whose_marks_were_changed_opens_for_nothing_but_a_look(
    home: Path, attack: Attack
) -> None:
    with changed(home, attack.on) as copy:
        with pytest.raises(ProtectionError, match="nobody can know who is protected"):
            Lake.open(settings_of(copy))
        with Lake.open(settings_of(copy), to_look_over=True) as lake:
            assert "protection_totals" in unfit(lake)


def test_verify_and_doctor_say_where_and_name_nobody(home: Path) -> None:
    assert trappan("verify", "--home", home).status == 0

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DELETE FROM protection_totals")
        connection.execute("UPDATE staff SET sealed = (SELECT max(sealed) FROM staff)")
        connection.execute(
            "UPDATE identity_sources SET content_key = (SELECT max(content_key) FROM identities)"
        )

    with changed(home, change) as copy:
        lists = copy / "lists" / "current"
        shutil.copy(lists / SCHOOLS[0] / FILE_NAME, lists / SCHOOLS[1] / FILE_NAME)
        verified, looked = (trappan(word, "--home", copy) for word in ("verify", "doctor"))
        flags = trappan("flags", "--as-of", AS_OF, "--home", copy)
    assert verified.status == looked.status == flags.status == 1
    places = (
        "staff: ",
        "identity_sources: ",
        "protection_totals: ",
        f"lists/current/{SCHOOLS[1]}: ",
    )
    for place in places:
        assert place in verified.out
        assert place in looked.out
    assert f"lists/current/{SCHOOLS[0]}: " not in verified.out
    assert flags.out == ""
    assert "protection_totals" in flags.err
    for said in (verified, looked, flags):
        assert not any(name in said.out + said.err for name in ("Wikström", "Haddad", "Hussein"))


def test_a_list_that_was_copied_to_another_school_or_week_is_refused_by_name(
    home: Path, tmp_path: Path
) -> None:
    sealer = Sealer.of_home(home)
    place = home / "lists" / "current" / SCHOOLS[0]
    assert recall(sealer, place) is not None
    for period, school in (("current", SCHOOLS[1]), ("2026-W46", SCHOOLS[0])):
        there = tmp_path / period / school
        there.mkdir(parents=True)
        shutil.copy(place / FILE_NAME, there)
        with pytest.raises(SealError, match=f"school unit {school}, {period}, is not the list"):
            recall(sealer, there)


def test_a_pupil_whose_name_was_swapped_stands_on_the_list_without_one(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        names = {key: said["family_name"] for key, said in identities_of(lake).items()}
        listed = lake.rows(
            "SELECT DISTINCT cast(pupil_key AS VARCHAR) FROM flags "
            "WHERE verdict = 'hit' AND NOT is_protected AND school_unit_code = $school ORDER BY 1",
            school=SCHOOLS[0],
        )
    one, other = listed[0][0], listed[-1][0]
    keys = f"('{one}', '{other}')"

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(
            "UPDATE identity_sources SET content_key = other.content_key FROM (SELECT DISTINCT ON "
            f"(pupil_key) * FROM identity_sources WHERE pupil_key IN {keys}) AS other "
            f"WHERE identity_sources.pupil_key IN {keys} "
            "AND identity_sources.pupil_key <> other.pupil_key"
        )

    with changed(home, change) as copy:
        said = trappan(
            "flags", "--as-of", AS_OF, "--school", SCHOOLS[0], "--identities", "--format", "csv",
            "--home", copy,
        )  # fmt: skip
        assert f"key {one}," in said.out
        (copy.parent / "empty").mkdir(exist_ok=True)
        night = trappan(
            "nightly", "--inbox", copy.parent / "empty", "--as-of", AS_OF, "--home", copy
        )
        (page,) = (copy / "lists" / "current" / SCHOOLS[0]).glob("*.html")
        text = page.read_text(encoding="utf-8")
    assert night.status in {0, 3}, night.err
    assert "Namn saknas" in text
    alone = [name for name in (names[one], names[other]) if list(names.values()).count(name) == 1]
    assert alone
    assert not any(name in text for name in alone)
