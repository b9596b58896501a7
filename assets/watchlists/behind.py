"""What stands behind each row of a list: halves of windows, outlooks, patterns.

For all pupils of all lists at once. Not here: what they are (`assets/flags/`), words
(`outlook_texts.py`, `pattern_texts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import Evaluation
from assets.flags.patterns import Pattern, patterns
from assets.flags.prognoses import Prognosis, prognoses
from assets.lake import Lake
from assets.watchlists.model import Ahead, Evidence, PupilRow, RuleOutlook

_Halves = tuple[tuple[int, int, int], ...]


def with_evidence(
    lake: Lake, evaluation: Evaluation, schools: Mapping[str, list[PupilRow]]
) -> dict[str, list[PupilRow]]:
    """Return the rows with everything that explains them.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        evaluation: what `evaluate_flags` gave.
        schools: the rows of each school unit.
    """
    asked = ask_about(lake, evaluation)
    found, described = prognoses(lake, asked), patterns(lake, asked)
    halves = _halves(lake)

    def whole(row: PupilRow) -> PupilRow:
        key = row.pupil_key
        return replace(
            row,
            evidence=tuple(_with_halves(item, halves, key) for item in row.evidence),
            ahead=_ahead(found[key]) if key in found else None,
            pattern=_what_stands_out(described[key]) if key in described else None,
        )

    return {code: [whole(row) for row in rows] for code, rows in schools.items()}


def _what_stands_out(pattern: Pattern) -> Pattern:
    """Leave out what no list shows: it would be most of what a remembered list holds."""
    return replace(
        pattern,
        weekdays=tuple(part for part in pattern.weekdays if part.is_named),
        edges=tuple(edge for edge in pattern.edges if edge.is_named),
        subjects=tuple(part for part in pattern.subjects if part.is_named),
    )


def _ahead(prognosis: Prognosis) -> Ahead:
    timetable = prognosis.timetable
    return Ahead(
        tuple(
            RuleOutlook(rule, basis, outlook)
            for (rule, basis), outlook in prognosis.outlooks.items()
        ),
        timetable.known_until_date,
        timetable.weeks,
    )


def _halves(lake: Lake) -> dict[tuple[str, str, str], _Halves]:
    rows = lake.rows(
        "SELECT cast(pupil_key AS VARCHAR), rule, basis, "
        "first_scheduled_minutes, first_reported_minutes, first_absent_minutes, "
        "second_scheduled_minutes, second_reported_minutes, second_absent_minutes "
        "FROM judgements WHERE verdict <> 'clear' AND method = 'each'"
    )
    return {(key, rule, basis): (tuple(m[:3]), tuple(m[3:])) for key, rule, basis, *m in rows}


def _with_halves(
    item: Evidence, halves: Mapping[tuple[str, str, str], _Halves], key: str
) -> Evidence:
    found = halves.get((key, item.rule, item.basis))
    return replace(item, halves=found) if found else item
