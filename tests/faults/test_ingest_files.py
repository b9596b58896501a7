"""Files that change, vanish, can't be opened, never end, or have names that nobody expects."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.exports import ingest
from assets.exports.batches import kinds
from assets.exports.files import archive, opening, received, spool
from assets.exports.files.printable import printable_name
from assets.exports.files.received import ReceivedFile
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import ledger_rows
from assets.exports.ledger.outcomes import FileOutcome
from assets.exports.readers import workbook
from assets.exports.staging import row_stage
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import settings_of
from tests.integration.ingest_files import (
    BAD,
    ROSTER,
    lesson,
    lessons_of,
    offer,
    put,
    text_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of


def five_kinds(folder: Path) -> list[Path]:
    """A file for each way of reading, of a school each, and one that stays as it is."""
    rows = [[lesson(k, school=f"9000000{n}") for k in range(3)] for n in range(6)]
    return [
        put(folder, "bulk.csv", text_of(rows[0])),
        put(folder, "cp1252.csv", text_of(rows[1]), "cp1252"),
        put(folder, "by_row.csv", text_of([*rows[2], lesson(9, **BAD)])),
        put(folder, "book.xlsx", workbook_of(cells_of(rows[3]))),
        put(folder, "elever.csv", text_of(rows[4], ROSTER)),
        put(folder, "stays.csv", text_of(rows[5])),
    ]


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\r\n")


def replace_in_the_same_second(path: Path) -> None:
    """The same size and, to the second, the same time."""
    before = path.stat()
    content = path.read_bytes()
    path.write_bytes(content[:-20] + b"X" * 20)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000))


def write_over_with_its_old_time(path: Path) -> None:
    """The same file, the same size and, to the last digit, the same time."""
    before = path.stat()
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(content[:-20] + b"X" * 20)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# A moment of a run, as the function that has just returned then.
MOMENTS = {
    "after the look": (ingest, "known_files"),
    "after its header was found": (kinds, "batches"),
    "after its plain rows were staged": (row_stage.RowStage, "_stage_plain"),
    "after all its rows were staged": (row_stage.RowStage, "stage"),
}
CHANGES: dict[str, Callable[[Path], None]] = {
    "grows": grow,
    "vanishes": Path.unlink,
    "is replaced": replace_in_the_same_second,
    "is written over": write_over_with_its_old_time,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_file_that_changes_while_it_is_read_waits_and_holds_no_other(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, change: str
) -> None:
    paths = five_kinds(tmp_path)
    owner, name = MOMENTS[moment]
    whole = getattr(owner, name)
    left = [True]

    def changing(*arguments: Any, **named: Any) -> Any:
        result = whole(*arguments, **named)
        if left and left.pop():
            for path in paths[:-1]:
                CHANGES[change](path)
        return result

    monkeypatch.setattr(owner, name, changing)
    reports = offer(lake, *paths)
    outcomes = {report.path.name: report.outcome for report in reports}
    assert outcomes.pop("stays.csv") == FileOutcome.ACCEPTED
    # A roster is stored before the lessons are read.
    early = outcomes.pop("elever.csv")
    assert early in (FileOutcome.HELD, FileOutcome.ACCEPTED)
    assert set(outcomes.values()) == {FileOutcome.HELD}
    assert len(lessons_of(lake)) == 3
    assert not (lake.settings.home / "quarantine").exists()
    monkeypatch.undo()

    if change == "grows":
        again = offer(lake, *paths)
        assert {r.outcome for r in again} <= {
            FileOutcome.ACCEPTED, FileOutcome.ACCEPTED_IN_PART, FileOutcome.DUPLICATE
        }  # fmt: skip
        assert len(lessons_of(lake)) == 15


def test_a_held_file_leaves_no_word_in_the_ledger_for_its_copy(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that was called known would keep the content out for ever."""
    one = put(tmp_path, "a_20261101T0500.csv", text_of([lesson(0)]))
    two = put(tmp_path, "b_20261101T0500.csv", text_of([lesson(0)]))
    whole = ReceivedFile.is_unchanged
    monkeypatch.setattr(ReceivedFile, "is_unchanged", lambda file: file.path != one and whole(file))
    assert {report.outcome for report in offer(lake, one, two)} == {FileOutcome.HELD}
    assert lake.rows("SELECT count(*) FROM files") == [(0,)]
    monkeypatch.undo()
    outcomes = [report.outcome for report in offer(lake, one, two)]
    assert outcomes == [FileOutcome.ACCEPTED, FileOutcome.DUPLICATE]


def refusing(kind: type[OSError], text: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise kind(13, text)

    return refuse


def test_a_file_that_may_not_be_read_is_held_and_the_others_are_taken(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a patch, because tests may run as root, who may read everything."""
    closed = put(tmp_path, "closed.csv", text_of([lesson(0)]))
    opened = put(tmp_path, "open.csv", text_of([lesson(1)]))
    whole = opening.open_regular

    def guarded(path: Path, below: Path | None) -> int:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return whole(path, below)

    monkeypatch.setattr(spool, "open_regular", guarded)
    first, second = offer(lake, closed, opened)
    assert (first.outcome, second.outcome) == (FileOutcome.HELD, FileOutcome.ACCEPTED)
    assert first.reason == (
        "it can't be opened: Permission denied. Nothing was read; the next run tries again."
    )


def test_what_is_no_file_is_held_at_once(lake: Lake, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    circle = tmp_path / "circle.csv"
    circle.symlink_to(circle)
    lost = tmp_path / "lost.csv"
    lost.symlink_to(tmp_path / "gone.csv")
    put(tmp_path, "good.csv", text_of([lesson(0)]))
    start = time.monotonic()
    outcomes = {report.path.name: report.outcome for report in ingest_paths(lake, [tmp_path])}
    assert outcomes == {
        "pipe.csv": FileOutcome.HELD,
        "circle.csv": FileOutcome.HELD,
        "lost.csv": FileOutcome.HELD,
        "good.csv": FileOutcome.ACCEPTED,
    }
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("source", ["/proc/self/mem", "/dev/zero"])
def test_a_file_that_cannot_be_read_to_its_end_is_held(lake: Lake, source: str) -> None:
    (report,) = offer(lake, Path(source))
    assert report.outcome == FileOutcome.HELD


def test_a_path_that_is_not_there_is_an_error_and_nothing_is_taken(
    lake: Lake, tmp_path: Path
) -> None:
    good = put(tmp_path, "good.csv", text_of([lesson(0)]))
    with pytest.raises(FileNotFoundError):
        ingest_paths(lake, [good, tmp_path / "gone.csv"])
    assert lessons_of(lake) == []


def test_a_modification_time_of_another_millennium_is_no_obstacle(
    lake: Lake, tmp_path: Path
) -> None:
    path = put(tmp_path, "a.csv", text_of([lesson(0)]))
    os.utime(path, (400_000_000_000, 400_000_000_000))
    assert [report.outcome for report in offer(lake, path)] == [FileOutcome.ACCEPTED]


def test_a_file_of_1957_can_not_know_of_lessons_of_today_and_says_so(
    lake: Lake, tmp_path: Path
) -> None:
    path = put(tmp_path, "a.csv", text_of([lesson(0)]))
    os.utime(path, (-400_000_000, -400_000_000))
    (report,) = offer(lake, path)
    assert report.outcome is FileOutcome.QUARANTINED
    assert "366 days after" in (report.reason or "")


NAMES = [
    'it\'s "quoted".csv',
    "star * and ?.csv",
    "[1].csv",
    "{a,b}.csv",
    "-rf.csv",
    "--home=x.csv",
    "two\nlines.csv",
    "x'); DROP TABLE files; --.csv",
    "%s %(x)s $home ~.csv",
    "Åsa Öberg 20120314-9800_20261101T0500.csv",
    "n" * 200 + ".csv",
    os.fsdecode(b"l\xe4sning.csv"),
    "no suffix",
    "EXPORT.CSV",
    "🙂.csv",
]


def test_a_file_may_have_any_name(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "in [x] * {1,2} 'q'"
    for number, name in enumerate(NAMES):
        here = {"school": f"{90000000 + number}"}
        # Every second one is read row by row.
        rows = [lesson(0, **here)] + [lesson(9, **BAD, **here)] * (number % 2)
        put(folder, name, text_of(rows))
    reports = offer(lake, *sorted(folder.iterdir()))
    assert {report.path.name for report in reports} == set(NAMES)
    assert [report.rows_accepted for report in reports] == [1] * len(NAMES)
    ledger = ledger_rows(lake, Sealer.of_home(lake.settings.home))
    assert set(ledger["file_name"].to_list()) == {printable_name(name) for name in NAMES}
    # As it lies there, it is known.
    assert {r.outcome for r in offer(lake, *sorted(folder.iterdir()))} == {FileOutcome.DUPLICATE}
    assert len(ledger_rows(lake, Sealer.of_home(lake.settings.home))) == len(NAMES)


def test_a_home_may_have_any_name_too(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", text_of([lesson(0)]), "cp1252")
    with Lake.open(settings_of(tmp_path / "ho[m]e * {a,b} 'x'")) as lake:
        assert [report.outcome for report in offer(lake, path)] == [FileOutcome.ACCEPTED]
        assert len(lessons_of(lake)) == 1


def test_a_folder_that_cannot_be_listed_is_reported(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    put(tmp_path / "in", "good.csv", text_of([lesson(0)]))
    whole = os.scandir

    def guarded(folder: Any) -> Any:
        if folder == str(closed):
            raise PermissionError(13, "Permission denied", str(folder))
        return whole(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    outcomes = {r.path.name: r.outcome for r in ingest_paths(lake, [tmp_path / "in"])}
    assert outcomes == {"closed": FileOutcome.HELD, "good.csv": FileOutcome.ACCEPTED}


def test_a_workbook_that_never_ends_is_given_up(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = tmp_path / "child.py"
    endless.write_text("import time; time.sleep(60)", encoding="utf-8")
    monkeypatch.setattr(workbook, "_CHILD", endless)
    monkeypatch.setattr(workbook, "_SECONDS", 0.5)
    (report,) = offer(lake, put(tmp_path, "a.xlsx", workbook_of([["x"]])))
    assert report.outcome == FileOutcome.QUARANTINED
    assert "takes too long" in str(report.reason)


def test_no_handle_stays_open(lake: Lake, tmp_path: Path) -> None:
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    offer(lake, *five_kinds(tmp_path / "first"))
    before = handles()
    for folder in ("second", "third"):
        paths = five_kinds(tmp_path / folder)
        for path in paths[:3]:
            put(path.parent, path.name, path.read_bytes().replace(b"MA", folder[:2].encode()))
        offer(lake, *paths)
    assert handles() <= before
    assert not list((lake.settings.home / "tmp").rglob("*.csv"))


def test_the_look_at_a_file_is_of_the_bytes_that_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced between finding it and opening it."""
    path = put(tmp_path, "a.csv", text_of([lesson(0)]))
    whole = opening.open_regular

    def late(found: Path) -> int:
        monkeypatch.undo()
        put(tmp_path, "b.csv", text_of([lesson(0), lesson(1)])).replace(path)
        return whole(found)

    monkeypatch.setattr(received, "open_regular", late)
    found = received.look_at(path)
    assert (found.size, found.lines) == (path.stat().st_size, 3)
    assert found.is_unchanged()


def test_a_run_whose_only_file_changes_before_it_is_kept_ends_well(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive.Archive, "keep", lambda *_: False)
    (report,) = ingest_paths(new_lake, [put(tmp_path, "a.csv", text_of([lesson()]))])
    assert report.outcome == FileOutcome.HELD
    assert "it changed while it was read" in str(report.reason)
