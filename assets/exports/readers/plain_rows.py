"""Rows of a text file many at a time, where every reader would read their lines alike.

A line is plain when it has as many cells as the header, and each is without a quotation mark or
quoted as a whole. Nearly all are. The others are told by number, to be read one by one
(`text_rows.py`): a row that goes over lines, broken quotes, a cell too many, the last line when it
has no end, decimals where nobody says that they are minutes. A plain row's cells are those that
`text_rows` gives of it (a test compares).

Not here: what the cells mean (`staging/`), which rows are looked at twice (`row_reader.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from assets.exports.files.decoding import ODD_ROW_ENDS, text_blocks
from assets.exports.files.received import ReceivedFile
from assets.exports.pupils.identity_numbers import FULL_LETTERS, with_century
from assets.exports.pupils.protection import NOT_PROTECTED
from assets.exports.readers.columns import COLUMNS
from assets.exports.readers.layouts import FoundHeader
from assets.exports.readers.reshaping.amounts import has_decimals

_LINE_FEED = ord("\n")
_BLANKS = " \t"


class PlainRows:
    """The plain rows of one text file.

    Args:
        file: a text file.
        header: its header.

    Attributes:
        odd: numbers of the lines met so far that are not plain.
    """

    def __init__(self, file: ReceivedFile, header: FoundHeader) -> None:
        self.odd: list[int] = []
        self._file = file
        self._header = header
        match = header.match
        self._full = len(match.header)
        self._columns = COLUMNS[match.layout.kind]
        self._beyond = range(header.width, self._full)
        places = {*match.positions.values(), *match.markings, *self._beyond}
        self._places = sorted(places)
        mark = re.escape(header.delimiter)
        cell = f'(?:"(?:[^"\\r\\n]|"")*"|[^"\\r\\n{mark}]*)'
        self._sound_line = f"^{cell}(?:{mark}{cell})*\\r?\\n$"

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows below the header: `file_id`, `line_number` and texts under our names.

        Raises:
            UnreadableFileError: see `decoded_lines`.
            ChangedFileError: the file is gone.
        """
        for number, block in text_blocks(self._file):
            whole = block
            if not block.endswith(b"\n"):
                last = number + block.count(b"\n")
                # What is cut may be said otherwise.
                if last > self._header.line_number:
                    self.odd.append(last)
                whole = block[: block.rfind(b"\n") + 1]
            above = max(0, self._header.line_number + 1 - number)
            whole = _without_lines(whole, above)
            if whole:
                yield self._table(whole, number + above)

    def _table(self, block: bytes, first: int) -> pa.Table:
        """Return the plain rows of whole lines, of which the first has a number."""
        is_quoted = b'"' in block
        numbers: np.ndarray | None = None
        if is_quoted:
            lines = _lines(block)
            is_sound = pc.match_substring_regex(lines, self._sound_line)
            numbers = self._without_odd(np.arange(first, first + len(lines)), is_sound)
            block = _joined(lines.filter(is_sound))
        if not block:
            nothing = {f"c{place}": pa.array([], pa.string()) for place in self._places}
            return self._named(pa.table(nothing), np.array([], int))
        others: list[int] = []
        cells = self._cells(block, others, is_quoted=is_quoted)
        if numbers is None:
            numbers = np.arange(first, first + cells.num_rows + len(others))
        if others:
            is_plain = np.ones(len(numbers), bool)
            is_plain[np.array(others) - 1] = False
            numbers = self._without_odd(numbers, pa.array(is_plain))
        if _has_outer_blanks(block, self._header.delimiter):
            cells = pa.table([_trimmed(column) for column in cells.columns], cells.column_names)
        if self._beyond:
            is_plain = self._is_empty_beyond(cells, block)
            numbers = self._without_odd(numbers, is_plain)
            cells = cells.filter(is_plain)
        for place, _ in self._header.match.bare_minutes:
            is_clear = _without_decimals(cells[f"c{place}"])
            if is_clear is not None:
                numbers = self._without_odd(numbers, is_clear)
                cells = cells.filter(is_clear)
        return self._named(cells, numbers)

    def _cells(self, block: bytes, others: list[int], *, is_quoted: bool) -> pa.Table:
        """Return the cells of the lines with as many as the header; note the place of others."""

        def note(row: csv.InvalidRow) -> str:
            others.append(row.number)
            return "skip"

        names = [f"c{place}" for place in range(self._full)]
        taken = [f"c{place}" for place in self._places]
        return csv.read_csv(
            pa.BufferReader(block),
            # One thread: it counts the lines, and the other cores have the rows before these.
            read_options=csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=csv.ParseOptions(
                delimiter=self._header.delimiter,
                quote_char='"' if is_quoted else False,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=taken,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )

    def _without_odd(self, numbers: np.ndarray, is_plain: pa.BooleanArray) -> np.ndarray:
        """Return the numbers of plain lines, and note those of the others."""
        mask: np.ndarray = np.asarray(is_plain.to_numpy(zero_copy_only=False), bool)
        self.odd += numbers[~mask].tolist()
        plain: np.ndarray = numbers[mask]
        return plain

    def _is_empty_beyond(self, cells: pa.Table, block: bytes) -> pa.BooleanArray:
        """Say of each row whether it has nothing where the header has no name."""
        if ODD_ROW_ENDS.search(block.decode()):
            return pa.array(np.zeros(cells.num_rows, bool))
        mask = np.ones(cells.num_rows, bool)
        for place in self._beyond:
            mask &= np.asarray(cells[f"c{place}"].is_null())
        return pa.array(mask)

    def _named(self, cells: pa.Table, numbers: np.ndarray) -> pa.Table:
        rows, match = cells.num_rows, self._header.match
        columns = {
            "file_id": pa.repeat(pa.scalar(self._file.file_id, pa.int64()), rows),
            "line_number": pa.array(numbers, pa.int64()),
        }
        for column in self._columns:
            place = match.positions.get(column)
            if place is None:
                said = match.layout.said_by_name(column, self._file.name)
                columns[column] = pa.repeat(pa.scalar(said or None, pa.string()), rows)
            elif column == "protected" and len(match.markings) > 1:
                columns[column] = _strictest([cells[f"c{place}"] for place in match.markings])
            elif column.endswith("civic_no"):
                columns[column] = _full_numbers(cells[f"c{place}"], self._file.exported_at.date())
            else:
                columns[column] = cells[f"c{place}"]
        return pa.table(columns)


def _has_outer_blanks(block: bytes, delimiter: str) -> bool:
    """Whether a cell of whole lines may begin or end with a blank."""
    letters = np.frombuffer(block, np.uint8)
    is_blank = letters == ord(" ")
    if delimiter != "\t" and b"\t" in block:
        is_blank |= letters == ord("\t")
    blanks = np.flatnonzero(is_blank)
    # Before the first letter stands the last one: a line feed.
    is_edge = np.zeros(256, bool)
    is_edge[list(f'\r\n"{delimiter}'.encode())] = True
    return bool(is_edge[letters[blanks - 1]].any() or is_edge[letters[blanks + 1]].any())


def _without_lines(block: bytes, count: int) -> bytes:
    place = 0
    for _ in range(count):
        place = block.find(b"\n", place) + 1
        if not place:
            return b""
    return block[place:]


def _lines(block: bytes) -> pa.StringArray:
    """Return whole lines, each with its end, without copying them."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _LINE_FEED) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(block))


def _joined(lines: pa.StringArray) -> bytes:
    _, offsets, data = lines.buffers()
    if not len(lines) or data is None:
        return b""
    places = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(memoryview(data)[places[0] : places[-1]])


def _trimmed(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts without outer blanks; nothing is left of some."""
    texts = pc.utf8_trim(cells, characters=_BLANKS)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _without_decimals(cells: pa.ChunkedArray) -> pa.BooleanArray | None:
    """Say which texts are no number with decimals; None, as mostly, when no text is."""
    if not any(pc.any(pc.match_substring(cells, mark)).as_py() for mark in ",."):
        return None
    texts = {text for text in pc.unique(cells).to_pylist() if text and has_decimals(text)}
    if not texts:
        return None
    return pc.invert(pc.is_in(cells, value_set=pa.array(sorted(texts), pa.string())))


def _strictest(cells: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return what several columns say of protection, as `strictest_marking` does."""
    known = pa.array(sorted(NOT_PROTECTED), pa.string())
    nothing = pa.scalar(None, pa.string())
    strict = [pc.if_else(pc.is_in(one, value_set=known), nothing, one) for one in cells]
    return pc.coalesce(*strict, pc.max_element_wise(*cells, skip_nulls=True))


def _full_numbers(cells: pa.ChunkedArray, exported: date) -> pa.ChunkedArray:
    """Return identity numbers, the temporary ones with their century (`with_century`)."""
    shortest = pc.min(pc.utf8_length(cells)).as_py()
    if shortest is None or shortest >= FULL_LETTERS:
        return cells
    texts = cells.combine_chunks().dictionary_encode()
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    full = [with_century(text, exported) for text in texts.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(full, pa.string()).take(texts.indices)])
