"""Whatever stands in a file: no exception, rows add up, and both ways of reading agree.

`TRAPPAN_ORACLE_EXAMPLES=1000 pytest tests/property/test_ingest_rows.py` looks longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.exports.batches.batch import StagedBatch
from assets.exports.batches.lessons import LessonBatch
from assets.exports.files.decoding import text_blocks
from assets.exports.files.received import UnreadableFileError, look_at
from assets.exports.pupils.people import People
from assets.exports.readers import plain_rows, row_reader, text_rows
from assets.exports.readers.layout_files import shipped_layouts
from assets.exports.readers.row_reader import Openings
from assets.exports.staging.staged_tables import load_macros
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.ingest_files import EVERY, PUPILS, lesson, put, text_of

EXAMPLES = examples(20)
quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

ODD = st.text(
    st.one_of(
        st.sampled_from(
            " \t;,\"'\\\n\r-–_.:0123456789\xa0\u202f\ufeff\u200b\xadåÅéÃ\u030a٣Eeｆ\x1a\x0b"
        ),
        st.characters(codec="utf-8", exclude_characters="\x00\ufffd"),
    ),
    max_size=12,
)
USUAL_CELLS: dict[str, list[str]] = {
    "school": ["99999901", "1234567", "99999901.0", " 99999901"],
    "class": ["8A", "8Å", "8 A", "=1"],
    "grade": ["8", "F", "Åk 8", "10", ""],
    "civic": [*PUPILS, "20130101-TF01", "201203149800"],
    "given": ["Åsa", "O'Brien", 'Nils "Nisse"', "A\u030asa"],
    "date": ["2026-10-05", "20261006", "46300", "2026-10-05 00:00:00", "2026-10-5 "],
    "start": ["08:20", "8.20", "0820", "24:00", " 8:20", "23:30", "0.5"],
    "end": ["09:20", "00:30", "24:00", ""],
    "subject": ["MA", "SO; NO", "M\nA", " MA ", ""],
    "length": ["60", "60,0", "", "600", "1 234", "0"],
    "present": ["45", "-", "", "60"],
    "valid": ["0", "15", "-", "", "7,5", "1e1"],
    "invalid": ["0", "15", "", "61"],
    "reported": ["Ja", "Nej", "", "x", "ja", "Kanske"],
    "other": ["", "0", "5"],
    "cancelled": ["", "Nej", "Ja"],
    "lesson_id": ["", "L1", "L2", " "],
    "mentor": ["", "Mo Mentor", " Mo  Mentor"],
    "protected": ["", "Ingen", "Ja", "Skyddad"],
}


# Cells that no row is refused or warned of for, so that no row is looked at twice.
HARMLESS: dict[str, list[str]] = {
    "civic": ["201203149800", " 20120314-9800 ", "20130101-tf01", "201203149800.0"],
    "date": ["20261006", "2026/10/07", "2026-10-08 00:00:00"],
    "start": ["8:20", "8.20", "0820", " 8:20", "08:20:00", "23:30", "00:00"],
    "grade": ["F", "Åk 8", "8.0", ""],
    "valid": ["-", "0,0", " 0 ", "–", "00", ""],
    "reported": ["x", "ja", "1", ""],
    "cancelled": ["Ja", "nej", "0"],
    "other": ["", "0", "-"],
}
BLOCK_SIZES = st.sampled_from([7, 200, 1 << 20])
TEXTS = ("class", "given", "family", "subject", "school_name", "lesson_id", "mentor", "why")


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, object]]:
    """Good rows, some of whose cells are unusual, and in half of the files a few are anything."""
    made = []
    is_harmless = draw(st.booleans())
    columns = (*HARMLESS, *TEXTS) if is_harmless else tuple(USUAL_CELLS)
    for number in range(draw(st.integers(1, 8))):
        row = lesson(number)
        for column in draw(st.lists(st.sampled_from(columns), max_size=4, unique=True)):
            if is_harmless:
                row[column] = draw(st.sampled_from(HARMLESS[column]) if column in HARMLESS else ODD)
            else:
                usual = st.sampled_from(USUAL_CELLS[column])
                row[column] = draw(st.one_of(usual, usual, ODD))
        made.append(row)
    return made


class Reader:
    """Stages files without storing them."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self.lake, self.folder = lake, folder
        self.people = People(lake, Sealer.of_home(lake.settings.home))
        load_macros(lake)

    def stage(
        self, content: str | bytes, block_size: int = 1 << 20
    ) -> tuple[StagedBatch, list[tuple[Any, ...]]]:
        """Return what staging a file gave, and its rows without a problem."""
        with pytest.MonkeyPatch.context() as patch:
            blocks = partial(text_blocks, block_size=block_size)
            patch.setattr(plain_rows, "text_blocks", blocks)
            patch.setattr(text_rows, "_SMALL_BLOCK", block_size)
            return self._staged(content)

    def _staged(self, content: str | bytes) -> tuple[StagedBatch, list[tuple[Any, ...]]]:
        file = look_at(put(self.folder, "a_20261101T0500.csv", content))
        batch = LessonBatch(self.lake, self.people, Openings(shipped_layouts()))
        staged = batch.stage([file])
        taken = self.lake.rows(
            "SELECT pupil_key, school_unit_code, starts_at, lesson_date, subject, lesson_id, "
            "class_name, grade, scheduled_minutes, valid_minutes, invalid_minutes, other_minutes, "
            "is_reported, is_cancelled, mentor_key, protected_identity(protected_text), "
            "trim(given_name), trim(school_name) "
            "FROM batch_lessons WHERE problem IS NULL ORDER BY ALL"
        )
        return staged, taken

    @contextmanager
    def by_row(self) -> Iterator[None]:
        """Read every file row by row."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(row_reader, "_has_plain_rows", lambda _: False)
            yield


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("rows")
    with Lake.open(settings_of(folder / "home")) as lake:
        yield Reader(lake, folder)


def check_bounds(taken: list[tuple[Any, ...]]) -> None:
    for row in taken:
        pupil, school, starts_at, day, *_ = row
        length, valid, invalid, other, is_reported = row[8:13]
        assert pupil is not None
        assert len(school) == 8
        assert starts_at.date() == day
        assert 2000 <= day.year <= 2099
        assert 1 <= length <= 600
        assert min(valid, invalid, other) >= 0
        assert valid + invalid + other <= length
        assert is_reported or valid + invalid == 0


@quick
@given(
    rows=rows(),
    newline=st.sampled_from(["\r\n", "\n"]),
    delimiter=st.sampled_from(";\t,"),
    block_size=BLOCK_SIZES,
)
def test_both_ways_of_reading_agree_whatever_the_cells_hold(
    reader: Reader,
    rows: list[dict[str, object]],
    newline: str,
    delimiter: str,
    block_size: int,
) -> None:
    text = text_of(rows, EVERY, newline=newline, delimiter=delimiter)
    staged, taken = reader.stage(text, block_size)
    with reader.by_row():
        slowly, taken_slowly = reader.stage(text)
    assert taken == taken_slowly
    # The file was written twice, so its times differ.
    as_read_first = [replace(counts, file=staged.counts[0].file) for counts in slowly.counts]
    assert staged.counts == as_read_first
    assert list(staged.unreadable.values()) == list(slowly.unreadable.values())
    for counts in staged.counts:
        assert counts.rows_read - counts.rows_rejected == len(taken)
        assert counts.rows_rejected == sum(p.is_rejection for p in counts.problems)
    check_bounds(taken)


@quick
@given(
    rows=rows(),
    cuts=st.lists(st.tuples(st.integers(0, 4_000), st.binary(max_size=4)), max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    block_size=BLOCK_SIZES,
)
def test_no_damage_to_the_bytes_gets_past_the_reader(
    reader: Reader,
    rows: list[dict[str, object]],
    cuts: list[tuple[int, bytes]],
    encoding: str,
    block_size: int,
) -> None:
    content = text_of(rows, EVERY).encode(encoding, "replace")
    for place, put_there in cuts:
        at = place % (len(content) + 1)
        content = content[:at] + put_there + content[at + len(put_there) % 3 :]
    staged, taken = reader.stage(content, block_size)
    with reader.by_row():
        slowly, taken_slowly = reader.stage(content)
    assert taken == taken_slowly
    assert len(staged.counts) + len(staged.unreadable) == 1
    assert [c.rows_read for c in staged.counts] == [c.rows_read for c in slowly.counts]
    for counts in staged.counts:
        assert counts.rows_read - counts.rows_rejected == len(taken)
    assert not any("\ufffd" in str(row) for row in taken)
    check_bounds(taken)


@quick
@given(content=st.binary(max_size=3_000))
def test_noise_is_refused_in_words(reader: Reader, content: bytes) -> None:
    file = look_at(put(reader.folder, "noise.csv", content))
    with pytest.raises(UnreadableFileError) as refused:
        Openings(shipped_layouts()).rows(file)
    assert len(str(refused.value)) < 300
