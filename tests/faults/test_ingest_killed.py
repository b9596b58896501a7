"""An ingest that is killed at any commit is made good by the next one, to the last row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from tests.integration.ingest_files import (
    BAD,
    PUPILS,
    REGISTER,
    ROSTER,
    USUAL,
    lesson,
    offer,
    put,
    text_of,
)
from tests.ready_processes import run_ready

ROOT = Path(__file__).resolve().parents[2]
NAME = "Kanariefågel"

# Dies the way a power cut would: before a commit, after one, while a batch is staged, or while one
# is stored and the next is staged.
DRIVER = """
import os, signal, sys, time
from pathlib import Path
from assets.exports import ingest
from assets.exports.batches import lessons as lesson_batches
from assets.exports.files import offered_files as offers
from assets.lake.connection import Lake, LakeSettings

place, home, *paths = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
whole = Lake.write
def write(lake, change):
    def changed(connection):
        result = change(connection)
        if place == "before":
            die()
        return result
    result = whole(lake, changed)
    if place == "after":
        die()
    return result
if place == "ahead":
    # Each file is a batch, and the next one is staged by the time that one is stored.
    offers.BATCH_FILES = 1
    staged = []
    finding = lesson_batches.LessonBatch._judge_rows
    def found(batch):
        result = finding(batch)
        staged.append(batch)
        return result
    lesson_batches.LessonBatch._judge_rows = found
    storing = lesson_batches.LessonBatch.store
    def store(batch, connection):
        deadline = time.monotonic() + 60
        while len(staged) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        if len(staged) == 2 and batch is staged[0]:
            die()
        return storing(batch, connection)
    lesson_batches.LessonBatch.store = store
# The key of the clean home is there before its lake.
with Lake.open(LakeSettings(home=Path(home), threads=2, begins_anew=True)) as lake:
    Lake.write = write
    if place == "staged":
        lesson_batches.LessonBatch._judge_rows = die
    ingest.ingest_paths(lake, [Path(path) for path in paths])
"""


def run(place: str, home: Path, inbox: Path) -> int:
    return run_ready(DRIVER, place, home, inbox).returncode


def filled(inbox: Path) -> Path:
    """Files that end in every outcome, of every kind."""
    rows = [lesson(n, given=NAME, lesson_id=f"L{n}") for n in range(30)]
    put(inbox, "skolor_20261101T0400.csv", text_of([USUAL], REGISTER))
    put(inbox, "elever_20261101T0400.csv", text_of([USUAL | {"starts": ""}], ROSTER))
    put(inbox, "a_20261102T0500.csv", text_of(rows), "cp1252")
    put(inbox, "b_20261103T0500.csv", text_of([row | {"invalid": "0"} for row in rows[:9]]))
    put(inbox, "c_20261101T0500.csv", text_of([row | {"invalid": "15"} for row in rows[:5]]))
    put(inbox, "copy_of_a_20261102T0500.csv", text_of(rows), "cp1252")
    put(inbox, "d_20261104T0500.csv", text_of([lesson(40), lesson(41, **BAD), lesson(42)]))
    put(inbox, "e_20261104T0500.csv", text_of([lesson(50, **BAD)]))
    put(inbox, "no_export.csv", f"{NAME};x\n")
    return inbox


STATE = {
    "lessons": "*",
    "enrolments": "*",
    "school_units": "*",
    "school_sendings": "*",
    "identity_sources": "*",
    "protection_words": "*",
    "pupil_references": "*",
    "pupil_numbers": "*",
    "identities": "content_key",
    "staff": "staff_key",
    "files": "* EXCLUDE (sealed_name, received_at)",
    "row_problems": "* EXCLUDE (sealed_row)",
}


def state(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that the lake says; times of receipt and seals differ each time."""
    found = {
        table: sorted(lake.rows(f"SELECT {columns} FROM {table}"), key=repr)
        for table, columns in STATE.items()
    }
    days = lake.rows("SELECT DISTINCT lesson_date FROM stale_days ORDER BY ALL")
    quarantine = lake.settings.home / "quarantine"
    kept = sorted((path.name, path.read_bytes()) for path in quarantine.iterdir())
    return found | {"stale_days": days, "quarantine": list(kept)}


def test_an_ingest_killed_at_every_commit_ends_as_one_clean_run(tmp_path: Path) -> None:
    inbox = filled(tmp_path / "inbox")
    with Lake.open(LakeSettings(home=tmp_path / "clean", threads=2)) as lake:
        offer(lake, *sorted(inbox.iterdir()))
        expected = state(lake)
    assert len(expected["lessons"]) == 32
    assert {row[-2] for row in expected["files"]} == {
        "accepted", "accepted_in_part", "superseded", "duplicate", "quarantined"
    }  # fmt: skip

    home = tmp_path / "killed"
    home.mkdir(mode=0o700)
    shutil.copy2(tmp_path / "clean" / "pupil.key", home / "pupil.key")
    # One commit further each time: quarantine, register, roster, lessons (killed before, too),
    # copies.
    for place in ("after", "after", "after", "staged", "ahead", "before", "after", "after"):
        assert run(place, home, inbox) == -9
    with Lake.open(LakeSettings(home=home, threads=2)) as lake:
        snapshot = lake.snapshot()
        offer(lake, *sorted(inbox.iterdir()))
        assert lake.snapshot() == snapshot, "the killed runs had come to the end"
        found = state(lake)
    for table, rows in expected.items():
        assert found[table] == rows, table


def test_a_killed_ingest_leaves_no_name_in_clear_but_in_copies_of_files(tmp_path: Path) -> None:
    """The copy in UTF-8 of an old file has no name, and an original is sealed as it is kept.

    Copies of what was being read are removed by the next run (`test_swapped_files.py`).
    """
    inbox, home = filled(tmp_path / "inbox"), tmp_path / "home"
    assert run("staged", home, inbox) == -9
    found = [path for path in home.rglob("*") if path.is_file()]
    copies = [path for path in found if path.parent.name == "spool"]
    assert {path.stat().st_mode & 0o777 for path in copies} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in copies} == {0o700}
    left = [path for path in found if path not in copies]
    assert [path.name for path in left if NAME.encode() in path.read_bytes()] == []
    # Whole numbers: four digits of one come up by chance in the catalog's random names and keys.
    numbers = [text.encode() for pupil in PUPILS for text in (pupil, pupil.replace("-", ""))]
    for path in left:
        content = path.read_bytes()
        assert not [number for number in numbers if number in content], path.name
    assert {path.stat().st_mode & 0o777 for path in left} == {0o400, 0o600}
