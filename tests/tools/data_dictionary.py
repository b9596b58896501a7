"""`make docs`: the data dictionary, a page for each question, written from the lake's tables.

A page answers its question in 2,500 words, so the tables are spread over some; an index leads to
each. Not here: which tables there are and what they mean (`assets/lake/tables.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.lake.schema import Table
from assets.lake.tables import TABLES, table_named

FOLDER = Path(__file__).resolve().parents[2] / "docs"
INDEX = "data-dictionary.md"


@dataclass(frozen=True)
class Page:
    """A page, by its file's name, and the tables on it, in this order."""

    name: str
    title: str
    tables: tuple[str, ...]


PAGES = (
    Page(
        "data-dictionary-files.md",
        "files, what waits, and what was released",
        (
            "files", "held_files", "row_problems", "school_sendings", "lift_releases",
            "file_releases", "lesson_removals", "unmerged_pairs", "disputable_files",
            "moving_records", "enrolment_claims",
        ),
    ),
    Page(
        "data-dictionary-lessons.md",
        "lessons, and which of them count",
        (
            "lessons", "contradicted_lessons", "joint_lessons", "uncounted_lessons",
            "parallel_values", "lesson_snapshots", "removed_lessons", "moved_lessons",
            "slot_sources", "class_coverage", "missing_lessons", "stale_days",
        ),
    ),
    Page(
        "data-dictionary-joined.md",
        "absences and the timetable that they are joined with",
        ("planned_lessons", "absence_words", "absence_coverage", "joined_files"),
    ),
    Page(
        "data-dictionary-pupils.md",
        "pupils, schools and protection",
        (
            "enrolments", "pupil_merges", "identity_sources", "identities", "staff", "school_units",
            "school_breaks", "monthly_sums", "protection_words", "protection_totals",
            "pupil_references", "pupil_numbers", "number_changes", "protection_columns",
        ),
    ),
    Page(
        "data-dictionary-flags.md",
        "sums, flags and estimates",
        (
            "absence_daily", "absence_monthly", "absence_rolling", "flags", "forecasts",
            "forecast_skill", "superseded_flags",
        ),
    ),
    Page(
        "data-dictionary-lists.md",
        "lists that are out, why one waits, and what the portal recorded",
        (
            "school_contracts", "school_silences", "releases", "publications", "listed_pupils",
            "listed_verdicts", "superseded_listed_pupils", "superseded_listed_verdicts",
            "follow_up_events", "follow_up_readings",
        ),
    ),
    Page(
        "data-dictionary-upkeep.md",
        "backfills, and lists that were published again",
        ("backfilled_months", "replaced_lists"),
    ),
    Page(
        "data-dictionary-ss12000.md",
        "objects of SS12000",
        tuple(table.name for table in TABLES if table.name.startswith("ss12000_")),
    ),
)  # fmt: skip


def pages() -> dict[str, str]:
    """Return each page's text by its file's name, the index first.

    Raises:
        ValueError: a table of the lake is on no page, or on two.
    """
    placed = sorted(name for page in PAGES for name in page.tables)
    if placed != sorted(table.name for table in TABLES):
        known = {table.name for table in TABLES}
        odd = known.symmetric_difference(placed) or {n for n in placed if placed.count(n) > 1}
        raise ValueError(
            f"{', '.join(sorted(odd))}: each table of the lake stands on one page of the data "
            "dictionary. Mend PAGES in tests/tools/data_dictionary.py."
        )
    return {INDEX: _index()} | {page.name: _page(page) for page in PAGES}


def _index() -> str:
    lines = [
        "# Data dictionary",
        "",
        "Every table of the lake. Written from `assets/lake/` by `make docs`; a test compares.",
        "Minutes are whole minutes. Personal data is sealed",
        "([ADR 0005](adr/0005-sealed-values.md)).",
    ]
    for page in PAGES:
        lines += ["", f"## {page.title[0].upper()}{page.title[1:]}", ""]
        lines += ["| table | is | one row per |", "|---|---|---|"]
        for table in map(table_named, page.tables):
            link = f"[`{table.name}`]({page.name}#{table.name})"
            lines.append(f"| {link} | {_cell(table.meaning)} | {_cell(table.grain)} |")
    return "\n".join(lines) + "\n"


def _page(page: Page) -> str:
    lines = [
        f"# Data dictionary: {page.title}",
        "",
        f"A part of the [data dictionary]({INDEX}). Written from `assets/lake/` by `make docs`.",
    ]
    for table in map(table_named, page.tables):
        lines += ["", *_described(table)]
    return "\n".join(lines) + "\n"


def _described(table: Table) -> Sequence[str]:
    return [
        f"## {table.name}",
        "",
        table.meaning,
        "",
        f"One row per {table.grain}.",
        *(["", f"Partitioned by `{table.partitioned_by}`."] if table.partitioned_by else []),
        "",
        "| column | type | meaning | null means |",
        "|---|---|---|---|",
        *(
            f"| `{column.name}` | {column.type} | {_cell(column.meaning)} "
            f"| {column.null or 'never null'} |"
            for column in table.columns
        ),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "/")


def main() -> None:
    """Write the pages anew; one that no table is on any more goes."""
    for old in FOLDER.glob("data-dictionary*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
