"""SS12000 files as frames of text cells, read by a process of its own (`json_child.py`).

Not here: what the cells mean (`staging.py`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from assets.exports.files.decoding import clean_text
from assets.exports.files.received import ChangedFileError, ReceivedFile, UnreadableFileError
from assets.exports.ss12000.json_child import REFUSED

_CHILD = Path(__file__).with_name("json_child.py")
_LEAST_SECONDS = 60
# A slow machine reads two megabytes a second.
_BYTES_PER_SECOND = 2 << 20
#: Text that people read and that other files hold too, so it is composed and cleaned as theirs is.
_NAMES = ("given_name", "family_name", "class_name", "school_name", "subject")


@dataclass
class JsonRows:
    """Reads one file once.

    Attributes:
        file: the file.
        resource: what it holds, such as `attendances`; '' when it holds no object.
        objects: how many objects it holds, when it was read to its end.
        has_more: a pageToken says that it is one page of several.
    """

    file: ReceivedFile
    resource: str = ""
    objects: int = 0
    has_more: bool = False

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield frames of text cells with `line_number`, `part` and `fault`.

        Nothing of it may be kept when this raises: the file is whole or it is nothing.

        Raises:
            UnreadableFileError: no JSON, cut short, of another kind, or beyond all bounds.
            ChangedFileError: the file is gone.
        """
        with _child(self.file) as child:
            assert child.stdout is not None  # noqa: S101 - Popen was told to make it
            try:
                self.resource = child.stdout.readline().decode().strip()
                if self.resource:
                    with pa.ipc.open_stream(child.stdout) as batches:
                        for batch in batches:
                            frame = pl.DataFrame(pl.from_arrow(batch))
                            yield _cleaned(frame, self.file.file_id)
            except pa.ArrowInvalid:
                # It broke off in the middle of a batch: its exit code says why.
                child.stdout.close()
            finally:
                if child.poll() is None and sys.exc_info()[0] is GeneratorExit:
                    child.kill()
            said = _end_of(child)
            self.objects, self.has_more = said["objects"], bool(said["has_more"])


def resource_of(file: ReceivedFile) -> str:
    """Return what an SS12000 file holds, by the fields of its first objects; '' when it is empty.

    Raises:
        UnreadableFileError: it is no JSON so far, or of another kind.
        ChangedFileError: the file is gone.
    """
    with _child(file, "peek") as child:
        assert child.stdout is not None  # noqa: S101 - Popen was told to make it
        name = child.stdout.readline().decode().strip()
        _end_of(child)
    return name


def _child(file: ReceivedFile, *arguments: str) -> subprocess.Popen[bytes]:
    seconds = str(_LEAST_SECONDS + file.size // _BYTES_PER_SECOND)
    try:
        with file.open() as content:
            return subprocess.Popen(  # noqa: S603 - no word of the file is an argument
                [sys.executable, "-I", str(_CHILD), seconds, *arguments],
                stdin=content,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
    except OSError as error:
        raise ChangedFileError(f"can't be read: {error.strerror}") from None


def _end_of(child: subprocess.Popen[bytes]) -> dict[str, int]:
    assert child.stderr is not None  # noqa: S101 - Popen was told to make it
    words = child.stderr.read().decode("utf-8", "replace")
    status = child.wait()
    if status == REFUSED:
        raise UnreadableFileError(_not_read(words))
    if status:
        raise UnreadableFileError(
            _not_read(
                "it needs more memory or time than an export does. Perhaps a text, a number or a "
                "nesting in it has no end"
            )
        )
    said: dict[str, int] = json.loads(words) if words else {"objects": 0, "has_more": 0}
    return said


def _cleaned(frame: pl.DataFrame, file_id: int) -> pl.DataFrame:
    """Return the cells composed (NFC) and with plain blanks; each text is looked at once."""
    for name in (name for name in _NAMES if name in frame.columns):
        column = frame[name]
        changed: dict[str, str] = {}
        for text in column.drop_nulls().unique():
            if not text.isascii() and (clean := clean_text(text, "a name", "json")) != text:
                changed[text] = clean
        if changed:
            frame = frame.with_columns(column.replace(changed))
    return frame.with_columns(pl.lit(file_id, pl.Int64).alias("file_id"))


def _not_read(words: str) -> str:
    return (
        f"not an SS12000 file that can be read: {words}. Expected JSON in UTF-8, an object with a "
        "list 'data' or a list, of attendances, calendarEvents, persons, groups, duties, "
        "organisations, activities or aggregatedAttendance, or an answer of deletedEntities. "
        "Export it again."
    )
