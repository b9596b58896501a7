"""What a run of all benchmarks found, as Markdown: a table a part, of what, target, seen and met.

Here: words and tables. Not here: what is run (`everything.py`), figures (`running.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.running import Finding

_NOT_COMPARABLE = "not comparable"
_RATIOS_HOLD_FROM = 0.1


@dataclass(frozen=True)
class PartResult:
    """What became of a part.

    Attributes:
        name: of the part.
        size: what it worked on.
        seconds: how long it took, with making its files.
        findings: what it told before it ended.
        failure: how it ended, and where its output is; "" when it came through.
    """

    name: str
    size: str
    seconds: float
    findings: tuple[Finding, ...]
    failure: str = ""


def report(machine: str, size: float, results: Sequence[PartResult]) -> str:
    """Return the report.

    Args:
        machine: on what and when it ran.
        size: 1 for the whole city. Of less, targets in seconds or bytes say nothing.
        results: the parts, in their order.
    """
    lines = ["# Benchmarks", "", f"{machine} Size {size:g}: {whole_or_part(size)}.", ""]
    failed = [result.name for result in results if result.failure]
    lines += [_sum(results, size)]
    if size < _RATIOS_HOLD_FROM:
        lines += ["", "Of so little, what comes before a first row weighs in ratios too."]
    if failed:
        lines += ["", f"**Failed: {', '.join(failed)}.**"]
    for result in results:
        lines += ["", f"## {result.name}", "", f"{result.size}; {_minutes(result.seconds)}."]
        if result.failure:
            lines += ["", f"**Failed**: {result.failure}"]
        if result.findings:
            lines += ["", "| What | Target | Seen | Met |", "|---|---|---|---|"]
            lines += [_row(finding, size) for finding in result.findings]
    return "\n".join(lines) + "\n"


def whole_or_part(size: float) -> str:
    """Say what a size is of the city."""
    return "the whole city" if size == 1 else f"{size:g} of the city"


def met(finding: Finding, size: float) -> str:
    """Say whether a target is met: `yes`, `**no**`, `not comparable`, or "" without a target."""
    if finding.is_met is None:
        return ""
    if finding.is_of_size and size != 1:
        return _NOT_COMPARABLE
    return "yes" if finding.is_met else "**no**"


def _row(finding: Finding, size: float) -> str:
    cells = (finding.what, finding.target, finding.seen, met(finding, size))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _sum(results: Sequence[PartResult], size: float) -> str:
    told = [met(finding, size) for result in results for finding in result.findings]
    not_met = told.count("**no**")
    seconds = sum(result.seconds for result in results)
    return (
        f"{len(results)} parts in {_minutes(seconds)}. Targets: {told.count('yes')} met, "
        f"{not_met} not met, {told.count(_NOT_COMPARABLE)} not comparable at this size."
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
