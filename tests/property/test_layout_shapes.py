"""A lesson written in any shape that a layout can say is the same row as in our own layout.

`TRAPPAN_ORACLE_EXAMPLES=1000 pytest tests/property/test_layout_shapes.py` looks longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.layout_shapes import (
    SHAPES,
    Lesson,
    Shape,
    ShapeReader,
    canonical,
    lessons,
    said_by,
)

ODD = ("?", "1,5", "0,34", "S", "XX", "08.20", "120 %", "-1", "1:99", "")
quick = settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShapeReader]:
    folder = tmp_path_factory.mktemp("shapes")
    with Lake.open(settings_of(folder / "home")) as lake:
        yield ShapeReader(lake, folder)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@quick
@given(rows=lessons(), is_workbook=st.booleans())
def test_a_lesson_in_any_shape_is_the_row_of_our_own_layout(
    reader: ShapeReader, shape: Shape, rows: list[Lesson], is_workbook: bool
) -> None:
    said = said_by(shape, rows)
    _, expected = reader.read(canonical(said))
    content = shape.workbook(said) if is_workbook else shape.text(said)
    counts, found = reader.read(content, shape.layout)
    assert counts.problems == ()
    assert found == expected
    assert counts.layout == shape.name
    assert counts.rows_read == len(found) + counts.rows_rejected


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@quick
@given(rows=lessons(), data=st.data())
def test_a_cell_of_anything_changes_no_other_row_and_none_is_lost(
    reader: ShapeReader, shape: Shape, rows: list[Lesson], data: st.DataObject
) -> None:
    table = shape.table(said_by(shape, rows))
    _, before = reader.read(
        "".join(";".join(map(str, line)) + "\n" for line in table), shape.layout
    )
    first = next(number for number, line in enumerate(table) if len(line) > 1) + 1
    at = data.draw(st.integers(first, len(table) - 1))
    # A header that changes in the file stops all of it.
    assume(table[at] != table[first - 1])
    place = data.draw(st.integers(0, len(table[at]) - 1))
    odd = data.draw(
        st.sampled_from(["?", "1,5", "0,34", "S", "XX", "08.20", "120 %", "-1", "1:99", ""])
    )
    table[at][place] = odd
    text = "".join(";".join(map(str, line)) + "\n" for line in table)
    counts, after = reader.read(text, shape.layout)
    assert counts.rows_read == len(after) + counts.rows_rejected
    changed = set(before) - set(after)
    assert len({row[0] for row in changed}) <= 1, "the rows of one pupil at most"
    if shape.layout.columns_are is None and shape.layout.blocks is None:
        assert len(changed) <= 1
    for problem in counts.problems:
        # A heading that nobody can read is that of all rows down to the next.
        is_below = shape.layout.blocks is not None and problem.line_number > at
        assert problem.line_number == at + 1 or is_below or not problem.is_rejection
