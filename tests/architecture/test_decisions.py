"""Each decision carries the number of its file, so that a reference leads where it says."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def test_each_decision_carries_its_own_number() -> None:
    carried = {path.name: path.read_text(encoding="utf-8").split(" ")[1] for path in DECISIONS}
    assert carried == {name: name[:4] for name in carried}
    assert len(carried) == len(set(carried.values()))


def test_a_reference_to_a_decision_leads_to_it() -> None:
    """`[ADR 0017](adr/0017-small-groups.md)` leads to the file of that number."""
    wrong = [
        (path.name, number, target)
        for path in [*DECISIONS, *sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
        for number, target in re.findall(
            r"\[ADR (\d{4})\]\(([^)#]+)", path.read_text(encoding="utf-8")
        )
        if not (path.parent / target).is_file() or number not in target
    ]
    assert wrong == []
