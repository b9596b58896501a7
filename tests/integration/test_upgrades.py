"""A lake of an older program is brought to the present form; one of a newer program is refused.

Tried on a home that the first version made (`tests/lakes`), and with made-up later versions.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assets.lake.connection import Lake
from assets.lake.settings import LakeError
from assets.lake.tables import TABLES
from assets.lake.upgrading.versions import STEPS, own_version, version_of
from tests.conftest import settings_of
from tests.integration.conftest import trappan
from tests.integration.older_homes import (
    FOURTH,
    THIRD,
    ZIPS,
    answers_of,
    form_of,
    number_of,
    on_postgres,
    opened,
    program_of,
    tags_of,
    unpacked,
)
from tests.integration.scale_out_servers import PASSWORD, Postgres, postgres_server
from tests.ready_processes import run_ready

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")
ROOT = Path(__file__).resolve().parents[2]
NEXT_NIGHT = "2026-10-05"
FIRST = next(packed for packed in ZIPS if number_of(packed) == 1)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A home that a program of the first version made."""
    return unpacked(FIRST, tmp_path)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        yield server


def newer(home: Path) -> None:
    """Bring a home to the made-up later version."""
    with program_of(THIRD, FOURTH):
        opened(home, upgrades=True)


def test_the_steps_lead_from_the_first_version_without_a_gap() -> None:
    assert [step.version for step in STEPS] == list(range(2, own_version() + 1))
    assert all(step.what.endswith(".") for step in STEPS)


@pytest.mark.parametrize("packed", ZIPS, ids=lambda packed: packed.stem)
def test_a_kept_lake_is_small_and_of_its_version(packed: Path, tmp_path: Path) -> None:
    assert packed.stat().st_size < 300_000
    said = tags_of(unpacked(packed, tmp_path))
    assert [int(tag.split()[2].rstrip(",")) for tag in said][-1:] == (
        [number_of(packed)] if number_of(packed) > 1 else []
    )


# --- forward -------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", ZIPS, ids=lambda packed: packed.stem)
def test_an_older_home_answers_as_it_did_and_goes_on_with_its_nights(
    packed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = unpacked(packed, tmp_path)
    with caplog.at_level(logging.WARNING):
        said = trappan("--home", home, "upgrade")
    assert said.status == 0, said.err
    assert f"schema version {own_version()}" in said.err
    if number_of(packed) < own_version():
        words = f"brought from schema version {number_of(packed)} to {own_version()}"
        assert [record.getMessage() for record in caplog.records if words in record.getMessage()]
    for *question, answer in answers_of(packed):
        said = trappan("--home", home, *question, "--format", "json")
        assert json.loads(said.out) == json.loads(answer), question
    # Every table has every column that a new lake has, of the same type.
    assert form_of(home) == form_of_new(tmp_path)
    verified = trappan("--home", home, "verify")
    # Published pages are not packed, so they are gone; nothing else may be wrong.
    wrong = [one for one in verified.out.splitlines() if one.startswith("WRONG")]
    assert [one for one in wrong if not re.search(r" lists/.*: it is gone$", one)] == []
    said = trappan("--home", home, "nightly", "--as-of", NEXT_NIGHT, "--force")
    assert said.status in {0, 3}, said.err
    assert list((home / "lists" / "current").glob("*/*.html"))
    assert f"schema version {own_version()}" in trappan("--home", home, "doctor").out


def form_of_new(folder: Path) -> dict[str, set[tuple[str, str]]]:
    opened(folder / "new")
    return form_of(folder / "new")


def test_a_second_opening_upgrades_nothing_and_says_nothing(
    older: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(older)
    before = opened(older, Lake.snapshot)
    caplog.clear()
    assert opened(older, Lake.snapshot) == before
    assert caplog.records == []
    assert len(tags_of(older)) == own_version() - 1


def test_a_new_lake_says_its_version_at_once(tmp_path: Path) -> None:
    version = opened(tmp_path / "home", lambda lake: version_of(lake.connection))
    assert version.number == own_version()


def test_a_later_version_fills_its_column_and_makes_its_table(older: Path) -> None:
    lessons = opened(older, lambda lake: lake.rows("SELECT sum(lessons) FROM absence_daily"))
    with program_of(THIRD, FOURTH):
        found = opened(
            older,
            lambda lake: (
                lake.rows("SELECT DISTINCT said_by FROM files"),
                lake.rows("SELECT count(*) FROM made_up_notes"),
                lake.rows("SELECT sum(lessons) FROM absence_daily"),
            ),
            upgrades=True,
        )
    assert found == ([("kommunen",)], [(0,)], [(2 * lessons[0][0],)])
    assert [int(tag.split()[2].rstrip(",")) for tag in tags_of(older)] == [2, 3, 4]


def test_what_rewrites_is_not_done_before_somebody_asks_for_it(older: Path) -> None:
    opened(older)
    before = opened(older, Lake.snapshot)
    with program_of(THIRD, FOURTH):
        for command in (("doctor",), ("rates", "--month", "2026-09"), ("nightly",)):
            said = trappan("--home", older, *command)
            assert said.status == 1
            assert "Make a backup first" in said.out + said.err
            assert "(3) Every file gets its sender. (4) Lessons of a day" in said.out + said.err
    assert opened(older, Lake.snapshot) == before


def test_a_home_without_a_lake_is_not_upgraded_to_one(tmp_path: Path) -> None:
    said = trappan("--home", tmp_path / "home", "upgrade")
    assert said.status == 1
    assert "has no lake" in said.err
    assert not (tmp_path / "home" / "lake").exists()


# --- killed, and two at once ---------------------------------------------------------------------

#: A later program that is killed where it is told to be: within a step, or right after one.
KILLED = """
import os, sys
from dataclasses import replace
from pathlib import Path
from assets.lake import connection
from tests.integration import older_homes as homes
home, where, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def within(step):
    def change(lake):
        step.change(lake)
        if where == "within" and step.version == number:
            os.kill(os.getpid(), 9)
    return replace(step, change=change)
take = connection.take_next
def take_next(lake, tables):
    after = homes.versions.version_of(lake).number
    if where == "before" and after == number - 1:
        os.kill(os.getpid(), 9)
    return take(lake, tables)
connection.take_next = take_next
with homes.program_of(within(homes.THIRD), within(homes.FOURTH)):
    homes.opened(home, upgrades=True)
"""


def run_later(home: Path, where: str, number: int) -> int:
    done = run_ready(KILLED, home, where, number)
    assert done.returncode in {0, -9}, done.stderr
    return done.returncode


def state(home: Path) -> list[object]:
    """What the made-up versions changed, and the ledger."""
    asked = (
        "SELECT sum(lessons) FROM absence_daily",
        "SELECT file_sha256, said_by FROM files",
        "SELECT count(*) FROM made_up_notes",
    )
    with program_of(THIRD, FOURTH):
        return list(opened(home, lambda lake: [sorted(lake.rows(one)) for one in asked]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The state after an upgrade that nothing disturbed."""
    home = unpacked(FIRST, tmp_path_factory.mktemp("whole"))
    newer(home)
    return state(home)


@pytest.mark.parametrize(
    ("where", "number"),
    [("before", 2), ("before", 3), ("within", 3), ("before", 4), ("within", 4)],
)
def test_a_killed_upgrade_goes_on_where_it_was(
    older: Path, whole: list[object], where: str, number: int
) -> None:
    assert run_later(older, where, number) == -9
    # What was reached is a whole version.
    said = [int(tag.split()[2].rstrip(",")) for tag in tags_of(older)]
    assert said == list(range(2, number))
    newer(older)
    assert state(older) == whole


def test_two_who_upgrade_at_once_take_each_step_once(older: Path, whole: list[object]) -> None:
    command = [sys.executable, "-c", KILLED, str(older), "nowhere", "0"]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert state(older) == whole
    assert len(tags_of(older)) == 3


# --- back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("doctor",),
        ("verify",),
        ("upgrade",),
        ("nightly", "--as-of", NEXT_NIGHT, "--force"),
        ("publish", "--week", "2026-W40"),
        ("backfill", "--from", "2026-09", "--to", "2026-09"),
        ("rates", "--month", "2026-09"),
        ("flags", "--as-of", "2026-10-04"),
        ("files",),
    ],
    ids=lambda command: command[0],
)
def test_an_older_program_refuses_a_newer_lake_and_changes_nothing(
    newer_home: Path, command: tuple[str, ...]
) -> None:
    before = (newer_home / "lake" / "catalog.sqlite").read_bytes()
    lists = {path: path.stat().st_mtime_ns for path in (newer_home / "lists").rglob("*")}
    said = trappan("--home", newer_home, *command)
    assert said.status == 1
    words = said.out + said.err
    assert "The lake has schema version 4" in words
    assert f"knows versions up to {own_version()}" in words
    assert "docs/operators-upgrade.md" in words
    assert (newer_home / "lake" / "catalog.sqlite").read_bytes() == before
    assert lists == {path: path.stat().st_mtime_ns for path in (newer_home / "lists").rglob("*")}


@pytest.fixture(scope="module")
def newer_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = unpacked(FIRST, tmp_path_factory.mktemp("newer"))
    newer(home)
    return home


def test_a_program_that_was_running_writes_no_more_after_an_upgrade(older: Path) -> None:
    with Lake.open(settings_of(older)) as lake:
        newer(older)
        before = lake.rows("SELECT count(*) FROM stale_days")
        with pytest.raises(LakeError, match="while this command ran"):
            lake.write(lambda c: c.execute("INSERT INTO lake.stale_days VALUES ('2026-10-01')"))
        assert lake.rows("SELECT count(*) FROM stale_days") == before


def test_a_version_that_cannot_be_read_is_refused(older: Path) -> None:
    opened(
        older,
        lambda lake: lake.connection.execute("COMMENT ON TABLE lake.files IS 'trappan schema 2b'"),
    )
    with pytest.raises(LakeError, match="version can't be read"):
        opened(older)


_READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -c \
'from pipelines.command import main; main()' --home "$1" rates --month 2026-09
"""


def test_an_older_home_on_a_disk_for_reading_is_said_and_not_half_answered(older: Path) -> None:
    apart = shutil.which("unshare")
    if not apart or subprocess.run([apart, "-rm", "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount anything")
    said = subprocess.run(
        [apart, "-rm", "sh", "-c", _READ_ONLY, "sh", str(older), sys.executable],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stdout == ""
    assert "is of an older version, and the home can't be written to" in said.stderr


# --- on a server ---------------------------------------------------------------------------------


def test_a_catalog_on_postgres_is_upgraded_and_refused_alike(
    older: Path, postgres: Postgres
) -> None:
    settings = on_postgres(older, postgres.database("older"))
    with Lake.open(settings) as lake:
        assert version_of(lake.connection).number == own_version()
        ((files,),) = lake.rows("SELECT count(*) FROM files")
    assert files > 0
    with program_of(THIRD, FOURTH):
        with pytest.raises(LakeError, match="Make a backup first"), Lake.open(settings):
            pass
        with Lake.open(replace(settings, upgrades=True)) as lake:
            assert lake.rows("SELECT count(*) FROM files WHERE said_by = 'kommunen'") == [(files,)]
            assert lake.rows("SELECT count(*) FROM made_up_notes") == [(0,)]
    with pytest.raises(LakeError, match="The lake has schema version 4"), Lake.open(settings):
        pass


def test_who_may_only_read_an_older_lake_is_told_whom_to_ask(
    older: Path, postgres: Postgres
) -> None:
    settings = on_postgres(older, postgres.database("readers"))
    postgres.sql(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", "readers")
    reading = replace(settings, catalog=postgres.catalog("readers", "reader"))
    with pytest.raises(LakeError, match=r"has schema version 1; .* the account that owns the lake"):
        Lake.open(reading)
    with Lake.open(settings):
        pass
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", "readers")
    with Lake.open(reading) as lake:
        assert lake.has_rows("files")


# --- forms that are out --------------------------------------------------------------------------


def unsaid(form: dict[str, set[tuple[str, str]]]) -> list[str]:
    """What `tables.py` has that a kept lake of the same version lacks, and the other way round."""
    here = {(table.name, column.name) for table in TABLES for column in table.columns}
    there = {(table, column) for table, columns in form.items() for column, _ in columns}
    return sorted(f"{table}.{column}" for table, column in here ^ there)


@pytest.mark.parametrize("packed", ZIPS, ids=lambda packed: packed.stem)
def test_the_form_of_a_released_version_is_not_changed(packed: Path, tmp_path: Path) -> None:
    if number_of(packed) != own_version():
        # Its form is another, as that of the version to come is another than this one's.
        return
    changed = unsaid(form_of(unpacked(packed, tmp_path)))
    assert changed == [], "a released program would not know them: add a step to versions.STEPS"


def test_a_form_that_was_changed_is_noticed(tmp_path: Path) -> None:
    opened(tmp_path / "home")
    form = form_of(tmp_path / "home")
    assert unsaid(form) == []
    form["files"].pop()
    form["more"] = {("one", "varchar")}
    assert len(unsaid(form)) == 2
