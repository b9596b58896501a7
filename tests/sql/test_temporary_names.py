"""A temporary table never has the name of a table of the lake."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from assets.lake.connection import Lake
from assets.lake.tables import TABLE_NAMES

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def test_no_frame_takes_the_name_of_a_table_of_the_lake(scratch: Lake) -> None:
    for name in TABLE_NAMES:
        with pytest.raises(ValueError, match="is a table of the lake"):
            scratch.load(name, pl.DataFrame({"number": [1]}))


def test_a_select_named_as_a_table_of_the_lake_is_not_materialised(scratch: Lake) -> None:
    for make in (scratch.materialise, scratch.define):
        with pytest.raises(ValueError, match="absence_monthly is a table of the lake"):
            make("absence/absence_monthly")


def test_only_a_table_of_the_lake_reads_as_something_else(scratch: Lake) -> None:
    with pytest.raises(ValueError, match="rolling_sums is no table of the lake"):
        scratch.show_instead("rolling_sums", "SELECT 1")


def test_no_statement_of_ours_makes_a_temporary_table_of_such_a_name() -> None:
    made = {
        (path.name, name)
        for path in ASSETS.rglob("*.py")
        for name in re.findall(r"TEMP (?:TABLE|VIEW) (\w+)", path.read_text(encoding="utf-8"))
    }
    assert made, "the pattern finds nothing any more"
    assert not {entry for entry in made if entry[1] in TABLE_NAMES}
