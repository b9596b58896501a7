"""A backup is whole or is not there, holds no key and nothing in clear, and brings a home back."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from assets.lake.connection import Lake
from assets.upkeep.backup import backing_up, restoring
from assets.upkeep.backup.backing_up import BackedUp, BackupPlan, back_up
from assets.upkeep.backup.manifest import (
    MANIFEST_NAME,
    BackupError,
    Kept,
    manifest_of,
    unfit_objects,
)
from assets.upkeep.backup.restoring import UNFINISHED, BroughtBack, bring_back
from rules.personal_data import places_of
from rules.personal_data_store import APART, NEVER
from tests.conftest import settings_of
from tests.integration.conftest import SAMPLES, trappan
from tests.portal.lived_in_home import lived_in
from tests.portal.test_personal_data import words_of_pupils

ROOT = Path(__file__).resolve().parents[2]
IDENTITY = x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())
NEXT_DAY = "2026-11-16"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a file of every kind."""
    return lived_in(tmp_path_factory.mktemp("backup"))


@pytest.fixture(scope="module")
def kept(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it; nobody changes it."""
    folder = tmp_path_factory.mktemp("kept") / "backup"
    made(lived, folder)
    return folder


def made(home: Path, folder: Path, recipient: str = RECIPIENT) -> BackedUp:
    return back_up(BackupPlan(settings_of(home), folder, recipient))


def new_home(like: Path, place: Path) -> Path:
    """Return an empty home that has the key of another."""
    place.mkdir(mode=0o700)
    shutil.copy2(like / "pupil.key", place / "pupil.key")
    return place


def brought(folder: Path, home: Path) -> BroughtBack:
    return bring_back(settings_of(home), folder, IDENTITY)


def content_of(path: Path) -> object:
    """Return what a file holds: of a database its rows, whatever its pages are like."""
    content = path.read_bytes()
    if not content.startswith(b"SQLite format 3\0"):
        return content
    with closing(sqlite3.connect(path)) as opened:
        return "\n".join(opened.iterdump())


def holds(home: Path) -> dict[str, object]:
    """Return what every file of a home holds that a backup has to bring back, and every link."""
    found: dict[str, object] = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        how = {place.backup for place in places_of(name)}
        if name.startswith("tmp/") or how & {NEVER, APART} or name.endswith(("-wal", "-shm")):
            continue
        if path.is_symlink():
            found[name] = path.readlink()
        elif path.is_file():
            found[name] = content_of(path)
    return found


def test_what_is_brought_back_is_what_was_there(lived: Path, kept: Path, tmp_path: Path) -> None:
    home = new_home(lived, tmp_path / "new")
    back = brought(kept, home)
    assert holds(home) == holds(lived)
    assert back.files == len(holds(lived)) > 100
    for path in home.rglob("*"):
        same = lived / path.relative_to(home)
        if path.is_file() and not path.is_symlink() and path.name != "access.log":
            assert path.stat().st_mode == same.stat().st_mode
        assert path.is_symlink() or path.is_file() or path.stat().st_mode & 0o077 == 0
    assert not (home / UNFINISHED).exists()
    some = next(path for path in (lived / "archive").glob("*/*.age"))
    assert (home / some.relative_to(lived)).stat().st_mtime_ns == some.stat().st_mtime_ns


def test_a_backup_has_no_key_and_nothing_in_clear(lived: Path, kept: Path) -> None:
    words = {*words_of_pupils(), *(name.encode() for name in names_in_clear(lived))}
    (secret,) = (
        line for line in (lived / "pupil.key").read_bytes().splitlines() if b"SECRET" in line
    )
    assert len(words) > 60
    for path in sorted(kept.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0
        if path.is_file():
            content = path.read_bytes() + path.as_posix().encode()
            assert secret not in content
            assert [word for word in words if word in content] == []


def names_in_clear(home: Path) -> set[str]:
    """Return words that a list has in clear: the names of its pupils' school and sheets."""
    return {path.name for path in (home / "inbox").iterdir()} | {"franvarolista_"}


def test_a_second_backup_copies_what_is_new(lived: Path, kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    shutil.copytree(kept, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("objects/*/*")}
    again = made(lived, folder)
    # The index, and what a look at the home's databases writes.
    assert again.copied <= 3
    (lived / "grants.jsonl").touch()
    own = lived / "layouts"
    own.mkdir()
    (own / "own.txt").write_text("x" * 99)
    try:
        more = made(lived, folder)
    finally:
        shutil.rmtree(own)
        (lived / "grants.jsonl").unlink()
    assert more.files == again.files + 2
    assert more.copied <= 5
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("objects/*/*")}
    unchanged = [name for name, at in before.items() if after.get(name) == at]
    assert len(unchanged) >= len(before) - 3
    assert list(unfit_objects(folder, manifest_of(folder))) == []
    assert set(after) == set(manifest_of(folder).objects)


@pytest.mark.parametrize("stop", [0, 1, 7, 200, -1])
def test_a_backup_that_is_stopped_leaves_the_one_before(
    lived: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """Stopped at a write of some file, or between all of them and the manifest."""
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    shutil.copytree(kept, folder)
    # Everything is another file than before, so that all is written.
    for path in (home / "lists").rglob("*.html"):
        path.write_bytes(path.read_bytes() + b"<!-- changed -->")
    sync, count = os.fsync, 0

    def stopping(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count > stop >= 0:
            raise KeyboardInterrupt
        sync(descriptor)

    def no_manifest(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stopping)
        patch.setattr(backing_up, "write_manifest", no_manifest)
        with pytest.raises(KeyboardInterrupt):
            made(home, folder)
    assert list(unfit_objects(folder, manifest_of(folder))) == []
    back = new_home(lived, tmp_path / "new")
    brought(folder, back)
    assert holds(back) == holds(lived)
    made(home, folder)
    again = new_home(lived, tmp_path / "again")
    brought(folder, again)
    assert holds(again) == holds(home)


@pytest.mark.parametrize(
    ("length", "ends"),
    [
        (0, "before the next backup"),
        (4, "in the same backup"),
        (500, "before the next backup"),
        (-1, "in the same backup"),
    ],
)
def test_a_data_file_that_was_seen_half_written_is_whole_in_the_end(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int, ends: str
) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    like = max((home / "lake" / "data").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    whole = like.read_bytes()
    written = like.with_name("ducklake-0199aaaa-0000-7000-8000-00000000beef.parquet")
    written.write_bytes(whole[:length])
    a_round, rounds = backing_up._Copying._round, 0

    def one_that_ends(self: backing_up._Copying) -> tuple[int | None, bool]:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            written.write_bytes(whole)
        snapshot, is_still = a_round(self)
        return snapshot, is_still and (rounds > 1 or ends != "in the same backup")

    monkeypatch.setattr(backing_up._Copying, "_round", one_that_ends)
    made(home, folder)
    if ends == "before the next backup":
        made(home, folder)
    assert rounds == 2
    back = new_home(lived, tmp_path / "new")
    brought(folder, back)
    assert (back / written.relative_to(home)).read_bytes() == whole
    assert holds(back) == holds(home)


def test_a_half_that_an_older_program_kept_is_replaced(
    lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    cut = max((home / "lake" / "data").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    whole = cut.read_bytes()
    os.truncate(_writable(cut), len(whole) // 2)
    with monkeypatch.context() as patch:
        patch.setattr(backing_up, "has_its_end", lambda *_: True)
        made(home, folder)
    cut.write_bytes(whole)
    for _ in range(2):
        assert made(home, folder).changed == ()
    back = new_home(lived, tmp_path / "new")
    brought(folder, back)
    assert (back / cut.relative_to(home)).read_bytes() == whole


@pytest.mark.parametrize("was_whole", [True, False])
def test_a_data_file_that_was_cut_short_is_not_taken_for_the_whole(
    lived: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_whole: bool
) -> None:
    """The copy of a backup before stays; without one no backup is made."""
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    if was_whole:
        shutil.copytree(kept, folder)
    cut = max((home / "lake" / "data").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    os.truncate(_writable(cut), cut.stat().st_size // 2)
    if not was_whole:
        monkeypatch.setattr(backing_up, "files_in_catalog", lambda _: frozenset())
        # As of a catalog on a server: nothing says whether the file is needed.
        assert made(home, tmp_path / "other").unended == (cut.relative_to(home).as_posix(),)
        monkeypatch.undo()
        with pytest.raises(BackupError, match="not there, or not whole"):
            made(home, folder)
        return
    assert made(home, folder).changed == (cut.relative_to(home).as_posix(),)
    back = new_home(lived, tmp_path / "new")
    brought(folder, back)
    assert holds(back) == holds(lived)


_WRITER = """
import sqlite3, sys
from pathlib import Path
from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
home = Path(sys.argv[1])
stop = Path(sys.argv[2])
portal = sqlite3.connect(home / "portal" / "portal.sqlite", timeout=30)
portal.execute("CREATE TABLE IF NOT EXISTS told (number INTEGER)")
portal.execute("CREATE TABLE IF NOT EXISTS told_too (number INTEGER)")
portal.commit()
number = 0
with Lake.open(LakeSettings(home=home, threads=1, memory_limit="1GB")) as lake:
    while not stop.exists():
        number += 1
        def change(connection):
            connection.execute(f"INSERT INTO stale_days SELECT DATE '2030-01-01' + {number}")
            connection.execute(
                "INSERT INTO lesson_snapshots "
                f"SELECT '99999901', DATE '2030-01-01' + {number}, now()::TIMESTAMP, {number}")
        lake.write(change)
        if number == 1:
            print("begun", flush=True)
        portal.execute("INSERT INTO told VALUES (?)", (number,))
        portal.execute("INSERT INTO told_too VALUES (?)", (number,))
        portal.commit()
        if number % 5 == 0:
            # As weekly maintenance does: small files become one, and the old ones go.
            with lake.writing():
                lake.connection.execute("CALL ducklake_merge_adjacent_files('lake')")
                lake.connection.execute(
                    "CALL ducklake_expire_snapshots('lake', older_than => now()::TIMESTAMPTZ)")
                lake.connection.execute(
                    "CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
print(number, flush=True)
"""


def goes_on_writing(home: Path, writer: subprocess.Popen[str]) -> None:
    """Wait until the writer has written once more: a quick backup can fall between two writes."""
    with closing(sqlite3.connect(home / "portal" / "portal.sqlite", timeout=30)) as portal:
        count = "SELECT count(*) FROM told_too"
        before, deadline = portal.execute(count).fetchone(), time.monotonic() + 300
        while portal.execute(count).fetchone() == before:
            assert writer.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_backup_while_others_write_is_of_one_moment(lived: Path, tmp_path: Path) -> None:
    """Rows that are written together are there together, and all files that they need."""
    home = tmp_path / "home"
    shutil.copytree(lived, home, symlinks=True)
    stop = tmp_path / "stop"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(home), str(stop)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    backups: list[Path] = []
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        while len(backups) < 5:
            assert writer.poll() is None
            folder = tmp_path / f"backup{len(backups)}"
            if backups:
                shutil.copytree(backups[-1], folder)
            made(home, folder)
            backups.append(folder)
            goes_on_writing(home, writer)
        stop.touch()
        out, _ = writer.communicate(timeout=120)
    finally:
        writer.kill()
    assert writer.returncode == 0
    assert int(out) >= 5, "the writer has to have written meanwhile"
    counts: list[int] = []
    for number, folder in enumerate(backups):
        assert list(unfit_objects(folder, manifest_of(folder))) == []
        back = new_home(lived, tmp_path / f"new{number}")
        brought(folder, back)
        with Lake.open(settings_of(back)) as lake:
            ((days,),) = lake.rows(
                "SELECT count(*) FROM stale_days WHERE lesson_date > '2029-12-31'"
            )
            ((beside,),) = lake.rows(
                "SELECT count(*) FROM lesson_snapshots WHERE lesson_date > '2029-12-31'"
            )
        assert days == beside
        with closing(sqlite3.connect(back / "portal" / "portal.sqlite")) as portal:
            told = [
                portal.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("told", "told_too")
                if portal.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            ]
        assert len(set(told)) <= 1
        counts.append(days)
    assert counts == sorted(counts)
    assert len(set(counts)) > 1, "some of them were made between writes"


def test_a_night_after_the_loss_is_the_night_without_it(
    lived: Path, kept: Path, tmp_path: Path
) -> None:
    """Brought back from a backup, or made again from the originals: rates, flags and lists."""
    straight, back = tmp_path / "straight", new_home(lived, tmp_path / "back")
    rebuilt = new_home(lived, tmp_path / "rebuilt")
    shutil.copytree(lived, straight, symlinks=True)
    brought(kept, back)
    # Of the home that is made again the originals are left, and what the lake never had.
    for name in ("archive", "portal"):
        shutil.copytree(lived / name, rebuilt / name, symlinks=True)
    shutil.copy2(lived / "roles.yaml", rebuilt / "roles.yaml")
    said = trappan("--home", rebuilt, "rebuild")
    assert said.status == 0, said.err
    inbox = tmp_path / "inbox"
    shutil.copytree(SAMPLES / "inbox", inbox)
    found = {}
    for home in (straight, back, rebuilt):
        said = trappan("--home", home, "nightly", "--inbox", inbox, "--as-of", NEXT_DAY)
        assert said.status in {0, 3}, said.err
        found[home.name] = answers(home)
    assert found["back"] == found["straight"]
    assert found["rebuilt"] == found["straight"]


def answers(home: Path) -> dict[str, Any]:
    """Return what a home answers, and what its lists say."""
    flags = trappan("--home", home, "flags", "--as-of", NEXT_DAY, "--format", "json")
    rates = trappan("--home", home, "rates", "--month", "2026-11", "--format", "json")
    assert flags.status == rates.status == 0
    pages = {
        path.relative_to(home / "lists").as_posix(): _without_time(path.read_text("utf-8"))
        for place in sorted((home / "lists" / "current").iterdir())
        for path in place.glob("*.html")
    }
    assert pages
    return {"flags": json.loads(flags.out), "rates": json.loads(rates.out), "pages": pages}


def _without_time(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "skapad" not in line.casefold())


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(content))


def _an_object(folder: Path) -> Path:
    return max(folder.glob("objects/*/*"), key=lambda path: path.stat().st_size)


def _newer(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    text = path.read_text("utf-8")
    path.chmod(0o600)
    path.write_text(text.replace('"format": 1', '"format": 2'), "utf-8")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit of a file": (lambda folder: _flip(_an_object(folder)), "lost or damaged"),
    "a file that is gone": (lambda folder: _an_object(folder).unlink(), "lost or damaged"),
    "a file cut short": (lambda folder: os.truncate(_writable(_an_object(folder)), 9), "damaged"),
    "a bit of the manifest": (lambda folder: _flip(folder / MANIFEST_NAME), "damaged"),
    "no manifest": (lambda folder: (folder / MANIFEST_NAME).unlink(), "no backup was finished"),
    "another format": (_newer, "damaged or was changed"),
}


def _writable(path: Path) -> Path:
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_whole(
    lived: Path, kept: Path, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(kept, folder)
    change, words = DAMAGES[damage]
    change(folder)
    home = new_home(lived, tmp_path / "new")
    with pytest.raises(BackupError, match=words):
        brought(folder, home)
    assert [path.name for path in home.iterdir()] == ["pupil.key"]


@pytest.mark.parametrize(
    "entries",
    [
        [Kept("../out", target="x")],
        [Kept("/out", target="x")],
        [Kept("lists/a", target="../../../out"), Kept("lists/a/b", target="x")],
        [Kept("a", target="{out}"), Kept("a/b", target="x")],
        [Kept("a", target="b"), Kept("b", target="{out}"), Kept("a/c/d", target="x")],
    ],
    ids=["up", "root", "through a link up", "through a link", "through two links"],
)
def test_a_forged_index_writes_nothing_outside_the_home(
    tmp_path: Path, entries: list[Kept]
) -> None:
    beside, out = tmp_path / "home" / UNFINISHED, tmp_path / "out"
    beside.mkdir(parents=True)
    out.mkdir()

    def open_all() -> None:
        for entry in entries:
            linked = replace(entry, target=entry.target.format(out=out))
            restoring._open(tmp_path, linked, beside, IDENTITY)

    with pytest.raises(BackupError, match="outside the home"):
        open_all()
    assert list(out.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]


def test_a_home_with_data_another_key_or_none_is_refused(
    lived: Path, kept: Path, tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match="has data already"):
        brought(kept, lived)
    empty = tmp_path / "empty"
    with pytest.raises(BackupError, match="put it there first"):
        brought(kept, empty)
    (empty / "pupil.key").write_text(f"{x25519.Identity.generate()}\n")
    (empty / "pupil.key").chmod(0o600)
    with pytest.raises(BackupError, match="another home's key"):
        brought(kept, empty)
    home = new_home(lived, tmp_path / "new")
    with pytest.raises(BackupError, match="does not open with this key"):
        bring_back(settings_of(home), kept, x25519.Identity.generate())


def test_a_backup_for_the_homes_own_key_or_into_the_home_is_refused(
    lived: Path, tmp_path: Path
) -> None:
    own = str(
        x25519.Identity.from_str(
            next(
                line for line in (lived / "pupil.key").read_text().splitlines() if "SECRET" in line
            )
        ).to_public()
    )
    with pytest.raises(BackupError, match="the home's own key"):
        made(lived, tmp_path / "backup", own)
    with pytest.raises(BackupError, match="is in the home"):
        made(lived, lived / "backup")
    with pytest.raises(BackupError, match="no recipient of age"):
        made(lived, tmp_path / "backup", "age1x")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("at", ["opening", "placing", "the lake"])
def test_a_restore_that_was_stopped_is_ended_by_the_next(
    lived: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    home = new_home(lived, tmp_path / "new")
    for step in stops(monkeypatch, at):
        with step, pytest.raises(KeyboardInterrupt):
            brought(kept, home)
        # Half a home is none: no command takes it for one that is new.
        assert trappan("--home", home, "doctor").status == 1
    brought(kept, home)
    assert holds(home) == holds(lived)


def stops(monkeypatch: pytest.MonkeyPatch, at: str) -> Iterator[Any]:
    """Yield what stops a restore once at a place."""
    if at == "opening":
        real_open, count = restoring._open, 0

        def stopping_open(*given: Any) -> None:
            nonlocal count
            count += 1
            if count == 50:
                raise KeyboardInterrupt
            real_open(*given)

        with monkeypatch.context() as patch:
            patch.setattr(restoring, "_open", stopping_open)
            yield _nothing()
        return
    real_replace = Path.replace
    wanted = "lake" if at == "the lake" else "dagster"

    def stopping_replace(self: Path, target: Path) -> Path:
        if self.parent.name == UNFINISHED and self.name == wanted:
            raise KeyboardInterrupt
        return real_replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopping_replace)
        yield _nothing()


class _nothing:  # noqa: N801
    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        return


def test_who_was_erased_since_the_backup_stays_so(lived: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    (home / "erasures").mkdir()
    (home / "erasures" / "tombstones.json").write_text("[1]")
    (home / "erasures" / "1.json").write_text("{}")
    made(home, folder)
    back = new_home(lived, tmp_path / "new")
    (back / "erasures").mkdir()
    (back / "erasures" / "tombstones.json").write_text("[1, 2]")
    brought(folder, back)
    assert (back / "erasures" / "tombstones.json").read_text() == "[1, 2]"
    assert (back / "erasures" / "1.json").read_text() == "{}"


def test_a_file_that_never_changes_and_did_keeps_its_older_copy(
    lived: Path, kept: Path, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    shutil.copytree(kept, folder)
    damaged = min((home / "archive").glob("*/*.age"))
    before = damaged.read_bytes()
    _flip(damaged)
    again = made(home, folder)
    assert again.changed == (damaged.relative_to(home).as_posix(),)
    back = new_home(lived, tmp_path / "new")
    brought(folder, back)
    assert (back / damaged.relative_to(home)).read_bytes() == before


def test_a_lost_data_file_stops_a_backup(lived: Path, kept: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backup"
    shutil.copytree(lived, home, symlinks=True)
    shutil.copytree(kept, folder)
    with closing(sqlite3.connect(home / "lake" / "catalog.sqlite")) as catalog:
        ((name,),) = catalog.execute("SELECT path FROM ducklake_data_file LIMIT 1")
    next((home / "lake" / "data").rglob(name)).unlink()
    with pytest.raises(BackupError, match=r"the first ducklake-"):
        made(home, folder)
    assert manifest_of(folder) == manifest_of(kept)


def test_the_commands_say_where_the_key_must_be_kept(lived: Path, tmp_path: Path) -> None:
    folder, key = tmp_path / "backup", tmp_path / "identity.txt"
    key.write_text(f"{IDENTITY}\n")
    said = trappan("--home", lived, "backup", folder, "--recipient", RECIPIENT)
    assert said.status == 0
    assert "pupil.key is not in it" in said.err
    assert trappan("verify", "--backup", folder).status == 0
    home = new_home(lived, tmp_path / "new")
    said = trappan("--home", home, "restore", folder, "--identity", key)
    assert said.status == 0, said.err
    assert "Pupils who were erased after this backup" in said.err
    assert trappan("--home", home, "verify").status == 0
    _flip(_an_object(folder))
    said = trappan("verify", "--backup", folder)
    assert said.status == 1
    assert f"objects/{_an_object(folder).parent.name}/" in said.out
