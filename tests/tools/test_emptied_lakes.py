"""The lake that the tests of a file share has nothing of the test before."""

from __future__ import annotations

from pathlib import Path

from assets.lake.connection import Lake
from assets.lake.settings import LakeSettings
from assets.lake.tables import TABLES
from tests.conftest import NewHomes, emptied, settings_of
from tests.integration.ingest_files import PUPILS, lesson, lessons_of, offer, put, text_of


def _take(lake: Lake, folder: Path, school: str, count: int) -> None:
    rows = [lesson(n, school=school, civic=PUPILS[n % 3]) for n in range(count)]
    offer(lake, put(folder, f"{school}_{count}.csv", text_of(rows)))


def _contents(lake: Lake) -> dict[str, int]:
    return {t.name: lake.rows(f"SELECT count(*) FROM {t.name}")[0][0] for t in TABLES}


def test_an_emptied_lake_takes_files_as_one_that_never_had_any(
    new_lake: Lake, tmp_path: Path
) -> None:
    assert new_lake.settings.home in NewHomes.empty_catalogs
    _take(new_lake, tmp_path / "first", "99999901", 4)
    first, snapshot = _contents(new_lake), new_lake.snapshot()
    lessons = lessons_of(new_lake)
    for count in (7, 1):
        _take(emptied(new_lake), tmp_path / "others", "99999902", count)
        assert len(lessons_of(new_lake)) == count
    emptied(new_lake)
    assert not any(_contents(new_lake).values())
    assert new_lake.snapshot() > snapshot
    _take(new_lake, tmp_path / "again", "99999901", 4)
    assert (_contents(new_lake), lessons_of(new_lake)) == (first, lessons)


def test_a_table_that_a_test_changed_is_as_it_was(new_lake: Lake, tmp_path: Path) -> None:
    new_lake.connection.execute("ALTER TABLE lake.lessons DROP COLUMN subject")
    emptied(new_lake)
    _take(new_lake, tmp_path, "99999901", 3)
    assert len(lessons_of(new_lake)) == 3


def test_a_lake_that_somebody_reads_is_emptied_all_the_same(new_lake: Lake, tmp_path: Path) -> None:
    _take(new_lake, tmp_path, "99999901", 3)
    with new_lake.beside() as other:
        other.connection.execute("BEGIN")
        assert other.rows("SELECT count(*) FROM lessons") == [(3,)]
        assert lessons_of(emptied(new_lake)) == []
        other.connection.execute("ROLLBACK")
    assert new_lake.rows("SELECT count(*) FROM lessons") == [(0,)]


def test_what_the_fast_way_leaves_is_what_deleting_leaves(tmp_path: Path) -> None:
    found = []
    for name, is_copy in (("copied", True), ("made", False)):
        settings: LakeSettings = settings_of(tmp_path / name)
        with Lake.open(settings) as lake:
            if not is_copy:
                del NewHomes.empty_catalogs[settings.home]
            _take(lake, tmp_path / f"{name}_in", "99999901", 5)
            emptied(lake)
            _take(lake, tmp_path / f"{name}_in", "99999903", 2)
            found.append((_contents(lake), lessons_of(lake)))
    # Each home has a key of its own, so pupils differ; all else does not.
    (one, some), (other, others) = found
    assert one == other
    assert sorted(map(str, (r[1:-1] for r in some))) == sorted(map(str, (r[1:-1] for r in others)))
