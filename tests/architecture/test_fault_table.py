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


def borne() -> list[tuple[str, str]]:
    """Return fault and last cell of each row of docs/faults.md."""
    text = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    found = [_BORNE.match(line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return [(m["fault"], m["tests"]) for m in found if m and m["fault"] != "Fault"]


def test_every_fault_that_must_be_borne_has_its_row() -> None:
    assert len(borne()) >= 38
    assert len({fault for fault, _ in borne()}) == len(borne())


@pytest.mark.parametrize(("fault", "tests"), borne(), ids=lambda text: str(text)[:40])
def test_a_fault_names_tests_that_exist_or_says_why_none(fault: str, tests: str) -> None:
    named = _NAMED.findall(tests)
    assert ", ".join(f"`{file}::{test}`" for file, test in named) == tests or (
        not named and tests.startswith("no test: ") and len(tests) > len("no test: ") + 30
    ), fault
    for file, test in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), (fault, file, test)
