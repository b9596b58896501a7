"""A lake that is made again from the originals says what the lost one said, in every table."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from assets.exports.files.archive import Archive
from assets.exports.files.originals import opened_originals
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import taken_files
from assets.exports.revoke import revoke_file
from assets.exports.senders.releases import Releaser
from assets.exports.unmerge import unmerge
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.lasting_rows import LASTING, folder_of, kept_rows, unkept
from assets.lake.sealed_places import SEALED_COLUMNS
from assets.lake.tables import TABLES
from assets.upkeep.backup import rebuilding
from assets.upkeep.backup.rebuilding import UNFINISHED, RebuildError, rebuild_lake
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.complete_files import WITH_COLUMN
from tests.integration.ingest_files import EVERY, PUPILS, ROSTER, lesson, put, text_of
from tests.integration.test_changed_numbers import changes
from tests.property.test_any_order_of_files import EXPORTS

PERSON = Releaser(1001, "anna")
#: What says when something was looked at, or waits for the next night; and files that wait.
_PASSING = {"stale_days", "held_files"}
#: An identity that no source says any more was stored, or not, as files came.
_NAMED = defaultdict(
    str, identities="WHERE content_key IN (SELECT content_key FROM identity_sources)"
)
_SEALED = {(place.table, place.column) for place in SEALED_COLUMNS}


def state_of(lake: Lake) -> dict[str, list[str]]:
    """Return every row of every table, without sealed bytes, which differ each time."""
    found: dict[str, list[str]] = {}
    for table in TABLES:
        if table.name in _PASSING:
            continue
        columns = [c.name for c in table.columns if (table.name, c.name) not in _SEALED]
        rows = lake.rows(f"SELECT {', '.join(columns)} FROM lake.{table.name} {_NAMED[table.name]}")
        found[table.name] = sorted(map(str, rows))
    return found


def filled(home: Path, inbox: Path, steps: Sequence[Any]) -> dict[str, list[str]]:
    """Fill a home and return its state; the lake is closed, as after a night."""
    with Lake.open(settings_of(home)) as lake:
        sealer = Sealer.of_home(home)
        keys = [sealer.key("pupil", number.replace("-", "")) for number in PUPILS]
        for number, step in enumerate(steps):
            if isinstance(step, list):
                paths = [put(inbox, one.name, one.content) for one in step]
                ingest_paths(lake, dict.fromkeys(paths), layouts=WITH_COLUMN)
            elif step == "join":
                path = changes(inbox, f"11{number % 20 + 10}T0500", (PUPILS[0], PUPILS[1]))
                ingest_paths(lake, [path], layouts=WITH_COLUMN)
            elif step == "part" and lake.has_rows("pupil_merges"):
                unmerge(lake, (keys[0], keys[1]), PERSON, layouts=WITH_COLUMN)
            elif step == "protect":
                row = {"civic": PUPILS[1], "protected": "Sekretessmarkering", "school": "99999901"}
                text = text_of([lesson(1) | row], ROSTER)
                path = put(inbox, f"elever_202611{number % 20 + 10}T0600.csv", text)
                ingest_paths(lake, [path], layouts=WITH_COLUMN)
            elif isinstance(step, int):
                taken = [
                    file
                    for file, _ in taken_files(lake, sealer)
                    if file.layout not in {"nummerbyten"}
                ]
                if taken:
                    revoke_file(lake, taken[step % len(taken)], layouts=WITH_COLUMN)
        return state_of(lake)


STEPS = st.lists(
    st.one_of(
        st.lists(EXPORTS, min_size=1, max_size=3),
        st.lists(EXPORTS, min_size=1, max_size=3),
        st.sampled_from(("join", "part", "protect")),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=6,
)


def test_a_lake_made_again_says_what_the_lost_one_said(tmp_path: Path) -> None:
    met: set[str] = set()
    number = 0

    # Each takes seconds, so the smallest failing one would be sought for an hour.
    @settings(max_examples=examples(14), deadline=None, phases=(Phase.explicit, Phase.generate))
    @given(steps=STEPS)
    def is_the_same(steps: list[Any]) -> None:
        nonlocal number
        number += 1
        home, inbox = tmp_path / f"home{number}", tmp_path / f"inbox{number}"
        inbox.mkdir()
        before = filled(home, inbox, steps)
        shutil.rmtree(home / "lake")
        has_files = bool(before["files"])
        if has_files:
            rebuilt = rebuild_lake(settings_of(home), layouts=WITH_COLUMN)
            assert (rebuilt.missing, rebuilt.unknown) == ((), ())
            with Lake.open(settings_of(home)) as lake:
                after = state_of(lake)
            # How many rows of a file count as refused or as said twice may hang on which files it
            # was stored with; that is said, and what is kept of it is the same.
            for state in (before, after):
                state["files"] = [
                    row for row in state["files"] if not any(one in row for one in rebuilt.unlike)
                ]
            differ = {
                table: (
                    sorted(set(rows) - set(after[table])),
                    sorted(set(after[table]) - set(rows)),
                )
                for table, rows in before.items()
                if rows != after[table]
            }
            assert differ == {}
            assert not (home / UNFINISHED).exists()
            met.update(table for table, rows in before.items() if rows)
        shutil.rmtree(home)
        shutil.rmtree(inbox)

    is_the_same()
    assert met >= {"lessons", "enrolments", "pupil_merges", "row_problems", "protection_words"}


def test_what_no_original_brings_back_is_kept_with_each_write(tmp_path: Path) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    put(inbox, "lektioner_20261114T0500.csv", text_of([lesson(1)], EVERY))
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, [inbox])
    before = sorted(path.name for path in folder_of(home).iterdir())
    with Lake.open(settings_of(home)) as lake:
        assert unkept(lake.connection, home) == []
        lake.rows("SELECT * FROM files")
    assert sorted(path.name for path in folder_of(home).iterdir()) == before, "questions keep none"
    put(inbox, "lektioner_20261115T0500.csv", text_of([lesson(2)], EVERY))
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, [inbox])
        assert "files" in unkept(lake.connection, home)
    sealer = Sealer.of_home(home)
    frame = kept_rows(home, sealer, "files")
    assert frame is not None
    assert frame.height == 2
    named = {path.name.split(".")[0] for path in folder_of(home).iterdir()}
    assert named <= set(LASTING)
    for path in folder_of(home).iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert b"age-encryption.org" in path.read_bytes()[:40]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_rebuild_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    for day in range(1, 7):
        rows = [lesson(n) | {"civic": PUPILS[n % 2], "date": f"2026-11-0{day}"} for n in range(3)]
        put(inbox, f"lektioner_2026110{day}T0500.csv", text_of(rows, EVERY))
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, [inbox])
        before = state_of(lake)
    monkeypatch.setattr(rebuilding, "_AT_ONCE", 2)
    opened, count = opened_originals, 0

    def stopping(*given: Any) -> Any:
        nonlocal count
        count += 1
        if count == stop:
            raise KeyboardInterrupt
        return opened(*given)

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "opened_originals", stopping)
        with pytest.raises(KeyboardInterrupt):
            rebuild_lake(settings_of(home))
    # The lake that was there still stands, and nothing lies in clear.
    with Lake.open(settings_of(home)) as lake:
        assert state_of(lake) == before
    number = PUPILS[0].replace("-", "").encode()
    for path in home.rglob("*"):
        if path.is_file():
            assert number not in path.read_bytes()
    rebuilt = rebuild_lake(settings_of(home))
    assert rebuilt.read == 6 - 2 * (stop - 1)
    with Lake.open(settings_of(home)) as lake:
        assert state_of(lake) == before
    assert (home / "lake.lost-1").is_dir()


def test_what_has_no_original_is_said_and_not_in_the_ledger(tmp_path: Path) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    for day in (1, 2):
        put(inbox, f"lektioner_2026110{day}T0500.csv", text_of([lesson(day)], EVERY))
    with Lake.open(settings_of(home)) as lake:
        reports = ingest_paths(lake, [inbox])
    archive = Archive(home, Sealer.of_home(home))
    archive.remove(reports[0].sha256)
    archive.close()
    rebuilt = rebuild_lake(settings_of(home))
    assert rebuilt.missing == (reports[0].sha256,)
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT file_sha256 FROM files") == [(reports[1].sha256,)]
        # Offered again, it is taken.
        ingest_paths(lake, [inbox])
        assert len(lake.rows("SELECT 1 FROM files WHERE outcome = 'accepted'")) == 2


def test_without_ledger_or_key_nothing_is_made(tmp_path: Path) -> None:
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    put(inbox, "lektioner_20261101T0500.csv", text_of([lesson(1)], EVERY))
    with Lake.open(settings_of(home)) as lake:
        ingest_paths(lake, [inbox])
    shutil.rmtree(home / "lake")
    key = (home / "pupil.key").read_bytes()
    (home / "pupil.key").unlink()
    with pytest.raises(RebuildError, match=r"pupil\.key is not there"):
        rebuild_lake(settings_of(home))
    (home / "pupil.key").write_bytes(key)
    (home / "pupil.key").chmod(0o600)
    shutil.rmtree(folder_of(home))
    with pytest.raises(RebuildError, match="has no ledger"):
        rebuild_lake(settings_of(home))
    assert not (home / "lake").exists()
