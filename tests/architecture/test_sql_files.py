"""Every file of `sql/` says what it is, is used, and asks no clock. sqlfluff holds its style."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.checks.assets import SQL_CHECKS
from assets.checks.contracts import CONTRACTS
from assets.exports.readers.columns import COLUMNS
from tests.architecture.sources import ROOT, modules, sql_files

# What stands in the braces of a name such as f"exports/staged_{kind}".
PLACEHOLDERS = {
    "{kind}": tuple(COLUMNS),
    "{check.name}": tuple(check.name for check in SQL_CHECKS),
    "{name}": tuple(CONTRACTS),
}
_STAGE_ONLY = re.compile(r"([a-z]+)/\{[a-z_.]+\}")


def texts_in_code() -> Iterator[str]:
    """Yield every text that code holds, with the known placeholders of f-strings filled in."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr):
                yield from _filled(
                    "".join(
                        str(part.value)
                        if isinstance(part, ast.Constant)
                        else "{" + ast.unparse(getattr(part, "value", part)) + "}"
                        for part in node.values
                    )
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _filled(text: str) -> Iterator[str]:
    for mark, fillings in PLACEHOLDERS.items():
        if mark in text:
            yield from (text.replace(mark, filling) for filling in fillings)
            return
    yield text


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_a_file_begins_by_saying_its_name_and_what_it_is(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(rf"-- {path.stem}: \w", first)


def test_every_file_is_used() -> None:
    texts = set(texts_in_code())
    # f"exports/{table}" asks for a file of the stage whose name is handed in from elsewhere.
    stages = {found[1] for text in texts if (found := _STAGE_ONLY.fullmatch(text))}
    unused = [
        path.relative_to(ROOT)
        for path in sql_files()
        if f"{path.parent.name}/{path.stem}" not in texts
        and not (path.parent.name in stages and path.stem in texts)
    ]
    assert unused == []


def test_no_two_files_have_the_same_name() -> None:
    stems = [path.stem for path in sql_files()]
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_no_file_asks_the_clock(path: Path) -> None:
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8")).lower()
    clock = r"\b(now|today|current_date|current_timestamp|current_time|get_current_\w+)\b"
    assert not re.search(clock, code)


@pytest.mark.parametrize("path", sql_files(), ids=lambda path: path.stem)
def test_a_file_names_every_parameter_in_its_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = "\n".join(line for line in text.splitlines() if line.lstrip().startswith("--"))
    used = set(re.findall(r"\$[a-z_]+", re.sub(r"--.*", "", text)))
    assert used <= set(re.findall(r"\$[a-z_]+", head))
