"""Each row of the tables of faults in docs/inputs-faults*.md names a test that is there."""

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
