"""A lake that is lost, emptied or damaged is reported in words, and no list is made of one night.

The fault is done to a copy of a home after two nights: the folder moved away, the catalog cut, the
key deleted, a data file deleted, cut, or changed by one bit.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.data_files import data_files
from assets.lake.settings import LakeSettings
from assets.simulator import SimulationPlan, simulate
from tests.integration.conftest import Said, trappan

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")

LAST = date(2026, 10, 16)
COMMANDS = ("nightly", "publish", "rates", "doctor")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an inbox and a home that took it in and has its lists."""
    folder = tmp_path_factory.mktemp("lost")
    simulate(SimulationPlan(30, 1, date(2026, 9, 21), LAST, 3, folder / "inbox"))
    said = night(folder)
    assert said.status == 0, said.err
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """Such a folder, to be broken."""
    shutil.copytree(made, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def night(folder: Path, *words: object) -> Said:
    return trappan(
        "--home", folder / "home", "nightly", "--inbox", folder / "inbox", "--as-of", LAST, *words
    )


def run(folder: Path, command: str) -> Said:
    """Run a command on a home; all words in one line."""
    words = {
        "nightly": ("nightly", "--inbox", folder / "inbox", "--as-of", LAST),
        "publish": ("publish", "--week", "2026-W41"),
        "rates": ("rates", "--month", "2026-10"),
        "doctor": ("doctor",),
    }[command]
    return trappan("--home", folder / "home", *words)


def move_lake(home: Path) -> None:
    (home / "lake").rename(home.parent / "elsewhere")


def empty_catalog(home: Path) -> None:
    (home / "lake" / "catalog.sqlite").write_bytes(b"")


def cut_catalog(home: Path) -> None:
    path = home / "lake" / "catalog.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def another_catalog(home: Path) -> None:
    """Of an empty lake: its tables are there, and no row."""
    with Lake.open(LakeSettings(home=home.parent / "new")):
        pass
    shutil.copy(home.parent / "new" / "lake" / "catalog.sqlite", home / "lake" / "catalog.sqlite")


def lose_catalog(home: Path) -> None:
    (home / "lake" / "catalog.sqlite").unlink()


LOSSES = (move_lake, empty_catalog, cut_catalog, another_catalog, lose_catalog)


def files_of(home: Path) -> dict[str, bytes]:
    """Every file that a person or a later run rests on."""
    kept = ("pupil.key", "lists", "archive", "lake/data")
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and str(path.relative_to(home)).startswith(kept)
    }


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
def test_a_lost_lake_is_refused_by_every_command_and_nothing_is_changed(
    copy: Path, lose: Callable[[Path], None]
) -> None:
    home = copy / "home"
    for left in (home / "lake").glob("catalog.sqlite-*"):
        left.unlink()
    lose(home)
    before = files_of(home)
    for command in COMMANDS:
        said = run(copy, command)
        text = " ".join((said.err + said.out).split())
        assert said.status == 1, (command, text)
        assert re.search(r"The lake of \S+ is lost: ", text), (command, text)
        assert "Restore lake/ from the backup" in text
        assert "--begin-anew" in text
    assert files_of(home) == before


@pytest.mark.parametrize("lose", [move_lake, cut_catalog], ids=lambda lose: lose.__name__)
def test_who_means_it_begins_again_and_what_was_left_is_put_aside(
    copy: Path, lose: Callable[[Path], None]
) -> None:
    home = copy / "home"
    for left in (home / "lake").glob("catalog.sqlite-*"):
        left.unlink()
    lose(home)
    key = (home / "pupil.key").read_bytes()
    said = night(copy, "--begin-anew")
    assert said.status == 0, said.err
    assert (home / "pupil.key").read_bytes() == key
    assert list(home.glob("lake.lost-*/data")) == [
        path for path in [home / "lake.lost-1" / "data"] if lose is cut_catalog
    ]
    assert run(copy, "nightly").status == 0


def test_no_command_makes_a_new_key_where_anything_was_keyed_with_the_old(copy: Path) -> None:
    home = copy / "home"
    (home / "pupil.key").unlink()
    for with_lake in (True, False):
        if not with_lake:
            shutil.rmtree(home / "lake")
        for command in COMMANDS:
            said = run(copy, command)
            assert said.status == 1, (command, said.err)
            assert not (home / "pupil.key").exists(), command
    assert night(copy, "--begin-anew").status == 1
    assert not (home / "pupil.key").exists()
    assert "WRONG  key file" in run(copy, "doctor").out


def table_file(home: Path, table: str) -> Path:
    with Lake.open(LakeSettings(home=home)) as lake:
        return next(
            Path(file.path) for file in data_files(lake.connection) if f"/{table}/" in file.path
        )


def lose_file(path: Path) -> None:
    path.unlink()


def cut_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [lose_file, cut_file, flip_a_bit], ids=lambda harm: harm.__name__)
def test_an_error_in_a_data_file_names_it(copy: Path, harm: Callable[[Path], None]) -> None:
    path = table_file(copy / "home", "absence_daily")
    harm(path)
    for command in ("publish" if harm is flip_a_bit else "nightly", "rates", "doctor"):
        said = run(copy, command)
        assert said.status == 1, command
        assert path.name in said.err + said.out, (command, said.err)
        assert "backup" in said.err + said.out


def test_a_data_file_that_no_question_reads_is_found_by_the_doctor(copy: Path) -> None:
    path = table_file(copy / "home", "staff")
    flip_a_bit(path)
    said = run(copy, "doctor")
    assert said.status == 1
    assert f"of {len_files(copy)} data files are damaged, the first {path}" in said.out


def len_files(copy: Path) -> int:
    with Lake.open(LakeSettings(home=copy / "home")) as lake:
        return len(data_files(lake.connection))


def test_a_home_that_is_well_is_reported_so(copy: Path) -> None:
    (copy / "home" / "inbox").mkdir()
    said = run(copy, "doctor")
    assert said.status == 0, said.out


def test_a_new_home_needs_no_word(tmp_path: Path) -> None:
    said = trappan("--home", tmp_path / "home", "rates", "--month", "2026-10")
    assert said.status == 0, said.err
