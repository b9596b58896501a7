"""A home whose pupil was erased, made again from its originals, or from a backup of before."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from pyrage import x25519

from assets.lake.connection import Lake
from assets.upkeep.backup.backing_up import BackupPlan, back_up
from assets.upkeep.backup.restoring import bring_back
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.erased_home import NUMBER, OTHERS, erase, lessons, offer_small
from tests.integration.ingest_files import BASIC, put, text_of
from tests.integration.test_erasure import found_in

IDENTITY = x25519.Identity.generate()
#: Tables that a rebuild makes from originals or puts back; sums and flags are the next night's.
_MADE_AGAIN = {
    "lessons": "*",
    "enrolments": "*",
    "pupil_numbers": "*",
    "pupil_references": "*",
    "protection_words": "*",
    "listed_pupils": "*",
    "files": "file_id, file_sha256, outcome, rows_read, rows_accepted, rows_rejected",
    "row_problems": "file_id, line_number, code",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a night of one pupil and another, and a frozen week."""
    home = tmp_path_factory.mktemp("again") / "home"
    offer_small(home)
    for command in (("nightly", "--as-of", "2026-10-11"), ("publish", "--week", "2026-W41")):
        said = trappan("--home", home, *command)
        assert said.status in {0, 3}, said.err
    return home


@pytest.fixture
def erased(filled: Path, tmp_path: Path) -> Path:
    """The same after the pupil was erased."""
    home = tmp_path / "home"
    shutil.copytree(filled, home, symlinks=True)
    said = erase(home)
    assert said.status == 0, said.err
    return home


def rows_of(home: Path) -> dict[str, list[str]]:
    with Lake.open(settings_of(home)) as lake:
        return {
            table: sorted(map(repr, lake.rows(f"SELECT {columns} FROM {table}")))
            for table, columns in _MADE_AGAIN.items()
        }


def assert_well(home: Path) -> None:
    said = trappan("--home", home, "verify")
    assert said.status == 0, said.out


def test_a_rebuild_after_an_erasure_makes_the_same_lake_without_the_pupil(erased: Path) -> None:
    before = rows_of(erased)
    assert len(before["lessons"]) == 10
    assert before["listed_pupils"]
    assert_well(erased)
    shutil.rmtree(erased / "lake")
    said = trappan("--home", erased, "rebuild")
    assert said.status == 0, said.err
    assert rows_of(erased) == before
    assert found_in(erased) == []
    assert_well(erased)


def test_a_file_with_rows_of_an_erased_pupil_is_made_again_without_a_word(erased: Path) -> None:
    """The rows were refused when it came, and its original has been rewritten: all is as it was."""
    both = [
        row | {"date": f"2026-10-{day}"}
        for row in lessons((NUMBER, OTHERS[0]), date(2026, 10, 9), 1)
        for day in (12, 13)
    ]
    put(erased / "inbox", "lektionsfranvaro_20261014T0500.csv", text_of(both, BASIC))
    said = trappan("--home", erased, "ingest", erased / "inbox")
    assert said.status == 0, said.err
    before = rows_of(erased)
    assert [row for row in before["row_problems"] if "row.erased" in row]
    shutil.rmtree(erased / "lake")
    said = trappan("--home", erased, "rebuild")
    assert said.status == 0, said.err
    assert "other counts of rows" not in said.err
    after = rows_of(erased)
    assert [row for row in after["row_problems"] if "row.erased" in row] == []
    for table in {*_MADE_AGAIN} - {"files", "row_problems"}:
        assert after[table] == before[table], table
    assert found_in(erased) == []
    assert_well(erased)


def test_an_older_backup_brings_an_erased_pupil_back_for_no_night(
    filled: Path, erased: Path, tmp_path: Path
) -> None:
    folder, home = tmp_path / "backup", tmp_path / "new"
    back_up(BackupPlan(settings_of(filled), folder, str(IDENTITY.to_public())))
    home.mkdir(mode=0o700)
    shutil.copy2(erased / "pupil.key", home / "pupil.key")
    # As the receipt and the page of erasure say: the newest is kept.
    (home / "erasures").mkdir(mode=0o700)
    kept = (erased / "erasures" / "tombstones.json").read_bytes()
    (home / "erasures" / "tombstones.json").write_bytes(kept)
    bring_back(settings_of(home), folder, IDENTITY)
    assert (home / "erasures" / "tombstones.json").read_bytes() == kept
    assert found_in(home)
    inbox = filled / "inbox"
    for night in (("ingest", inbox), ("nightly", "--inbox", inbox, "--as-of", "2026-10-12")):
        said = trappan("--home", home, *night)
        assert said.status == 1
        assert "trappan erase --again" in said.err
    said = trappan("--home", home, "erase", "--again")
    assert said.status == 0, said.err
    assert found_in(home) == []
    assert_well(home)
    said = trappan("--home", home, "ingest", inbox)
    assert said.status in {0, 3}, said.err
    assert found_in(home) == []
