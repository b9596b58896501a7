"""Work is staged on two connections by turns, in order, and never two pieces at once."""

from __future__ import annotations

import threading
from contextlib import closing

import duckdb
import pytest

from assets.exports.batches.prefetch import StagingConnection, staged_ahead
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.schema import TemporaryTable

SECONDS = 30


@pytest.fixture
def staging(scratch: Lake) -> StagingConnection:
    return StagingConnection.first(scratch, Sealer.unkept())


def always(_piece: object, _following: object) -> bool:
    return True


def keep(staging: StagingConnection, piece: int) -> tuple[StagingConnection, int]:
    staging.lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {piece} AS piece"
    )
    return staging, piece


def test_each_piece_is_found_where_it_was_staged(staging: StagingConnection) -> None:
    found = [
        (piece, where.lake.rows("FROM staged"))
        for where, piece in staged_ahead(staging, [1, 2, 3, 4], keep, always)
    ]
    assert found == [(piece, [(piece,)]) for piece in (1, 2, 3, 4)]


def test_the_next_is_staged_while_one_is_stored(staging: StagingConnection) -> None:
    next_is_staged = threading.Event()

    def stage(_staging_connection: StagingConnection, piece: int) -> int:
        if piece == 2:
            next_is_staged.set()
        return piece

    staged = staged_ahead(staging, [1, 2], stage, always)
    assert next(staged) == 1
    assert next_is_staged.wait(SECONDS)
    assert list(staged) == [2]


def test_what_may_not_go_ahead_waits_until_the_one_before_is_stored(
    staging: StagingConnection,
) -> None:
    begun: list[int] = []

    def stage(_staging_connection: StagingConnection, piece: int) -> int:
        begun.append(piece)
        return piece

    staged = staged_ahead(staging, [1, 2, 3], stage, lambda _piece, following: following != 2)
    assert next(staged) == 1
    assert begun == [1]
    assert list(staged) == [2, 3]


def test_people_met_on_one_lane_are_met_on_the_other(staging: StagingConnection) -> None:
    def stage(where: StagingConnection, piece: str) -> list[tuple[object, ...]]:
        where.lake.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE rows_of AS SELECT '{piece}' AS civic_text, NULL AS "
            "mentor_name, NULL AS mentor_email, NULL AS exported_at"
        )
        where.people.key_staged(TemporaryTable("rows_of"))
        return where.lake.rows("SELECT civic_text FROM civic_keys ORDER BY ALL")

    met = list(staged_ahead(staging, ["a", "b", "c"], stage, always))
    assert met == [[("a",)], [("a",), ("b",)], [("a",), ("b",), ("c",)]]


def test_a_fault_ahead_is_raised_in_its_turn(staging: StagingConnection) -> None:
    def stage(_staging_connection: StagingConnection, piece: int) -> int:
        if piece == 2:
            raise duckdb.Error("broken")
        return piece

    taken: list[int] = []
    with pytest.raises(duckdb.Error, match="broken"):
        taken.extend(staged_ahead(staging, [1, 2, 3], stage, always))
    assert taken == [1]


def test_a_fault_while_storing_ends_what_is_staged_ahead(staging: StagingConnection) -> None:
    begun, ended = threading.Event(), threading.Event()

    def stage(where: StagingConnection, piece: int) -> int:
        if piece == 2:
            begun.set()
            try:
                # Days of work, if nobody interrupts it.
                where.lake.rows("SELECT count(*) FROM range(10000000), range(10000000)")
            finally:
                ended.set()
        return piece

    def run() -> None:
        with closing(staged_ahead(staging, [1, 2], stage, always)) as staged:
            next(staged)
            assert begun.wait(SECONDS)
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        run()
    assert ended.is_set()
    assert staging.lake.rows("SELECT 1") == [(1,)], "the lake can be asked as before"
