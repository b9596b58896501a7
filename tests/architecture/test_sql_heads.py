"""The *From* of every SELECT names exactly the tables that the parsed statement reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from tests.architecture.sources import sql_files

_FROM = re.compile(r"\bFrom: ([^.;]+)\.")
_NOTE = re.compile(r"\([^)]*\)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def head_of(text: str) -> str:
    """Return the comment that a file begins with, as one line."""
    lines = re.match(r"(?:--.*\n)*", text)
    assert lines is not None
    return " ".join(lines[0].replace("--", "").split())


def tables_named(text: str) -> set[str]:
    """Return the tables of the head's *From*; nothing where it has none.

    The form is `From: one, another (a note about it), a_third.`.
    """
    found = _FROM.search(_NOTE.sub("", head_of(text)))
    return {name.strip() for name in found[1].split(",")} if found else set()


def tables_read(text: str) -> set[str]:
    """Return the tables that the statements read; a common table expression is none."""
    return {
        source.name
        for statement in sqlglot.parse(text, dialect="duckdb")
        if statement is not None
        for scope in traverse_scope(statement)
        for source in scope.sources.values()
        if isinstance(source, exp.Table) and source.name
    }


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_a_select_names_in_its_head_what_it_reads(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Files of macros read no table, and have no *From*.
    assert tables_named(text) == tables_read(text)
    assert all(_NAME.fullmatch(name) for name in tables_named(text))


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_only_a_file_of_macros_has_no_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_macros = all(
        isinstance(statement, exp.Create) for statement in sqlglot.parse(text, dialect="duckdb")
    )
    assert ("From: " in head_of(text)) is not is_macros


MADE_UP = """-- told: who told what.
-- From: tellers (those
-- who tell. Always), words. Grain: a word.
WITH latest AS (SELECT * FROM tellers WHERE EXISTS (SELECT 1 FROM words AS w WHERE w.id = id))
SELECT * FROM latest WHERE id NOT IN (SELECT id FROM {other})
"""


def test_a_table_is_found_in_a_subquery_and_is_not_a_common_table_expression() -> None:
    assert tables_named(MADE_UP) == {"tellers", "words"}
    assert tables_read(MADE_UP.format(other="latest")) == {"tellers", "words"}
    assert tables_read(MADE_UP.format(other="lake.secrets")) == {"tellers", "words", "secrets"}
