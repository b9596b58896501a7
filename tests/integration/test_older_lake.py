"""A lake whose tables got a column later, at their end, takes files as a new one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.outcomes import FileOutcome
from assets.lake.connection import Lake
from tests.conftest import settings_of
from tests.integration.ingest_files import lesson, put, text_of

pytestmark = pytest.mark.usefixtures("lakes_are_made_as_everywhere")


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [("identity_sources", "is_roster", "BOOLEAN"), ("lessons", "lesson_id", "VARCHAR")],
)
def test_columns_are_found_by_name(tmp_path: Path, table: str, column: str, kind: str) -> None:
    with Lake.open(settings_of(tmp_path / "home")) as lake:
        lake.connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        lake.connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        path = put(tmp_path, "lektioner_20261002T0500.csv", text_of([lesson(0), lesson(1)]))
        (report,) = ingest_paths(lake, [path])
        assert (report.outcome, report.rows_accepted) == (FileOutcome.ACCEPTED, 2)
        ((subject, pupils),) = lake.rows(
            "SELECT any_value(subject), count(DISTINCT pupil_key) FROM lessons "
            "JOIN identity_sources USING (pupil_key)"
        )
        assert subject == lesson(0)["subject"]
        assert pupils == 2
