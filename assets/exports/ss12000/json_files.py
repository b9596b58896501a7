"""SS12000 files as frames of text cells, read by a process of its own (`json_child.py`).

Not here: what the cells mean (`staging.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.exports.children.answers import ChildAnswer, NoAnswerError
from assets.exports.children.limits import LONGEST_CELL
from assets.exports.files.decoding import clean_text
from assets.exports.files.received import ReceivedFile, UnreadableFileError
from assets.exports.ss12000.json_child import Shape, columns_of, load_shapes

_CHILD = Path(__file__).with_name("json_child.py")
_LEAST_SECONDS = 60
# A slow machine reads two megabytes a second.
_BYTES_PER_SECOND = 2 << 20
# On a busy machine a second of the processor takes longer.
_WAITS = 5
# What a line is refused with that is no table of texts: its process is not believed.
_NO_TABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    pl.exceptions.PolarsError,
)
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
        with _answer(self.file) as answer:
            try:
                self.resource = answer.line().decode("ascii", "replace")
                while self.resource and (line := answer.line()):
                    yield _cleaned(_frame(line, self.resource), self.file.file_id)
                said = json.loads(answer.end() or "{}")
                self.objects = int(said.get("objects", 0))
                self.has_more = bool(said.get("has_more", False))
            except NoAnswerError as error:
                raise UnreadableFileError(_not_read(str(error))) from None
            except _NO_TABLE:
                raise UnreadableFileError(_not_read("its reader broke off")) from None


def resource_of(file: ReceivedFile) -> str:
    """Return what an SS12000 file holds, by the fields of its first objects; '' when it is empty.

    Raises:
        UnreadableFileError: it is no JSON so far, or of another kind.
        ChangedFileError: the file is gone.
    """
    with _answer(file, "peek") as answer:
        try:
            name = answer.line().decode("ascii", "replace")
            answer.end()
        except NoAnswerError as error:
            raise UnreadableFileError(_not_read(str(error))) from None
    if name and name not in load_shapes():
        raise UnreadableFileError(_not_read("its reader broke off"))
    return name


def schema_of(shape: Shape) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Return the columns of a resource's frames."""
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "line_number": pl.Int64,
        "part": pl.String,
        "fault": pl.String,
    }
    return schema | dict.fromkeys(columns_of(shape), pl.String)


def _answer(file: ReceivedFile, *arguments: str) -> ChildAnswer:
    seconds = _LEAST_SECONDS + file.size // _BYTES_PER_SECOND
    return ChildAnswer(_CHILD, (str(seconds), *arguments), file, _WAITS * seconds)


def _frame(line: bytes, resource: str) -> pl.DataFrame:
    """Return the rows of a line; raises one of `_NO_TABLE` where it is no table of such cells."""
    schema = schema_of(load_shapes()[resource])
    cells = json.loads(line)
    frame = pl.DataFrame([pl.Series(name, cells[name], schema[name]) for name in schema])
    longest = frame.select(pl.col(pl.String).str.len_chars().max()).row(0)
    if max((length or 0 for length in longest), default=0) > LONGEST_CELL:
        raise ValueError("a cell is too long")
    return frame


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
