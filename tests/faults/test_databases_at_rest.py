"""A bit that is flipped in a database which nobody has written to since the last run is noticed."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from assets.lake.catalog.resting import is_changed_at_rest, note_at_rest
from assets.upkeep.backup.verifying import is_whole_database

FLIPS = 500


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file of SQLite with rows, texts and an index, noted at rest."""
    path = tmp_path / "some.sqlite"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)")
        made.execute("CREATE INDEX by_name ON things (name)")
        rows = [(f"sak {number}", number * 7) for number in range(2000)]
        made.executemany("INSERT INTO things (name, size) VALUES (?, ?)", rows)
    note_at_rest([path])
    assert path.with_suffix(".sum").stat().st_mode & 0o077 == 0
    return path


@contextmanager
def flipped(path: Path, bit: int) -> Iterator[None]:
    """Flip a bit as a disk does that forgets: nothing says when."""
    before, times = path.read_bytes(), path.stat()
    content = bytearray(before)
    content[bit // 8] ^= 1 << bit % 8
    for one in (bytes(content), before):
        path.write_bytes(one)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        if one is not before:
            yield


def test_every_flipped_bit_is_noticed_and_sqlite_alone_misses_some(database: Path) -> None:
    chance = random.Random(59)  # noqa: S311 - nothing secret is drawn
    size = database.stat().st_size * 8
    by_sqlite = 0
    for bit in (0, size - 1, *(chance.randrange(size) for _ in range(FLIPS))):
        with flipped(database, bit):
            assert is_changed_at_rest(database), bit
            by_sqlite += not is_whole_database(database)
            for end in ("-wal", "-shm"):
                database.with_name(f"{database.name}{end}").unlink(missing_ok=True)
    assert not is_changed_at_rest(database)
    assert 0 < by_sqlite < FLIPS


def test_what_somebody_wrote_is_no_flipped_bit(database: Path) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("INSERT INTO things (name, size) VALUES ('ny', 1)")
        # Not in the file yet.
        assert not is_changed_at_rest(database)
    assert not is_changed_at_rest(database)
    note_at_rest([database])
    with flipped(database, 100_000):
        assert is_changed_at_rest(database)


def test_one_that_is_open_is_not_noted(database: Path) -> None:
    place = database.with_suffix(".sum")
    place.unlink()
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("BEGIN IMMEDIATE")
        opened.execute("INSERT INTO things (name, size) VALUES ('ny', 1)")
        note_at_rest([database, database.with_name("none.sqlite")])
        assert not place.exists()
    place.write_text("no sum")
    assert not is_changed_at_rest(database)
