"""Each row of the tables of faults in docs/inputs-faults*.md and docs/faults.md names its tests."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT

_ROW = re.compile(r"^\| (?P<fault>.+?) \| (?P<outcome>.+?) \| `(?P<file>\S+?)::(?P<test>\w+)` \|$")


def rows() -> list[tuple[str, str, str]]:
    """Return fault, file and test of each row."""
    pages = sorted((ROOT / "docs").glob("inputs-faults*.md"))
    texts = [page.read_text(encoding="utf-8") for page in pages]
    lines = [
        line
        for text in texts
        for line in [line for line in text.splitlines() if line.startswith("| ")][1:]
    ]
    found = [_ROW.match(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return [(match["fault"], match["file"], match["test"]) for match in found if match]


def test_the_table_is_there() -> None:
    assert len(rows()) >= 40


@pytest.mark.parametrize(("fault", "file", "test"), rows(), ids=lambda text: str(text)[:40])
def test_the_named_test_exists(fault: str, file: str, test: str) -> None:
    path = ROOT / file
    assert path.is_file(), fault
    assert re.search(rf"^def {test}\(", path.read_text(encoding="utf-8"), re.MULTILINE), fault


_BORNE = re.compile(r"^\| (?P<fault>[^|]+) \| (?P<then>[^|]+) \| (?P<tests>[^|]+) \|$")
_NAMED = re.compile(r"`(\S+?)::(\w+)`")


#: The part of docs/faults.md whose rows have a reason in place of tests.
_WITHOUT = "Without a test of their own here"
_LEAST_REASON = 30
#: Every fault that must be borne, by words of the row that speaks of it.
MUST_BE_BORNE = (
    "`kill -9` at any step of a night, at any commit of an ingest, or at any moment",
    "the machine gone with all processes",
    "the disk is full, at any of 12 sizes",
    "a night beside a backfill",
    "two nights, or many writers, at once",
    "the nights on which the clock is changed",
    "a clock that is a day or a year off",
    "three missed nights",
    "Monday after an outage",
    "a lesson of 0 minutes, a window without lessons",
    "less than no or more than all absence",
    "the same file twice",
    "files in any order, late corrections",
    "a file that is still written, or cut at any byte",
    "a third fewer rows than a school usually has",
    "a new column; one that is missing or renamed",
    "encodings, a BOM, mixed letters, NUL",
    "mixed decimal signs; leading zeros; numbers in any spelling",
    "a pupil at two schools, or who moved within a month",
    "a school that no register has",
    "a school of a million rows",
    "workbooks and zips that unpack without end, entities",
    "names that look like formulas, or have markup in them",
    "a school's code like `../../x`, a name of 300 letters; SQL in cells and headers",
    "a protected pupil",
    "the wrong reader",
    "a pupil is erased",
    "no network",
    "a validator crashes",
    "the lake or its catalog lost or emptied",
    "a school stops sending",
    "a night of an older or a future day",
    "daemon, code server or run killed",
    "a page of another site that asks Dagster's pages; another `Host`",
    "a bit flipped, a data file lost",
    "`pupil.key` lost",
    "the archive and the key are all that is left",
    "a home on a read-only disk",
)


def borne() -> list[tuple[str, str, str]]:
    """Return part, fault and last cell of each row of docs/faults.md."""
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    found: list[tuple[str, str, str]] = []
    for part in text.split("\n## ")[1:]:
        heading, *lines = part.splitlines()
        rows = [line for line in lines if line.startswith("|")][2:]
        matched = [_BORNE.match(line) for line in rows]
        assert all(matched), [line for line, m in zip(rows, matched, strict=True) if not m]
        found += [(heading, m["fault"], m["tests"]) for m in matched if m]
    return found


def test_every_fault_that_must_be_borne_has_its_row() -> None:
    faults = [fault for _, fault, _ in borne()]
    assert len({*faults}) == len(faults)
    rows_of = {words: [one for one in faults if words in one] for words in MUST_BE_BORNE}
    assert {words: rows for words, rows in rows_of.items() if len(rows) != 1} == {}


@pytest.mark.parametrize(("part", "fault", "tests"), borne(), ids=lambda text: str(text)[:40])
def test_a_fault_names_tests_that_exist_or_says_why_none(part: str, fault: str, tests: str) -> None:
    """A row has tests, or stands among those without and says why; never both."""
    named = _NAMED.findall(tests)
    if part == _WITHOUT:
        assert not named, fault
        assert tests.startswith("no test: "), fault
        assert len(tests) > len("no test: ") + _LEAST_REASON, fault
        return
    assert named, fault
    assert ", ".join(f"`{file}::{test}`" for file, test in named) == tests, fault
    for file, test in named:
        # Only what pytest finds is a test, and only what is not left out looks at anything.
        assert re.fullmatch(r"tests/(\w+/)*test_\w+\.py", file), (fault, file)
        assert test.startswith("test_"), (fault, test)
        text = (ROOT / file).read_text(encoding="utf-8")
        found = re.search(rf"((?:^@.*\n(?:^[ )\]].*\n)*)*)^def {test}\(", text, re.MULTILINE)
        assert found, (fault, file, test)
        assert not re.search(r"mark\.(skip|xfail)\b", found[1]), (fault, test)
