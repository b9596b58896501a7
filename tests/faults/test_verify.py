"""Each fault of each kind of file that `trappan verify` is said to notice is noticed, by name."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.lake.connection import Lake
from assets.lake.data_files import DataFile, damaged_files, kept_files
from rules.personal_data import PLACES, places_of
from rules.personal_data_store import EVERY_BIT, Fault, Store
from tests.conftest import settings_of
from tests.integration.conftest import Said, trappan
from tests.portal.lived_in_home import lived_in

#: Without them the lake does not open, so they are damaged one at a time.
_ALONE = {"catalog", "home's key"}
NOTICED = [(place, fault) for place in PLACES for fault in place.noticed]
TOGETHER = [(place, fault) for place, fault in NOTICED if place.name not in _ALONE]
_FAULTS: tuple[Fault, ...] = ("flipped", "cut", "gone")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a file of every kind."""
    return lived_in(tmp_path_factory.mktemp("verify"))


def file_of(home: Path, place: Store) -> Path:
    """Return a file of a place that something rests on today."""
    if place.name == "lake":
        with closing(sqlite3.connect(home / "lake" / "catalog.sqlite")) as catalog:
            ((name,),) = catalog.execute(
                "SELECT path FROM ducklake_data_file WHERE table_id = "
                "(SELECT table_id FROM ducklake_table WHERE table_name = 'lessons') "
                "ORDER BY data_file_id LIMIT 1"
            )
        return next((home / "lake" / "data").rglob(name))
    standing = {path.resolve() for path in (home / "lists").glob("[0-9c]*/*")}
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        is_there = [one.name for one in places_of(path.relative_to(home).as_posix())]
        is_standing = "lists" not in path.parts or not standing.isdisjoint(path.parents)
        if is_there == [place.name] and is_standing and path.stat().st_size > 1:
            return path
    raise AssertionError(f"the home has no file of {place.name}")


@contextmanager
def broken(path: Path, fault: Fault, place: int | None = None, bit: int = 4) -> Iterator[None]:
    """Break a file for as long as it is asked about, in its middle unless told where."""
    before, times = path.read_bytes(), path.stat()
    mode = times.st_mode
    path.unlink()
    if fault != "gone":
        at = len(before) // 2 if place is None else place
        flipped = before[:at] + bytes((before[at] ^ bit,)) + before[at + 1 :]
        path.write_bytes(flipped if fault == "flipped" else before[:at])
        path.chmod(mode)
        if fault == "flipped":
            # A disk that forgets does not say when.
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(before)
        path.chmod(mode)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def verify(home: Path, *more: str) -> Said:
    return trappan("--home", home, "verify", *more)


def named(home: Path, path: Path) -> list[str]:
    """Return how a file may be named: below the home, or by the place that points to it."""
    below = path.relative_to(home).as_posix()
    parts = below.split("/")
    if parts[:2] == ["lists", ".versions"]:
        return ["/".join(("lists", *parts[2:4], *parts[5:])), "/".join(("lists", *parts[2:4]))]
    if parts[:2] == ["archive", "lasting"]:
        return [below, f"archive/lasting/{parts[2].split('.')[0]}."]
    return [below]


def test_a_home_that_is_whole_is_well(lived: Path) -> None:
    said = verify(lived)
    assert (said.status, said.err) == (0, "")
    assert "WRONG" not in said.out
    assert verify(lived, "--quick").status == 0


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_in_each_kind_of_file_is_named(lived: Path, fault: Fault) -> None:
    """One run for all kinds: each is looked at by itself, so each has to be named."""
    places = [place for place, noticed in TOGETHER if noticed == fault]
    assert len(places) >= 5
    paths = {place.name: file_of(lived, place) for place in places}
    breaking = [broken(path, fault) for path in paths.values()]
    for one in breaking:
        one.__enter__()
    try:
        said = verify(lived)
    finally:
        for one in breaking:
            one.__exit__(None, None, None)
    assert said.status == 1
    wrong = [line for line in said.out.splitlines() if line.startswith("WRONG")]
    unnamed = {
        name: path
        for name, path in paths.items()
        if not any(words in line for words in named(lived, path) for line in wrong)
    }
    assert unnamed == {}


@pytest.mark.parametrize(
    ("place", "fault"),
    [pytest.param(p, f, id=f"{p.name} {f}") for p, f in NOTICED if p.name in _ALONE],
)
def test_a_fault_without_which_nothing_opens_is_named(
    lived: Path, place: Store, fault: Fault
) -> None:
    path = file_of(lived, place)
    with broken(path, fault):
        said = verify(lived)
    assert said.status == 1
    assert path.name in said.out + said.err


def test_each_kind_of_file_that_has_no_word_of_it_says_so() -> None:
    """Whoever adds a sealed place has to say what verify notices of it."""
    silent = {place.name for place in PLACES if place.pattern and not place.noticed}
    assert silent <= {
        *("inbox", "pulled", "spool", "spill", "quarantine", "night reports"),
        *("arrival times", "removed originals", "rewritten originals"),
        *("tombstones", "unfinished erasures", "erasure receipts"),
        *("lost lakes", "unfinished rebuild", "unfinished restore", "contracts", "dumps"),
        *("portal reading", "portal files", "access log", "grants", "runs", "locks"),
        *("people in settings", "sources", "own rules and layouts", "key changes"),
        *("retention decision", "retention receipts"),
    }
    assert {place.name for place in PLACES if place.noticed == EVERY_BIT} >= {"archive", "lake"}


def test_an_original_that_somebody_removed_is_not_missed(lived: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home, symlinks=True)
    ledger = json.loads(trappan("--home", home, "files", "--format", "json").out)
    sha256 = next(row["file_sha256"] for row in ledger if row["outcome"] == "accepted")
    assert trappan("--home", home, "archive", "remove", sha256).status == 0
    assert verify(home).status == 0


@pytest.mark.parametrize(
    ("changed", "named_as"),
    [
        ("DELETE FROM lessons WHERE lesson_date = DATE '2026-11-03'", "absence_daily, 2026-11-03"),
        ("UPDATE absence_daily SET valid_minutes = valid_minutes + 1", "absence_daily, 2026-"),
        ("DELETE FROM absence_monthly", "absence_monthly, 2026-"),
        ("UPDATE files SET rows_accepted = rows_accepted - 1", "do not add up"),
        ("DELETE FROM files WHERE file_id IN (SELECT file_id FROM lessons)", "no file of the"),
        ("INSERT INTO lessons SELECT * FROM lessons", "stand there twice"),
    ],
)
def test_a_lake_that_says_other_things_than_its_ledger_is_named(
    lived: Path, tmp_path: Path, changed: str, named_as: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(lived, home, symlinks=True)
    with Lake.open(settings_of(home)) as lake:
        lake.write(lambda connection: connection.execute(changed))
    said = verify(home)
    assert said.status == 1
    assert named_as in said.out, "\n".join(one for one in said.out.splitlines() if "WRONG" in one)


def test_a_bit_of_a_data_file_that_changes_a_row_is_noticed_wherever_it_is(
    lived: Path, tmp_path: Path
) -> None:
    with Lake.open(settings_of(lived)) as lake:
        files = kept_files(lake.connection, lake.settings)
    smallest = min(files, key=lambda file: file.size)
    content = Path(smallest.path).read_bytes()
    changed = smallest._replace(path=str(tmp_path / "changed.parquet"))
    unnoticed = []
    for place in range(len(content)):
        bits = bytearray(content)
        bits[place] ^= 1 << place % 8
        Path(changed.path).write_bytes(bits)
        if damaged_files([changed]) != [changed.path]:
            unnoticed.append(place)
            assert rows_of(changed) == rows_of(smallest)
    # Between data and footer stands what nobody reads.
    assert len(unnoticed) <= 4
    assert not set(unnoticed) & {0, 1, 2, 3, len(content) - 1}


def rows_of(file: DataFile) -> list[Any]:
    with duckdb.connect(config={"threads": 1}) as connection:
        found = connection.execute(
            "SELECT * FROM read_parquet($path, encryption_config = {footer_key_value: $key})",
            {"path": file.path, "key": file.key},
        )
        return found.fetchall()


def test_a_flip_that_ends_a_connection_hides_neither_its_file_nor_another(lived: Path) -> None:
    with Lake.open(settings_of(lived)) as lake:
        files = sorted(kept_files(lake.connection, lake.settings), key=lambda file: file.size)
    first, second = files[:2]
    last = Path(second.path)
    ending = next(
        (place, bit)
        for place in range(4, first.size)
        for bit in (1, 128)
        if ends_the_connection(first, place, bit)
    )
    with broken(Path(first.path), "flipped", *ending), broken(last, "flipped", second.size - 1):
        said = verify(lived)
    wrong = [line for line in said.out.splitlines() if line.startswith("WRONG")]
    for file in (first, second):
        assert any(Path(file.path).name in line for line in wrong), said.out + said.err


def ends_the_connection(file: DataFile, place: int, bit: int) -> bool:
    """Whether nothing can be asked any more on a connection that has met this flip."""
    read = duckdb.connect(config={"threads": 1})
    with broken(Path(file.path), "flipped", place, bit), read as connection:
        with suppress(duckdb.Error):
            connection.execute(
                "SELECT bit_xor(hash(whole)) FROM read_parquet($path, "
                "encryption_config = {footer_key_value: $key}) AS whole",
                {"path": file.path, "key": file.key},
            )
        try:
            connection.execute("SELECT 1")
        except duckdb.FatalException:
            return True
    return False
