"""A sender swaps, links, renames or writes over its file while it is read.

What is taken is exactly what was there, byte for byte, or the file is held with a reason.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assets.exports import ingest
from assets.exports.files import arrivals, opening, spool
from assets.exports.files.archive import Archive
from assets.exports.files.received import ChangedFileError, ReceivedFile
from assets.exports.files.spool import OfferedPlace, Spool
from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.integration.ingest_files import lesson, lessons_of, put, text_of

WHOLE = b"".join(b"%08d;row of the sender\n" % number for number in range(120_000))
SECRET = b"AGE-SECRET-KEY-1 and other things that no sender may read\n"


class Inbox:
    """An offered folder with a file in a folder, and a file outside that is nobody's business."""

    def __init__(self, place: Path) -> None:
        self.root = place / "inbox"
        self.file = put(self.root / "skola", "a.csv", WHOLE)
        self.secret = put(place / "home", "pupil.key", SECRET)

    def write_over(self) -> None:
        with self.file.open("r+b") as file:
            file.seek(len(WHOLE) // 2)
            file.write(b"X" * 1000)

    def append(self) -> None:
        with self.file.open("ab") as file:
            file.write(b"one more\n")

    def truncate(self) -> None:
        os.truncate(self.file, len(WHOLE) // 2)

    def swap(self) -> None:
        put(self.root, ".b", WHOLE[::-1]).replace(self.file)

    def link(self) -> None:
        self.file.unlink()
        self.file.symlink_to(self.secret)

    def hard_link(self) -> None:
        self.file.unlink()
        os.link(self.secret, self.file)

    def pipe(self) -> None:
        self.file.unlink()
        os.mkfifo(self.file)

    def rename(self) -> None:
        self.file.rename(self.root / "b.csv")

    def remove(self) -> None:
        self.file.unlink()

    def link_its_folder(self) -> None:
        put(self.secret.parent, "a.csv", SECRET)
        self.file.parent.rename(self.root / "old")
        self.file.parent.symlink_to(self.secret.parent)


ATTACKS = [
    "write_over", "append", "truncate", "swap", "link", "hard_link", "pipe", "rename", "remove",
    "link_its_folder",
]  # fmt: skip
#: What happens before the file is opened leaves none of its bytes to be taken.
HELD_BEFORE = {"link", "hard_link", "pipe", "rename", "remove", "link_its_folder"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A home's archive, of which nothing is kept."""
    with closing(Archive(tmp_path / "sealed", Sealer.unkept())) as made:
        yield made


def taken(inbox: Inbox, folder: Path, archive: Archive) -> ReceivedFile | ChangedFileError:
    place = OfferedPlace(inbox.file, inbox.root)
    (found,) = Spool(folder, archive).take_all([place], {})
    return found


def sealed(found: ReceivedFile, archive: Archive) -> bytes:
    """The original that is kept."""
    assert archive.keep(found)
    original = io.BytesIO()
    archive.write_original(found.sha256, original)
    return original.getvalue()


def copied(found: ReceivedFile) -> bytes:
    """The copy's bytes, which are those that were hashed."""
    with found.open() as copy:
        content = copy.read()
    assert hashlib.sha256(content).hexdigest() == found.sha256
    assert len(content) == found.size
    return content


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_lies_there_before_it_is_opened_is_taken_or_held(
    tmp_path: Path, archive: Archive, attack: str
) -> None:
    inbox = Inbox(tmp_path)
    getattr(inbox, attack)()
    found = taken(inbox, tmp_path / "spool", archive)
    if attack in HELD_BEFORE:
        assert isinstance(found, ChangedFileError)
        assert list((tmp_path / "spool").iterdir()) == []
        return
    assert isinstance(found, ReceivedFile)
    assert copied(found) == inbox.file.read_bytes()


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_changed_while_it_is_copied_is_taken_as_it_was_or_held(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    """After the first of several blocks."""
    inbox = Inbox(tmp_path)
    whole = spool._Copy.write
    waiting = [getattr(inbox, attack)]

    def write(copy: Any, block: bytes) -> None:
        whole(copy, block)
        if waiting:
            waiting.pop()()

    monkeypatch.setattr(spool._Copy, "write", write)
    found = taken(inbox, tmp_path / "spool", archive)
    assert not waiting
    if isinstance(found, ReceivedFile):
        assert copied(found) == WHOLE
        assert sealed(found, archive) == WHOLE
    else:
        assert str(found) == "it changed while it was read"
        assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_changes_after_it_was_copied_is_read_as_it_was(
    tmp_path: Path, archive: Archive, attack: str
) -> None:
    inbox = Inbox(tmp_path)
    found = taken(inbox, tmp_path / "spool", archive)
    getattr(inbox, attack)()
    assert isinstance(found, ReceivedFile)
    assert copied(found) == WHOLE
    assert sealed(found, archive) == WHOLE


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_copy_that_had_to_go_is_made_again_of_the_same_bytes_only(
    tmp_path: Path, archive: Archive, attack: str
) -> None:
    inbox = Inbox(tmp_path)
    copies = Spool(tmp_path / "spool", archive)
    (found,) = copies.take_all([OfferedPlace(inbox.file, inbox.root)], {})
    assert isinstance(found, ReceivedFile)
    copies.drop(found)
    assert not found.is_at_hand
    copies.bring(found)
    assert copied(found) == WHOLE
    copies.drop(found)
    getattr(inbox, attack)()
    with pytest.raises(ChangedFileError):
        copies.bring(found)
    assert list((tmp_path / "spool").iterdir()) == []


def test_whoever_writes_all_the_time_never_gets_mixed_bytes_taken(
    tmp_path: Path, archive: Archive
) -> None:
    """A thread writes over the file and moves others into its place, as fast as it can."""
    inbox = Inbox(tmp_path)
    others = [WHOLE, WHOLE[::-1], WHOLE[: len(WHOLE) // 3]]
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for number, content in enumerate(others):
                if number:
                    put(inbox.root, ".b", content).replace(inbox.file)
                else:
                    inbox.file.write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    outcomes = set()
    try:
        for number in range(20):
            found = taken(inbox, tmp_path / f"spool{number}", archive)
            outcomes.add(type(found))
            if isinstance(found, ReceivedFile):
                # What a writer had written of it so far may be all that there was.
                content = copied(found)
                assert any(other.startswith(content) for other in others)
                assert sealed(found, archive) == content
    finally:
        stop.set()
        writer.join()
    assert outcomes


@pytest.mark.parametrize("kind", ["link", "hard_link", "pipe", "link_its_folder"])
def test_no_trick_gets_the_key_of_the_home_into_an_original(
    lake: Lake, tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The file is swapped between listing the inbox and opening it."""
    inbox = Inbox(tmp_path)
    inbox.secret = lake.settings.home / "pupil.key"
    Sealer.of_home(lake.settings.home)
    whole = arrivals.still_arriving

    def late(*arguments: Any) -> Any:
        getattr(inbox, kind)()
        return whole(*arguments)

    monkeypatch.setattr(ingest, "still_arriving", late)
    (report,) = ingest_paths(lake, [inbox.root])
    assert report.outcome == FileOutcome.HELD
    words = {
        "link": "symbolic link",
        "hard_link": "2 names (hard links)",
        "pipe": "not a regular file",
        "link_its_folder": "a folder on the way is none, or a link",
    }
    assert words[kind] in str(report.reason)
    if kind == "link_its_folder":
        (lake.settings.home / "a.csv").unlink()
    assert not list((lake.settings.home / "archive").glob("*/*"))


def test_the_original_that_is_kept_is_what_was_read(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender's file is another one before it is sealed; that one comes with the next run."""
    path = put(tmp_path, "a.csv", "no header\n")
    whole = Archive.keep_ahead

    def late(archive: Archive, *arguments: Any) -> None:
        path.write_text("another one\n", encoding="utf-8")
        whole(archive, *arguments)

    monkeypatch.setattr(Archive, "keep_ahead", late)
    (report,) = ingest_paths(new_lake, [path])
    assert report.outcome == FileOutcome.QUARANTINED
    home = new_lake.settings.home
    original = io.BytesIO()
    Archive(home, Sealer.of_home(home)).write_original(report.sha256, original)
    assert original.getvalue() == b"no header\n"


def test_files_beyond_the_room_are_copied_when_it_is_their_turn(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for less than one file; what is in the folder is never more than a batch."""
    monkeypatch.setattr(spool, "ROOM_BYTES", 0)
    for number in range(5):
        put(tmp_path / "in", f"{number}.csv", text_of([lesson(number, school=f"9000000{number}")]))
    reports = ingest_paths(new_lake, [tmp_path / "in"])
    assert {report.outcome for report in reports} == {FileOutcome.ACCEPTED}
    assert len(lessons_of(new_lake)) == 5
    assert not list((new_lake.settings.home / "tmp").rglob("spool/*"))


def test_a_copy_stays_while_a_file_of_the_same_content_is_to_be_read(
    tmp_path: Path, archive: Archive
) -> None:
    """Two senders may send the same bytes."""
    places = [OfferedPlace(put(tmp_path / name, "a.csv", WHOLE), tmp_path) for name in ("x", "y")]
    copies = Spool(tmp_path / "spool", archive)
    one, two = copies.take_all(places, {})
    assert isinstance(one, ReceivedFile)
    assert isinstance(two, ReceivedFile)
    copies.drop(one)
    assert copied(two) == WHOLE
    copies.drop(two)
    assert not two.is_at_hand


def test_known_files_are_hashed_and_not_copied(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(tmp_path / "in", f"{number}.csv", text_of([lesson(number)]))
    ingest_paths(new_lake, [tmp_path / "in"])
    written: list[bytes] = []
    monkeypatch.setattr(spool._Copy, "write", lambda _, block: written.append(block))
    reports = ingest_paths(new_lake, [tmp_path / "in"])
    assert {report.outcome for report in reports} == {FileOutcome.DUPLICATE}
    assert written == []


def test_a_full_disk_holds_what_has_no_room_and_the_next_night_takes_it(
    new_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = text_of([lesson(n, lesson_id=f"L{n}") for n in range(300)])
    put(tmp_path / "in", "large.csv", large)
    put(tmp_path / "in", "small.csv", text_of([lesson(1, school="90000001")]))
    whole: Callable[..., int] = os.write

    def full(descriptor: int, block: bytes) -> int:
        if len(block) > 10_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(descriptor, block)

    monkeypatch.setattr(os, "write", full)
    held, taken = ingest_paths(new_lake, [tmp_path / "in"])
    assert (held.outcome, taken.outcome) == (FileOutcome.HELD, FileOutcome.ACCEPTED)
    assert "can't be copied into the home's tmp/: no room is left there" in str(held.reason)
    monkeypatch.undo()
    assert [report.outcome for report in ingest_paths(new_lake, [tmp_path / "in"])] == [
        FileOutcome.ACCEPTED, FileOutcome.DUPLICATE
    ]  # fmt: skip


def test_what_a_killed_run_left_in_clear_is_gone_with_the_next(
    new_lake: Lake, tmp_path: Path
) -> None:
    """Also where a process has the number of the dead one now."""
    left = put(new_lake.settings.home / "tmp" / "1" / "incoming" / "spool", "x", b"Kanarie")
    ingest_paths(new_lake, [put(tmp_path, "a.csv", text_of([lesson(0)]))])
    assert not left.exists()


def test_copies_are_the_owners_only(tmp_path: Path, archive: Archive) -> None:
    inbox = Inbox(tmp_path)
    inbox.file.chmod(0o666)
    found = taken(inbox, tmp_path / "spool", archive)
    assert isinstance(found, ReceivedFile)
    assert found.content is not None
    assert found.content.stat().st_mode & 0o777 == 0o600
    assert found.content.parent.stat().st_mode & 0o777 == 0o700


def test_a_device_is_not_opened_for_long(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        opening.open_regular(Path("/dev/zero"))
