"""How the lake is opened: signed extensions, and steps of a run that share it and nothing else."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.lake.access import SMALL, LakeAccess, StepError
from assets.lake.connection import Lake
from assets.lake.settings import LakeError, configuration, extension_path
from tests.conftest import settings_of
from tests.integration.ingest_files import lesson, lessons_of, offer, put, text_of

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")


def access_to(home: Path) -> LakeAccess:
    return LakeAccess(settings_of(home), (), "stockholm", lambda: date(2026, 11, 15), lambda: 0.0)


def test_a_step_sees_what_another_wrote_but_none_of_its_temporary_tables(tmp_path: Path) -> None:
    access = access_to(tmp_path / "home")
    with access.open() as first:
        first.connection.execute("CREATE TEMP TABLE lessons AS SELECT 1 AS wrong")
        first.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))
    with access.open() as second:
        assert second.rows("SELECT count(*) FROM lessons") == [(0,)]
        assert second.rows("SELECT * FROM stale_days") == [(date(2026, 11, 2),)]
    access.close()


def test_after_a_run_the_lake_is_let_go_and_the_next_run_opens_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    access = access_to(home)
    with access.open():
        assert list((home / "tmp").iterdir())
    access.close()
    access.close()
    assert not list((home / "tmp").iterdir())
    with access.open() as lake:
        assert lake.rows("SELECT count(*) FROM lessons") == [(0,)]
    access.close()


def test_a_run_that_ends_with_its_process_leaves_no_spill_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    access = access_to(home)
    with access.open():
        pass
    del access
    gc.collect()
    assert not list((home / "tmp").iterdir())


SITUATIONS: dict[str, tuple[int, Callable[[LakeAccess, Path], LakeAccess]]] = {
    "little is stored and offered": (1, lambda access, _: access),
    "much is offered": (
        0,
        lambda access, folder: replace(access, inbox=(written(folder / "in", 99),)),
    ),
    "one large file is offered": (
        0,
        lambda access, folder: replace(access, inbox=(_large(folder),)),
    ),
    "much is stored": (0, lambda access, _: stores(access)),
    "servers bring files": (0, lambda access, folder: replace(access, pulled=folder)),
    "no server brought any yet": (
        1,
        lambda access, folder: replace(access, pulled=folder / "pulled"),
    ),
    "an original is read again": (0, lambda access, _: replace(access, retried="0" * 64)),
    "the inbox is not there": (1, lambda access, folder: replace(access, inbox=(folder / "none",))),
    "somebody asks for three": (3, lambda access, _: asks_for(access, threads=3)),
}


def written(folder: Path, files: int) -> Path:
    (folder / "below").mkdir(parents=True)
    for number in range(files):
        (folder / "below" / f"{number}.csv").write_bytes(b" " * 100)
    return folder


def _large(folder: Path) -> Path:
    return written(folder / "in", 1) / "below" / "0.csv"


def stores(access: LakeAccess) -> LakeAccess:
    access.settings.home.mkdir(mode=0o700)
    with Lake.open(access.settings) as lake:
        lake.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))
    return access


def asks_for(access: LakeAccess, **settings: Any) -> LakeAccess:
    return replace(access, settings=replace(access.settings, **settings))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_run_takes_one_thread_only_where_it_has_little_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, situation: str
) -> None:
    limit = {"one large file is offered": 50, "much is stored": 99, "much is offered": 9_000}
    monkeypatch.setattr("assets.lake.access.SMALL", limit.get(situation, SMALL))
    expected, change = SITUATIONS[situation]
    access = change(asks_for(access_to(tmp_path / "home"), threads=0), tmp_path)
    with access.open() as lake:
        ((threads,),) = lake.rows("SELECT current_setting('threads')")
    access.close()
    assert threads == (expected or os.cpu_count())


def test_a_step_that_failed_does_not_spoil_the_lake_for_the_next(tmp_path: Path) -> None:
    access = access_to(tmp_path / "home")

    def fail() -> None:
        with access.open() as lake:
            lake.connection.execute("BEGIN")
            lake.connection.execute("SELECT wrong FROM lessons")

    with pytest.raises(StepError):
        fail()
    with access.open() as lake:
        lake.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))
        assert lake.rows("SELECT count(*) FROM stale_days") == [(1,)]
    access.close()


def test_an_extension_that_was_changed_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(extension_path("sqlite_scanner").read_bytes())
    content[len(content) // 2] ^= 1
    changed = tmp_path / "sqlite_scanner.duckdb_extension"
    changed.write_bytes(content)
    monkeypatch.setattr("assets.lake.connection.configuration", configuration)
    monkeypatch.setattr(
        "assets.lake.connection.extension_path",
        lambda name: changed if name == "sqlite_scanner" else extension_path(name),
    )
    with pytest.raises(LakeError, match="signature"):
        Lake.open(settings_of(tmp_path / "home"))


def test_a_lost_catalog_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        lake.write(lambda c: c.execute("INSERT INTO stale_days VALUES (DATE '2026-11-02')"))
    for path in (home / "lake").glob("catalog.sqlite*"):
        path.rename(tmp_path / path.name)
    with pytest.raises(
        LakeError, match=r"is lost: \S+catalog\.sqlite is gone, but lake/data of it is"
    ):
        Lake.open(settings_of(home))
    for path in tmp_path.glob("catalog.sqlite*"):
        path.rename(home / "lake" / path.name)
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT count(*) FROM stale_days") == [(1,)]


def test_what_was_prepared_for_a_question_that_failed_is_prepared_again(new_lake: Lake) -> None:
    def question() -> None:
        with new_lake.reading():
            new_lake.prepare("exports/parsing_macros")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        question()
    new_lake.prepare("exports/parsing_macros")
    assert new_lake.rows("SELECT plain_text(' 8A ')") == [("8A",)]


def test_an_ingest_that_could_not_begin_hinders_none_after_it(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> Path:
        raise OSError(28, "No space left on device")

    path = put(tmp_path, "a.csv", text_of([lesson()]))
    with monkeypatch.context() as patch:
        patch.setattr("assets.exports.ingest.own_folder", full)
        with pytest.raises(OSError, match="No space"):
            offer(new_lake, path)
    offer(new_lake, path)
    assert len(lessons_of(new_lake)) == 1
