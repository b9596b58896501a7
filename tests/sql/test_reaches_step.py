"""The macros that ask whether a step is reached, and whether a share is clearly over another.

Against `rules.threshold` and against fractions, near every limit.
"""

from __future__ import annotations

from fractions import Fraction
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


def test_a_share_is_clearly_over_another_from_the_difference_on(scratch: Lake) -> None:
    scratch.connection.execute(scratch.select("flags/is_clearly_over"))
    rng = Random(7)  # noqa: S311 - test data
    cases = set()
    for difference in (1, 500, 10_00, 33_33):
        for _ in range(60):
            whole, other_whole = rng.randrange(1, 200_000), rng.randrange(1, 200_000)
            other_part = rng.randrange(other_whole + 1)
            limit = whole * (Fraction(other_part, other_whole) + Fraction(difference, 100_00))
            for part in range(max(0, int(limit) - 1), min(whole, int(limit) + 2) + 1):
                cases.add((part, whole, other_part, other_whole, difference))
    # Exactly the difference is enough: 40 of 100 beside 30 of 100.
    cases.add((40, 100, 30, 100, 10_00))
    # Sums of minutes are BIGINT.
    rows = ", ".join(f"({', '.join(f'{one}::BIGINT' for one in case)})" for case in sorted(cases))
    said = scratch.rows(
        "SELECT *, is_clearly_over(part, whole, other_part, other_whole, difference) "
        f"FROM (VALUES {rows}) AS cases (part, whole, other_part, other_whole, difference)"
    )
    assert len(said) == len(cases) > 300
    for part, whole, other_part, other_whole, difference, is_over in said:
        apart = Fraction(part, whole) - Fraction(other_part, other_whole)
        assert is_over is (apart * 100_00 >= difference), (part, whole, other_part, other_whole)
