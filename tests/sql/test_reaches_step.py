"""The one macro that asks whether a step is reached says what `rules.threshold` says."""

from __future__ import annotations

from random import Random

from assets.lake.connection import Lake
from rules.threshold import Threshold

STEPS = (1, 999, 10_00, 12_50, 20_00, 33_33, 40_00, 99_99, 100_00)


def test_sql_and_python_agree_on_every_step_near_its_limit(scratch: Lake) -> None:
    rng = Random(12)  # noqa: S311 - test data
    cases = {(0, 0, bp, is_strict) for bp in STEPS for is_strict in (False, True)}
    for bp in STEPS:
        for whole in (1, 7, 60, 9999, 100_00, *(rng.randrange(1, 600_000) for _ in range(40))):
            limit = bp * whole // 100_00
            for part in range(max(0, limit - 2), min(whole, limit + 2) + 1):
                cases |= {(part, whole, bp, False), (part, whole, bp, True)}
    rows = ", ".join(f"({part}, {whole}, {bp}, {strict})" for part, whole, bp, strict in cases)
    said = scratch.rows(
        "SELECT part, whole, bp, is_strict, reaches_step(part, whole, bp, is_strict) "
        f"FROM (VALUES {rows}) AS cases (part, whole, bp, is_strict)"
    )
    assert len(said) == len(cases) > 2000
    wrong = [
        row for row in said if Threshold(row[2], is_strict=row[3]).reached(*row[:2]) is not row[4]
    ]
    assert wrong == []


def test_a_connection_beside_knows_it_too(scratch: Lake) -> None:
    with scratch.beside() as beside:
        assert beside.rows("SELECT reaches_step(1, 10, 1000, FALSE)") == [(True,)]
