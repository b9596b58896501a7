"""A file that would remove or blank many of a school's lessons waits until somebody releases it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from assets.exports.files.arrivals import Intake
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import find_file
from assets.exports.ledger.outcomes import FileOutcome, FileReport
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.layouts import Layout
from assets.exports.retry import NothingToRetryError, retry_file
from assets.exports.revoke import revoke_file
from assets.exports.sender_summary import summary_rows
from assets.exports.senders.releases import ReleaseError, Releaser, release, waiting_files
from assets.exports.senders.senders import Right, Sender, Senders
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.complete_files import WITH_COLUMN, counted
from tests.integration.ingest_files import EVERY, is_protected, lesson, put, text_of

UNIT, OTHER = "99999901", "99999902"
SCHOOL = Sender(name="skola", school_units=frozenset({UNIT}), rights=frozenset(), is_declared=True)
MAY = Sender(
    name="skola", school_units=frozenset({UNIT}), rights=frozenset({Right.REMOVE_LESSONS}),
    is_declared=True,
)  # fmt: skip
SECOND = Sender(name="annan", rights=frozenset(), is_declared=True)
TAKEN, WAITS = FileOutcome.ACCEPTED, FileOutcome.AWAITING_RELEASE
#: A month of a small school.
MONTH = [lesson(n) | {"lesson_id": f"L{n}"} for n in range(200)]
BLANK = {"reported": "Nej", "present": "", "valid": "", "invalid": ""}


def senders_of(inbox: Path, *named: Sender, two_persons: bool = False) -> Senders:
    return Senders(named=named or (SCHOOL, SECOND), folders=(inbox,), two_persons=two_persons)


def offer(
    lake: Lake,
    inbox: Path,
    *named: Sender,
    layouts: Sequence[Layout] | None = None,
    two: bool = False,
) -> dict[str, FileReport]:
    """Take an inbox in and return the reports by the files' names."""
    reports = ingest_paths(
        lake,
        [inbox],
        senders=senders_of(inbox, *named, two_persons=two),
        layouts=layouts,
        intake=Intake(0, keeps_originals=True),
    )
    ((wrong,),) = lake.rows(f"SELECT count(*) FROM ({lake.select('checks/files_add_up')})")
    assert wrong == 0
    return {report.name: report for report in reports}


def send(
    inbox: Path, day: int, rows: Iterable[dict[str, object]], sender: str = "skola", tag: str = ""
) -> str:
    """Put a file of lessons there and return its name."""
    name = f"lektioner{tag}_202611{day:02d}T0400.csv"
    put(inbox / sender, name, text_of(rows, EVERY))
    return name


def fates(lake: Lake) -> list[tuple[object, ...]]:
    return lake.rows(
        "SELECT pupil_key, starts_at, is_reported, is_cancelled, valid_minutes, invalid_minutes "
        "FROM lessons ORDER BY ALL"
    )


def changed(count: int, **cells: object) -> list[dict[str, object]]:
    return [row | cells for row in MONTH[:count]]


#: What a newer file says of how many of the 200 lessons, and whether it waits.
CHANGES: dict[str, tuple[list[dict[str, object]], bool]] = {
    "ten no longer reported": (changed(10, **BLANK), False),
    "eleven no longer reported": (changed(11, **BLANK), True),
    "eleven cancelled": (changed(11, cancelled="Ja"), True),
    "eleven moved to another day": ([*changed(11, date="2026-10-30"), *MONTH[11:]], True),
    "eleven with another id and unreported": (
        [row | BLANK | {"lesson_id": f"N{n}"} for n, row in enumerate(MONTH[:11])], True),
    "eleven without id and cancelled": (changed(11, lesson_id="", cancelled="Ja"), True),
    "eleven five minutes later and unreported": (
        [later | BLANK | {"lesson_id": "", "end": "", "length": 60}
         for later in (row | {"start": f"{str(row['start'])[:-1]}5"} for row in MONTH[:11])], True),
    "twenty-five whose absence is gone": (changed(25, valid="0", invalid="0", present="60"), True),
    "all with other absence": (changed(200, valid="20", invalid="20", present="20"), False),
    "all with another teacher's id": (
        [row | {"lesson_id": f"N{n}"} for n, row in enumerate(MONTH)], False),
    "all with another mentor": (changed(200, mentor="Ny Mentor"), False),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_more_than_five_percent_of_a_month_wait(lake: Lake, tmp_path: Path, change: str) -> None:
    rows, waits = CHANGES[change]
    send(tmp_path, 1, MONTH)
    offer(lake, tmp_path)
    before = fates(lake)
    name = send(tmp_path, 2, rows)
    report = offer(lake, tmp_path)[name]
    assert report.outcome == (WAITS if waits else TAKEN)
    if waits:
        assert f"of 200 lessons of school unit {UNIT} in 2026-10" in str(report.reason)
        assert fates(lake) == before
        assert report.rows_read == 0


def test_what_waits_is_not_read_again_before_it_is_released(lake: Lake, tmp_path: Path) -> None:
    send(tmp_path, 1, MONTH)
    offer(lake, tmp_path)
    name = send(tmp_path, 2, changed(20, cancelled="Ja"))
    for _ in range(2):
        assert offer(lake, tmp_path)[name].outcome == WAITS
    assert lake.rows("SELECT count(*) FROM files WHERE outcome = 'awaiting_release'") == [(1,)]
    sealer = Sealer.of_home(lake.settings.home)
    (waiting,) = waiting_files(lake, senders_of(tmp_path))
    file = find_file(lake, sealer, waiting.id)
    (row,) = summary_rows(lake, sealer, file, shipped_layouts())
    assert "väntar tills någon" in row["Fel"]
    with pytest.raises(NothingToRetryError, match="waits until somebody"):
        retry_file(lake, file, senders=senders_of(tmp_path))
    assert release(lake, waiting, Releaser(1, "anna")) == 0
    with pytest.raises(ReleaseError, match="was released by anna before"):
        release(lake, waiting, Releaser(1, "anna"))
    # Nobody offers it any more: the archive has it.
    (tmp_path / "skola" / name).unlink()
    offer(lake, tmp_path)
    assert lake.rows("SELECT count(*) FROM lessons WHERE is_cancelled") == [(20,)]
    assert waiting_files(lake, senders_of(tmp_path)) == []
    assert lake.rows("SELECT outcome FROM files ORDER BY exported_at") == [
        ("accepted",), ("accepted",)]  # fmt: skip


def test_with_two_persons_two_people_release_a_file(lake: Lake, tmp_path: Path) -> None:
    send(tmp_path, 1, MONTH)
    name = send(tmp_path, 2, changed(20, cancelled="Ja"))
    (tmp_path / "skola" / name).rename(tmp_path / name)
    offer(lake, tmp_path, two=True)
    (tmp_path / name).rename(tmp_path / "skola" / name)
    offer(lake, tmp_path, two=True)
    (waiting,) = waiting_files(lake, senders_of(tmp_path, two_persons=True))
    assert release(lake, waiting, Releaser(1, "anna")) == 1
    assert offer(lake, tmp_path, two=True)[name].outcome == WAITS
    assert release(lake, waiting, Releaser(2, "bo")) == 0
    assert offer(lake, tmp_path, two=True)[name].outcome == TAKEN


def test_files_of_a_sender_count_together_in_a_night_and_over_nights(
    lake: Lake, tmp_path: Path
) -> None:
    send(tmp_path, 1, MONTH)
    offer(lake, tmp_path)
    # Two in one night: neither alone is too much.
    first = send(tmp_path, 2, changed(6, cancelled="Ja"), tag="a")
    second = send(tmp_path, 3, [row | {"cancelled": "Ja"} for row in MONTH[6:12]], tag="b")
    reports = offer(lake, tmp_path)
    assert {reports[first].outcome, reports[second].outcome} == {WAITS}
    # Night after night.
    third = send(tmp_path, 4, [row | {"cancelled": "Ja"} for row in MONTH[20:28]], tag="c")
    assert offer(lake, tmp_path)[third].outcome == TAKEN
    fourth = send(tmp_path, 5, [row | {"cancelled": "Ja"} for row in MONTH[30:34]], tag="d")
    assert offer(lake, tmp_path)[fourth].outcome == WAITS
    # Another sender's count is its own.
    fifth = send(tmp_path, 6, [row | {"lesson_id": "", "cancelled": "Ja"} for row in MONTH[40:48]],
                 sender="annan", tag="e")  # fmt: skip
    assert offer(lake, tmp_path)[fifth].outcome == TAKEN


def test_a_few_lessons_of_a_small_school_are_no_mass(lake: Lake, tmp_path: Path) -> None:
    send(tmp_path, 1, MONTH[:20])
    offer(lake, tmp_path)
    name = send(tmp_path, 2, changed(9, cancelled="Ja"))
    assert offer(lake, tmp_path)[name].outcome == TAKEN
    name = send(tmp_path, 3, [row | {"cancelled": "Ja"} for row in MONTH[9:11]])
    assert offer(lake, tmp_path)[name].outcome == WAITS


def test_who_may_remove_lessons_is_not_held_nor_is_the_whole_inbox(
    lake: Lake, tmp_path: Path
) -> None:
    send(tmp_path, 1, MONTH)
    name = send(tmp_path, 2, changed(100, cancelled="Ja"))
    (tmp_path / "skola" / name).rename(tmp_path / name)
    offer(lake, tmp_path, MAY)
    (tmp_path / name).rename(tmp_path / "skola" / name)
    assert offer(lake, tmp_path, MAY)[name].outcome == TAKEN


def test_a_complete_file_with_two_rows_waits(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "skola"
    put(folder, "hel_20261101T0400.csv", counted(MONTH))
    offer(lake, tmp_path, layouts=WITH_COLUMN)
    before = fates(lake)
    put(folder, "hel_20261102T0400.csv", counted([MONTH[0], MONTH[-1]]))
    report = offer(lake, tmp_path, layouts=WITH_COLUMN)["hel_20261102T0400.csv"]
    assert report.outcome == WAITS
    assert "198 of 200 lessons" in str(report.reason)
    assert fates(lake) == before
    # With nearly all its lessons.
    put(folder, "hel_20261103T0400.csv", counted([*MONTH[:195], MONTH[-1]]))
    report = offer(lake, tmp_path, layouts=WITH_COLUMN)["hel_20261103T0400.csv"]
    assert report.outcome == TAKEN
    assert len(fates(lake)) == 196


def test_what_waits_still_protects(lake: Lake, tmp_path: Path) -> None:
    send(tmp_path, 1, MONTH)
    offer(lake, tmp_path)
    rows = changed(20, cancelled="Ja")
    rows[3]["protected"] = "Sekretessmarkering"
    name = send(tmp_path, 2, rows)
    assert offer(lake, tmp_path)[name].outcome == WAITS
    assert is_protected(lake)


def test_lessons_to_come_are_a_plan_that_may_change(lake: Lake, tmp_path: Path) -> None:
    coming = [row | BLANK | {"date": "2026-12-10"} for row in MONTH[:60]]
    send(tmp_path, 1, coming)
    offer(lake, tmp_path)
    name = send(tmp_path, 2, [row | {"cancelled": "Ja"} for row in coming])
    assert offer(lake, tmp_path)[name].outcome == TAKEN


def test_a_file_between_the_two_takes_nothing_from_a_released_one(
    lake: Lake, tmp_path: Path
) -> None:
    send(tmp_path, 1, MONTH)
    offer(lake, tmp_path)
    late = send(tmp_path, 2, changed(20, cancelled="Ja"))
    offer(lake, tmp_path)
    send(tmp_path, 3, MONTH[:5])
    offer(lake, tmp_path)
    (waiting,) = waiting_files(lake, senders_of(tmp_path))
    release(lake, waiting, Releaser(1, "anna"))
    assert offer(lake, tmp_path)[late].outcome == TAKEN
    assert lake.rows("SELECT count(*) FROM lessons WHERE is_cancelled") == [(15,)]


def test_a_revoked_file_waits_no_more_and_one_that_was_taken_is_not_asked_again(
    lake: Lake, tmp_path: Path
) -> None:
    sealer, known = Sealer.of_home(lake.settings.home), senders_of(tmp_path)
    first = send(tmp_path, 1, MONTH)
    # Before the sender's right was taken away.
    second = send(tmp_path, 2, changed(30, cancelled="Ja"))
    (tmp_path / "skola" / second).rename(tmp_path / second)
    extra = send(tmp_path, 3, [lesson(300)])
    offer(lake, tmp_path, MAY)
    (tmp_path / second).rename(tmp_path / "skola" / second)
    reports = offer(lake, tmp_path, MAY)
    before = fates(lake)
    waits = send(tmp_path, 4, [row | {"cancelled": "Ja"} for row in MONTH[30:60]])
    reports |= offer(lake, tmp_path)
    assert reports[waits].outcome == WAITS
    revoke_file(lake, find_file(lake, sealer, reports[waits].sha256), senders=known)
    assert waiting_files(lake, known) == []
    assert offer(lake, tmp_path)[waits].outcome == FileOutcome.DUPLICATE
    assert fates(lake) == before
    # The others are read again, and the second is taken as it was.
    revoke_file(lake, find_file(lake, sealer, reports[extra].sha256), senders=known)
    assert len(fates(lake)) == len(before) - 1
    assert lake.rows("SELECT count(*) FROM lessons WHERE is_cancelled") == [(30,)]
    assert first in reports
