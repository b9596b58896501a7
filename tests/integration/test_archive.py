"""The original of every file that is read is kept, sealed, and comes back as it was."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from assets.exports.files import archive as archive_module
from assets.exports.files.archive import Archive, ArchiveError
from assets.exports.files.arrivals import Intake
from assets.exports.files.received import ReceivedFile
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import (
    BAD,
    ROSTER,
    lesson,
    lessons_of,
    offer,
    offer_one,
    put,
    text_of,
    workbook_of,
)
from tests.integration.ingest_files import table as cells_of


def archive_of(lake: Lake) -> Archive:
    home = lake.settings.home
    return Archive(home, Sealer.of_home(home))


def original(lake: Lake, sha256: str) -> bytes:
    target = io.BytesIO()
    archive_of(lake).write_original(sha256, target)
    return target.getvalue()


def test_the_original_of_every_outcome_comes_back_byte_by_byte(lake: Lake, tmp_path: Path) -> None:
    rows = [lesson(n) for n in range(5)]
    paths = [
        put(tmp_path, "accepted.csv", text_of(rows)),
        put(tmp_path, "cp1252.csv", text_of(rows[:2]), "cp1252"),
        put(tmp_path, "in part.csv", text_of([*rows, lesson(9, **BAD)])),
        put(tmp_path, "book.xlsx", workbook_of(cells_of(rows))),
        put(tmp_path, "elever.csv", text_of(rows, ROSTER)),
        put(tmp_path, "refused.csv", text_of([lesson(9, **BAD)])),
        put(tmp_path, "nothing known.csv", "a;b\n1;2\n"),
        put(tmp_path, "empty.csv", b""),
        put(tmp_path, "picture.csv", b"\x89PNG" + bytes(range(256)) * 50),
    ]
    reports = offer(lake, *paths)
    assert {report.outcome for report in reports} >= {
        FileOutcome.ACCEPTED, FileOutcome.ACCEPTED_IN_PART, FileOutcome.QUARANTINED
    }  # fmt: skip
    for path, report in zip(paths, reports, strict=True):
        assert original(lake, report.sha256) == path.read_bytes(), path.name


def test_a_content_is_kept_once_and_a_known_one_is_not_kept_again(
    lake: Lake, tmp_path: Path
) -> None:
    one = put(tmp_path, "a.csv", text_of([lesson(0)]))
    offer(lake, one, put(tmp_path, "b.csv", one.read_bytes()))
    (kept,) = (lake.settings.home / "archive").rglob("*.zst.age")
    before = kept.read_bytes()
    offer(lake, one)
    assert kept.read_bytes() == before
    # Whoever removed an original does not find it again the next night, touched or not.
    kept.unlink()
    offer(lake, one)
    os.utime(one, (1_790_000_000, 1_790_000_000))
    offer(lake, one)
    assert not list((lake.settings.home / "archive").rglob("*.zst.age"))


def test_a_new_file_is_hashed_copied_and_sealed_in_one_pass(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    for reads in ("open", "open_at_source"):
        monkeypatch.setattr(ReceivedFile, reads, recording(read, getattr(ReceivedFile, reads)))
    path = put(tmp_path, "picture.csv", b"\x89PNG" + bytes(range(256)) * 9000)
    report = offer_one(lake, path)
    assert report.outcome == FileOutcome.QUARANTINED
    assert original(lake, report.sha256) == path.read_bytes()
    assert read == []


def recording(read: list[str], opened: Callable[[ReceivedFile], IO[bytes]]) -> object:
    def open_it(file: ReceivedFile) -> IO[bytes]:
        read.append(file.name)
        return opened(file)

    return open_it


def test_nothing_is_stored_of_a_file_whose_original_can_not_be_kept(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module, "seal_stream", full)
    with pytest.raises(OSError, match="No space left"):
        offer(lake, put(tmp_path, "a.csv", text_of([lesson(0)])))
    monkeypatch.undo()
    assert lessons_of(lake) == []
    assert not [p for p in (lake.settings.home / "archive").rglob("*") if p.is_file()]


def test_an_original_that_is_damaged_gone_or_another_is_reported(
    lake: Lake, tmp_path: Path
) -> None:
    first, second = offer(
        lake,
        put(tmp_path, "a.csv", text_of([lesson(0)])),
        put(tmp_path, "b.csv", text_of([lesson(1)])),
    )
    places = {
        report.sha256: next((lake.settings.home / "archive").rglob(f"{report.sha256}.zst.age"))
        for report in (first, second)
    }
    one, other = places[first.sha256], places[second.sha256]
    content = one.read_bytes()
    for wrong in (other.read_bytes(), content[:-1], b""):
        one.chmod(0o600)
        one.write_bytes(wrong)
        with pytest.raises(ArchiveError, match="Restore"):
            original(lake, first.sha256)
    one.unlink()
    with pytest.raises(ArchiveError, match="was removed"):
        original(lake, first.sha256)


def test_looking_over_the_archive_finds_each_original_that_does_not_open(
    lake: Lake, tmp_path: Path
) -> None:
    reports = offer(lake, *(put(tmp_path, f"{n}.csv", text_of([lesson(n)])) for n in range(5)))
    assert archive_of(lake).look_over(whole=2) == (5, [])
    hashes = sorted(report.sha256 for report in reports)
    places = [lake.settings.home / "archive" / sha[:2] / f"{sha}.zst.age" for sha in hashes]
    places[0].chmod(0o600)
    places[0].write_bytes(places[1].read_bytes())
    places[2].chmod(0o600)
    places[2].write_bytes(places[2].read_bytes()[:40])
    # What a killed run left is no original.
    places[3].with_name(f".{places[3].name}").write_bytes(b"half")
    assert archive_of(lake).look_over(whole=None) == (5, [hashes[0], hashes[2]])
    # The beginning of a whole original in another's place is that of any other.
    assert archive_of(lake).look_over(whole=0) == (5, [hashes[2]])


def test_without_an_archive_no_original_is_kept(lake: Lake, tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", "no header\n")
    (report,) = ingest_paths(lake, [path], intake=Intake(keeps_originals=False))
    assert report.outcome == FileOutcome.QUARANTINED
    assert not (lake.settings.home / "archive").exists()
    (note,) = (lake.settings.home / "quarantine").iterdir()
    assert "was not kept" in note.read_text(encoding="utf-8")


def test_what_a_killed_run_left_is_no_obstacle(lake: Lake, tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", text_of([lesson(0)]))
    report = offer_one(lake, path)
    (kept,) = (lake.settings.home / "archive").rglob("*.zst.age")
    left = kept.with_name(f".{kept.name}")
    kept.rename(left)
    left.chmod(0o400)
    lake.write(lambda connection: connection.execute("DELETE FROM files"))
    half = put(lake.settings.home / "archive" / ".incoming", "0.zst.age", b"half")
    offer(lake, path)
    assert original(lake, report.sha256) == path.read_bytes()
    assert not left.exists()
    assert not half.parent.exists()
