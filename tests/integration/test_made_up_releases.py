"""A release that nobody gave, put into the lake in plain SQL, releases nothing and is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.sealed_values import look_over
from assets.exports.senders.releases import (
    Releaser,
    release,
    released_files,
    waiting_files,
    waiting_lifts,
)
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import (
    EVERY,
    ROSTER,
    USUAL,
    is_protected,
    lesson,
    put,
    text_of,
)

SCHOOL = Sender(
    "skola",
    frozenset({"99999901"}),
    rights=frozenset({Right.LIFT_PROTECTION}),
    is_declared=True,
    two_persons=True,
)
#: What is written over in a release that one person gave, so that there seem to be two.
FORGERIES = {
    "another person": "uid = uid + 1",
    "another person by name": "uid = uid + 1, login = 'bo'",
    "with a mark of chance": "uid = uid + 1, mark_key = uuid()",
}


@pytest.fixture
def senders(tmp_path: Path) -> Senders:
    return Senders(named=(SCHOOL,), folders=(tmp_path,), two_persons=True)


@pytest.fixture
def waiting(lake: Lake, tmp_path: Path, senders: Senders) -> Sequence[Any]:
    """A word and a file that wait for two people, each."""
    folder = tmp_path / "skola"
    month = [lesson(n) | {"lesson_id": f"L{n}", "protected": ""} for n in range(100)]
    pupil = USUAL | {"protected": "Sekretessmarkering"}
    put(folder, "elever_20261101T0400.csv", text_of([pupil], ROSTER))
    put(folder, "lektioner_20261101T0500.csv", text_of(month, EVERY))
    ingest_paths(lake, [tmp_path], senders=senders)
    put(folder, "elever_20261102T0400.csv", text_of([pupil | {"protected": "Ingen"}], ROSTER))
    cancelled = [row | {"cancelled": "Ja"} for row in month[:40]]
    put(folder, "lektioner_20261102T0500.csv", text_of(cancelled, EVERY))
    ingest_paths(lake, [tmp_path], senders=senders)
    found: list[Any] = [*waiting_lifts(lake, Sealer.of_home(lake.settings.home)),
             *waiting_files(lake, senders)]  # fmt: skip
    assert [one.needed for one in found] == [2, 2]
    return found


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_release_that_was_made_up_in_sql_releases_nothing(
    lake: Lake, senders: Senders, waiting: Sequence[Any], forgery: str
) -> None:
    for one in waiting:
        assert release(lake, one, Releaser(4001, "anna")) == 1
    assert {unfit.table for unfit in look_over(lake)} == set()
    for table in ("lift_releases", "file_releases"):
        lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE made_up AS FROM {table}")
        lake.connection.execute(f"UPDATE made_up SET {FORGERIES[forgery]}")
        lake.connection.execute(f"INSERT INTO {table} FROM made_up")
    assert is_protected(lake)
    assert not released_files(lake, senders)
    sealer = Sealer.of_home(lake.settings.home)
    seen: list[Any] = [*waiting_lifts(lake, sealer), *waiting_files(lake, senders)]
    assert [one.releases for one in seen] == [1, 1]
    assert {unfit.table: unfit.rows for unfit in look_over(lake)} == {
        "lift_releases": 1,
        "file_releases": 1,
    }
    # The second person still can.
    for one in waiting:
        assert release(lake, one, Releaser(4001 + 1, "bo")) == 0
    assert not is_protected(lake)
    assert released_files(lake, senders)


def test_a_release_that_was_given_for_one_word_does_not_lift_a_later_one(
    lake: Lake, waiting: Sequence[Any]
) -> None:
    for uid in (4001, 4002):
        release(lake, waiting[0], Releaser(uid, "anna"))
    assert not is_protected(lake)
    lake.connection.execute("UPDATE lift_releases SET until_at = until_at + INTERVAL 1 DAY")
    assert is_protected(lake)
