"""Each row of the table of faults in docs/inputs.md names a test that is there."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT

_ROW = re.compile(r"^\| (?P<fault>.+?) \| (?P<outcome>.+?) \| `(?P<file>\S+?)::(?P<test>\w+)` \|$")
_HEADING = "## Every fault, what becomes of it, and the test that holds it"


def rows() -> list[tuple[str, str, str]]:
    """Return fault, file and test of each row."""
    text = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8")
    section = text.partition(_HEADING)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
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
