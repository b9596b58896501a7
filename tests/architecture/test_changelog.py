"""The changelog can be read at a glance, and its newest version is that of the project."""

from __future__ import annotations

import re
import tomllib
from datetime import date

from tests.architecture.sources import ROOT

LINES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
FIELDS = ["Added", "Changed", "Rules", "Fixed"]
LONGEST_ENTRY = 160


def sections() -> dict[str, dict[str, list[str]]]:
    """Return version → field → lines."""
    found: dict[str, dict[str, list[str]]] = {}
    lines: list[str] = []
    for line in LINES:
        if line.startswith("## "):
            found[line[3:]] = {}
            lines = []
        elif line.startswith("### "):
            lines = found[next(reversed(found))].setdefault(line[4:], [])
        elif line:
            lines.append(line)
    return found


def test_the_newest_version_with_a_date_is_the_projects() -> None:
    unreleased, newest, *_ = sections()
    assert unreleased == "Unreleased"
    version, day = newest.split(" - ")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version == project["version"]
    assert date.fromisoformat(day)


def test_an_entry_is_one_line_under_a_known_field() -> None:
    for version, fields in sections().items():
        assert list(fields) == [name for name in FIELDS if name in fields], version
        for name, lines in fields.items():
            assert [line for line in lines if not line.startswith("- ")] == [], (version, name)
            assert [line for line in lines if len(line) > LONGEST_ENTRY] == [], (version, name)


def test_a_change_of_rules_says_which_periods_and_pupils_it_touches() -> None:
    rules = [line for fields in sections().values() for line in fields.get("Rules", [])]
    assert rules
    words = (r"\bperiods?\b", r"\bpupils\b")
    unsaid = [line for line in rules if not all(re.search(w, line, re.IGNORECASE) for w in words)]
    assert unsaid == []
