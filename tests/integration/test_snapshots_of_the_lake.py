"""Old snapshots go, files are merged and deleted, and no row of today goes with them.

The oracle is a whole scan of every table, at every snapshot that is kept, before and after.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.exports.changes import changes_of
from assets.exports.ledger.entries import LedgerFile, find_file
from assets.flags.as_known_at import NotKnownYetError, show_as_known
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.past import unneeded_files as deleting
from assets.lake.past.snapshots import (
    SnapshotGoneError,
    expire_everything_but_now,
    expire_snapshots,
    kept_snapshots,
    unkept_snapshots,
)
from assets.lake.past.unneeded_files import (
    merge_small_files,
    rewrite_deleted_rows,
    unneeded_files,
)
from assets.lake.settings import LakeError, LakeSettings
from assets.lake.tables import TABLE_NAMES
from tests.conftest import settings_of
from tests.integration.ingest_files import lesson, offer, put, text_of
from tests.integration.scale_out_servers import PASSWORD, Postgres

NOW = timedelta(0)
CATALOG = "__ducklake_metadata_lake"


@pytest.fixture(params=["in a home", "on Postgres"])
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LakeSettings:
    """A lake in a home, and one with its catalog on Postgres and its files in a folder."""
    usual = settings_of(tmp_path / "home")
    if request.param == "in a home":
        return usual
    server: Postgres = request.getfixturevalue("postgres")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    name = f"lake_{abs(hash(request.node.name))}"
    # Without a slash at its end, as somebody may write it.
    return replace(usual, catalog=server.database(name), data_path=str(tmp_path / "files"))


def rows_of(lake: Lake, table: str, version: int | None = None) -> list[tuple[Any, ...]]:
    """Return every value of a table, so that every file of it was read."""
    at = "" if version is None else f" AT (VERSION => {version})"
    return sorted(lake.rows(f"SELECT * FROM lake.{table}{at}"), key=repr)


def all_of(lake: Lake, version: int | None = None) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows_of(lake, name, version) for name in TABLE_NAMES}


def files_of(settings: LakeSettings) -> list[Path]:
    root = Path(settings.data_path or settings.home / "lake" / "data")
    return sorted(root.rglob("*.parquet"))


def counts_are_true(lake: Lake) -> None:
    """`count(*)` is answered by the catalog; a scan of a column is not."""
    for name in TABLE_NAMES:
        ((counted,),) = lake.rows(f"SELECT count(*) FROM lake.{name}")
        assert counted == len(rows_of(lake, name)), name


def days_after(lake: Lake, number: int, minutes: int) -> None:
    """Write the sums of a day and of twenty pupils, in place of older ones."""
    day = date(2026, 8, 17) + timedelta(days=number)

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DELETE FROM absence_daily WHERE lesson_date = ?", [day])
        connection.execute(
            "INSERT INTO absence_daily BY NAME SELECT md5(range::VARCHAR)::UUID AS pupil_key, "
            "'99999901' AS school_unit_code, $day AS lesson_date, 60 AS scheduled_minutes, "
            "60 AS reported_minutes, 0 AS valid_minutes, $minutes AS invalid_minutes, 1 AS lessons,"
            "1 AS reported_lessons, $day::TIMESTAMP AS last_starts_at, "
            "$day::TIMESTAMP AS last_exported_at, 'MA' AS last_subject, false AS has_overlap "
            "FROM range(20)",
            {"day": day, "minutes": minutes},
        )

    lake.write(change)


def taken(lake: Lake, sha256: str) -> LedgerFile:
    return find_file(lake, Sealer.of_home(lake.settings.home), sha256)


def deleted(lake: Lake, where: str) -> None:
    lake.write(lambda connection: connection.execute(f"DELETE FROM absence_daily WHERE {where}"))


def restated(lake: Lake, times: int) -> None:
    for number in range(times):
        days_after(lake, number % 40, number)


def test_after_200_restatements_and_each_step_a_count_is_a_whole_scan(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 200)
        expected = rows_of(lake, "absence_daily")
        assert len(expected) == 40 * 20
        steps: tuple[Callable[[], object], ...] = (
            lambda: merge_small_files(lake),
            lambda: rewrite_deleted_rows(lake, ["absence_daily"]),
            lambda: expire_snapshots(lake, [one.snapshot_id for one in kept_snapshots(lake)[:-9]]),
            lambda: merge_small_files(lake),
            lambda: unneeded_files(lake, grace=NOW, delete=True),
            lambda: restated(lake, 7),
            lambda: expire_everything_but_now(lake),
        )
        for step in steps:
            step()
            counts_are_true(lake)
        restated(lake, 0)
        assert [row[:3] for row in rows_of(lake, "absence_daily")] == [row[:3] for row in expected]
    with Lake.open(settings) as lake:
        counts_are_true(lake)
        # A file a month, of twenty pupils and forty days.
        assert len([path for path in files_of(settings) if "absence_daily" in str(path)]) == 2


def test_every_kept_snapshot_reads_as_before(settings: LakeSettings) -> None:
    with Lake.open(settings) as lake:
        restated(lake, 12)
        gone = [one.snapshot_id for one in kept_snapshots(lake)[:-6]]
        before = {
            one.snapshot_id: rows_of(lake, "absence_daily", one.snapshot_id)
            for one in kept_snapshots(lake)[-6:]
        }
        files = len(files_of(settings))
        dry = unneeded_files(lake, grace=NOW)
        assert (dry.replaced, dry.left_over) == (0, 0), "nothing was replaced yet"
        rewrite_deleted_rows(lake, ["absence_daily"])
        merge_small_files(lake)
        expire_snapshots(lake, gone)
        found = unneeded_files(lake, grace=NOW)
        assert found.files > 0
        assert len(files_of(settings)) > files, "a dry run deletes nothing"
        assert unneeded_files(lake, grace=NOW, delete=True) == found
        assert unneeded_files(lake, grace=NOW, delete=True).files == 0
        for number, rows in before.items():
            assert rows_of(lake, "absence_daily", number) == rows
        for number in gone[-3:]:
            with pytest.raises(duckdb.Error):
                rows_of(lake, "absence_daily", number)


def test_a_file_whose_rows_went_bit_by_bit_goes_with_its_snapshots(tmp_path: Path) -> None:
    """The file of its deleted rows has no end in the catalog: only the rows' own file has."""
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 1)
        deleted(lake, "pupil_key = md5('7')::UUID")
        deleted(lake, "true")
        restated(lake, 2)
        expected = rows_of(lake, "absence_daily")
        before_the_last = kept_snapshots(lake)[-2].snapshot_id
        then = rows_of(lake, "absence_daily", before_the_last)
        expire_snapshots(lake, [one.snapshot_id for one in kept_snapshots(lake)[:-2]])
        assert unneeded_files(lake, grace=NOW, delete=True).files == 2
        assert rows_of(lake, "absence_daily") == expected
        assert rows_of(lake, "absence_daily", before_the_last) == then


def test_after_everything_but_now_no_file_has_a_row_that_is_not_there_now(
    settings: LakeSettings,
) -> None:
    with Lake.open(settings) as lake:
        restated(lake, 5)
        lake.write(lambda connection: connection.execute(
            "DELETE FROM absence_daily WHERE pupil_key = md5('7')::UUID"
        ))  # fmt: skip
        expected = all_of(lake)
        # Left by a write that did not come to its end.
        root = files_of(settings)[0].parent
        if not settings.data_path:
            (root / "ducklake-left.parquet").write_bytes(b"x")
        expire_everything_but_now(lake)
        assert all_of(lake) == expected
        assert [one.snapshot_id for one in kept_snapshots(lake)] == [lake.snapshot()]
        listed = lake.rows(
            f"SELECT path, encryption_key, record_count FROM {CATALOG}.ducklake_data_file"
        )
        assert {path.name for path in files_of(settings)} == {path for path, _, _ in listed}
        there = {path.name: path for path in files_of(settings)}
        of_sums = [row for row in listed if "absence_daily" in str(there[row[0]])]
        assert sum(row[2] for row in of_sums) == len(expected["absence_daily"]) == 5 * 19
        ((extremes,),) = lake.rows(
            f"SELECT count(*) FROM {CATALOG}.ducklake_table_column_stats AS stats "
            f"JOIN {CATALOG}.ducklake_column USING (table_id, column_id) "
            "WHERE column_type = 'uuid' AND (min_value IS NOT NULL OR max_value IS NOT NULL)"
        )
        assert extremes == 0
        assert expire_everything_but_now(lake).files == 0
    with Lake.open(settings) as lake:
        restated(lake, 2)
        counts_are_true(lake)


def test_the_catalogs_file_has_nothing_of_who_is_gone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 5)
        # The extremes of the pupils' keys are two pupils'.
        ((first,),) = lake.rows("SELECT min(pupil_key)::VARCHAR FROM absence_daily")
        assert first.encode() in everything_of_catalog(settings)
        lake.write(
            lambda connection: connection.execute(
                "DELETE FROM absence_daily WHERE pupil_key = cast(? AS UUID)", [first]
            )
        )
        assert first.encode() in everything_of_catalog(settings)
        expire_everything_but_now(lake)
        assert first.encode() not in everything_of_catalog(settings)


def everything_of_catalog(settings: LakeSettings) -> bytes:
    return b"".join(path.read_bytes() for path in (settings.home / "lake").glob("catalog.sqlite*"))


@pytest.mark.parametrize("place", ["moved", "by a link", "relative"])
def test_a_dry_run_in_a_moved_home_lists_no_live_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 4)
        expected = rows_of(lake, "absence_daily")
    home = (tmp_path / "home").rename(tmp_path / "Elsewhere, å [1]")
    if place == "by a link":
        home, target = tmp_path / "link", home
        home.symlink_to(target)
    if place == "relative":
        monkeypatch.chdir(home.parent)
        home = Path(home.name)
    settings = settings_of(home)
    with Lake.open(settings) as lake:
        assert unneeded_files(lake, grace=NOW).files == 0
        rewrite_deleted_rows(lake, ["absence_daily"])
        merge_small_files(lake)
        assert unneeded_files(lake, grace=NOW, delete=True).files > 0
        expire_everything_but_now(lake)
        assert rows_of(lake, "absence_daily") == expected
    with Lake.open(settings) as lake:
        assert rows_of(lake, "absence_daily") == expected


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_dry_run_lists_no_live_file_however_the_folder_is_written(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, slashes: str
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    settings = replace(
        settings_of(tmp_path / "home"),
        catalog=postgres.database(f"slashes_{len(slashes)}"),
        data_path=f"{tmp_path / 'files'}{slashes}",
    )
    with Lake.open(settings) as lake:
        restated(lake, 4)
        left = files_of(settings)[0].parent / "ducklake-left.parquet"
        left.write_bytes(b"x")
        found = unneeded_files(lake, grace=NOW, delete=True)
        assert (found.files, found.kept_left_over) == (0, 1)
        assert left.exists(), "outside the home it may be another lake's"
        counts_are_true(lake)


def test_a_renamed_table_keeps_its_files(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 4)
        expected = rows_of(lake, "absence_daily")
        lake.connection.execute("ALTER TABLE absence_daily RENAME TO sums_of_days")
        assert unneeded_files(lake, grace=NOW).files == 0
        expire_snapshots(lake, [one.snapshot_id for one in kept_snapshots(lake)[:-1]])
        merge_small_files(lake, ["sums_of_days"])
        unneeded_files(lake, grace=NOW, delete=True)
        assert rows_of(lake, "sums_of_days") == expected
        lake.connection.execute("ALTER TABLE sums_of_days RENAME TO absence_daily")
        assert unneeded_files(lake, grace=NOW).files == 0
        counts_are_true(lake)


def test_a_live_file_that_ducklake_would_delete_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 4)
        live = files_of(settings)[0]
        asked = deleting._asked
        monkeypatch.setattr(
            deleting,
            "_asked",
            lambda *words, **more: [*asked(*words, **more), f"/else/{live.name}"],
        )
        with pytest.raises(LakeError, match="are needed by the lake"):
            unneeded_files(lake, grace=NOW, delete=True)
        assert live.exists()


def test_a_file_that_is_gone_after_all_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 4)
        merge_small_files(lake)
        asked = deleting._asked

        def deletes_too_much(lake: Lake, *words: Any, **more: Any) -> list[str]:
            found = asked(lake, *words, **more)
            if not more.get("dry_run", True):
                shutil.rmtree(settings.home / "lake" / "data", ignore_errors=True)
            return found

        monkeypatch.setattr(deleting, "_asked", deletes_too_much)
        with pytest.raises(LakeError, match="data files of the lake are missing, the first"):
            unneeded_files(lake, grace=NOW, delete=True)


def test_a_file_stays_until_readers_that_began_before_have_ended(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        restated(lake, 6)
        expected = rows_of(lake, "absence_daily")
        with Lake.open(settings) as reader, reader.reading():
            assert len(rows_of(reader, "absence_daily")) == len(expected)
            rewrite_deleted_rows(lake, ["absence_daily"])
            merge_small_files(lake)
            expire_snapshots(lake, [one.snapshot_id for one in kept_snapshots(lake)[:-1]])
            assert unneeded_files(lake, delete=True).files == 0
            assert rows_of(reader, "absence_daily") == expected
        assert unneeded_files(lake, grace=NOW, delete=True).files > 0


def test_the_snapshot_in_force_at_the_moment_and_those_named_are_kept(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 6)
        all_kept = kept_snapshots(lake)
        numbers = [one.snapshot_id for one in all_kept]
        third = all_kept[-3]
        between = third.written_at + timedelta(microseconds=1)
        assert unkept_snapshots(lake, between) == numbers[:-3]
        assert unkept_snapshots(lake, third.written_at) == numbers[:-4]
        assert unkept_snapshots(lake, between, also=[numbers[1]]) == [numbers[0], *numbers[2:-3]]
        later = datetime.now(UTC) + timedelta(days=1)
        assert unkept_snapshots(lake, later) == numbers[:-2]


def test_who_asks_between_two_that_are_kept_is_told_the_nearest(tmp_path: Path) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        restated(lake, 8)
        # An hour apart, for a moment is known to the second.
        lake.connection.execute(
            "UPDATE __ducklake_metadata_lake.ducklake_snapshot "
            "SET snapshot_time = TIMESTAMPTZ '2026-11-02 04:00:00+00' + to_hours(snapshot_id)"
        )
        snapshots = kept_snapshots(lake)
        first, second, third, last = (snapshots[place] for place in (-6, -4, -2, -1))
        kept = {one.snapshot_id for one in (first, second, third, last)}
        expire_snapshots(
            lake, [one.snapshot_id for one in snapshots if one.snapshot_id not in kept]
        )
        one, other = (f"{found.written_at:%Y-%m-%dT%H:%M:%S}Z" for found in (first, second))
        for before, nearest in (
            (second, f"the nearest before and after are {one} and {other}."),
            (third, f"the nearest before is {other}."),
        ):
            with pytest.raises(NotKnownYetError) as said:
                show_as_known(lake, before.written_at - timedelta(minutes=5))
            assert f"from {third.written_at:%Y-%m-%d %H:%M} UTC on, or one of" in str(said.value)
            assert nearest in str(said.value)


def test_what_needs_a_snapshot_that_is_gone_says_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    with Lake.open(settings) as lake:
        offer(lake, put(tmp_path, "a_20261102T0500.csv", text_of([lesson(n) for n in range(9)])))
        offer(lake, put(tmp_path, "b_20261103T0500.csv", text_of([lesson(3, valid="9")])))
        (first,), (second,) = lake.rows("SELECT file_sha256 FROM files ORDER BY exported_at")
        before = changes_of(lake, taken(lake, second)).counts()
        # A moment is known to the second.
        time.sleep(2)
        merge_small_files(lake)
        rewrite_deleted_rows(lake, ["lessons"], threshold=0.0)
        assert changes_of(lake, taken(lake, second)).counts() == before
        (number,) = taken(lake, second).snapshots
        kept = [one for one in kept_snapshots(lake) if one.snapshot_id in {number - 1, number}]
        expire_snapshots(lake, unkept_snapshots(lake, datetime.now(UTC), [number - 1, number]))
        assert changes_of(lake, taken(lake, second)).counts() == before
        with pytest.raises(SnapshotGoneError, match="what it changed is not known any more"):
            changes_of(lake, taken(lake, first))
        with Lake.open(settings) as past:
            assert show_as_known(past, kept[1].written_at).snapshot == number
        with pytest.raises(NotKnownYetError, match="no longer keeps what it knew at"):
            show_as_known(lake, kept[1].written_at + timedelta(seconds=1))
        with pytest.raises(NotKnownYetError, match="Expected a moment from"):
            show_as_known(lake, kept[0].written_at - timedelta(seconds=1))
        # Without the one before, half of what it changed would be missing unseen.
        expire_snapshots(lake, [number - 1])
        with pytest.raises(SnapshotGoneError):
            changes_of(lake, taken(lake, second))
        expire_everything_but_now(lake)
        # The ledger's rows now say that they are of the snapshot that wrote them again.
        for sha256 in (first, second):
            with pytest.raises(SnapshotGoneError):
                changes_of(lake, taken(lake, sha256))
