"""Many what-if questions about one day, laid side by side, tell no small group of that day.

A reader keeps every answer: what is in force, as each of them showed it, and what each showed of
its scenarios. An integer solver then looks for a small group in force that the answers pin, or
hold under ten. It knows which counts can be of whom, and nothing of the pupils.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random

import numpy as np
import polars as pl
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from assets.flags.suppression import LEAST_SHOWN
from assets.flags.what_if import LEFT, Steps
from assets.flags.what_if_counts import IN_FORCE, MOVES, STANDINGS, CountRow, count_groups

STEPS = ("clear", "insufficient", "1", "2", "3")
Cell = tuple[str, str, str]  # grouping, group, column


def town(rng: Random) -> pl.DataFrame:
    """Pupils of a few schools with a step in force; most are on none."""
    schools = [f"9999990{n}" for n in range(1, rng.choice((2, 3, 4)))]
    rows = [
        (school, grade, sex, rng.choices(STEPS, (12, 2, 3, 2, 1))[0])
        for school in schools
        for grade in ("7", "8", "9")
        for sex in ("girl", "boy")
        for _ in range(rng.choice((0, 2, 5, 9, 14)))
    ]
    schema = ["school", "grade", "sex", "step_0"]
    return pl.DataFrame(rows or [(schools[0], "7", "girl", "1")], schema=schema, orient="row")


def question(pupils: pl.DataFrame, rng: Random, scenarios: int = 0) -> list[CountRow]:
    """What is answered to a question of one to three scenarios, each moving some pupils."""
    scenarios = scenarios or rng.choice((1, 1, 2, 3))
    moved = pupils
    for number in range(1, scenarios + 1):
        share = rng.choice((0.0, 0.03, 0.2, 0.6))
        to = rng.choice((*STEPS, LEFT))
        steps = [to if rng.random() < share else step for step in pupils["step_0"]]
        moved = moved.with_columns(pl.Series(f"step_{number}", steps, dtype=pl.String))
    # Only how many rule sets there are is asked of them.
    return count_groups(Steps(moved, (None,) * (scenarios + 1), 0))  # type: ignore[arg-type]


def in_force(rows: Sequence[CountRow]) -> dict[Cell, int | None]:
    return {
        (row.grouping, row.group, column): count
        for row in rows
        if row.scenario == IN_FORCE
        for column, count in row.counts.items()
    }


def holds(cell: Cell, part: tuple[str, str, str, str]) -> bool:
    grouping, group, column = cell
    at = {"school": 0, "grade": 1, "sex": 2}
    return (grouping == "city" or part[at[grouping]] == group) and STANDINGS[column](part[3])


class Reader:
    """Everything that shown counts of one kind of parts leave possible."""

    def __init__(
        self,
        parts: Sequence[tuple[str, ...]],
        shown: Sequence[tuple[np.ndarray, int | None]],
        *,
        has_whole_pupils: bool = True,
    ) -> None:
        self._integrality = np.full(len(parts), int(has_whole_pupils))
        self._rows = np.array([row for row, _ in shown]) if shown else np.zeros((1, len(parts)))
        self._values = np.array([value for _, value in shown] if shown else [0.0])

    def most(self, row: np.ndarray, sign: int = 1) -> int:
        """The most (or with -1 the least) that a count can be; whole pupils, none negative."""
        found = milp(
            -sign * row,
            constraints=LinearConstraint(self._rows, self._values, self._values),
            integrality=self._integrality,
            bounds=Bounds(0, 2000),
        )
        assert found.success, found.message
        # Whole numbers, up to the solver's last digit.
        return round(float(-sign * found.fun))


@pytest.mark.parametrize("seed", range(20))
def test_the_rows_in_force_are_the_same_whatever_is_asked_beside_them(seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - a town is no secret
    pupils = town(rng)
    answers = [in_force(question(pupils, rng)) for _ in range(6)]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("seed", range(14))
def test_no_small_group_in_force_can_be_worked_out_or_held_under_ten(seed: int) -> None:
    rng = Random(seed)  # noqa: S311
    pupils = town(rng)
    answer: dict[Cell, int | None] = {}
    for _ in range(4):
        answer |= {cell: n for cell, n in in_force(question(pupils, rng)).items() if n is not None}
    hidden = {
        cell: n
        for cell, n in true_counts(pupils).items()
        if 0 < n < LEAST_SHOWN or (cell[2] == "not_on_list" and n == 0)
    }
    assert not hidden.keys() & answer.keys()
    parts = list(
        product(*(sorted(set(pupils[name])) for name in ("school", "grade", "sex")), STEPS)
    )
    reader = Reader(parts, [(row_of(cell, parts), count) for cell, count in answer.items()])
    for cell, true in hidden.items():
        row = row_of(cell, parts)
        assert reader.most(row) >= LEAST_SHOWN, (cell, true)
        assert reader.most(row, -1) < true or true == 0, (cell, true)


def row_of(cell: Cell, parts: Sequence[tuple[str, ...]]) -> np.ndarray:
    return np.array([1.0 if holds(cell, part) else 0.0 for part in parts])  # type: ignore[arg-type]


def true_counts(pupils: pl.DataFrame) -> dict[Cell, int]:
    rows = pupils.rows()
    return {cell: sum(holds(cell, row) for row in rows) for cell in cells_of(pupils)}


def cells_of(pupils: pl.DataFrame) -> Iterator[Cell]:
    for column in STANDINGS:
        yield "city", "all", column
        for grouping in ("school", "grade", "sex"):
            for group in sorted(set(pupils[grouping])):
                yield grouping, group, column


@pytest.mark.parametrize("seed", range(4))
def test_no_small_count_of_a_question_is_pinned_by_the_rest_of_its_answer(seed: int) -> None:
    """Of the scenarios too: a part is now of a school, grade, sex and a step by each rule set."""
    rng = Random(1000 + seed)  # noqa: S311
    pupils = town(rng)
    rows = question(pupils, rng, scenarios=1)
    places = [sorted(set(pupils[name])) for name in ("school", "grade", "sex")]
    parts = list(product(*places, STEPS, (*STEPS, LEFT)))
    shown, hidden = [], []
    for row in rows:
        for column, count in row.counts.items():
            of_parts = np.array([1.0 if counts(row, column, part) else 0.0 for part in parts])
            if count is None:
                hidden.append(((row.scenario, row.grouping, row.group, column), of_parts))
            else:
                shown.append((of_parts, count))
    reader = Reader(parts, shown, has_whole_pupils=False)
    for name, of_parts in hidden:
        most, least = reader.most(of_parts), reader.most(of_parts, -1)
        assert least < most or least == 0 or least >= LEAST_SHOWN, (name, least)


def counts(row: CountRow, column: str, part: tuple[str, ...]) -> bool:
    at = {"school": 0, "grade": 1, "sex": 2}
    if row.grouping != "city" and part[at[row.grouping]] != row.group:
        return False
    if column in MOVES:
        return MOVES[column](part[3], part[4])
    return STANDINGS[column](part[3 + row.scenario])


def test_two_questions_do_not_tell_the_boys() -> None:
    """Seen: the girls shown by one question and the city by another, and the boys were four."""
    pupils = pl.DataFrame(
        [
            *[("99999901", "8", "girl", "1")] * 12,
            *[("99999901", "8", "boy", "1")] * 4,
            *[("99999901", "8", "girl", "clear")] * 20,
            *[("99999901", "8", "boy", "clear")] * 20,
        ],
        schema=["school", "grade", "sex", "step_0"],
        orient="row",
    )
    told: dict[Cell, int] = {}
    for seed in range(60):
        found = in_force(question(pupils, Random(seed)))  # noqa: S311
        told |= {cell: n for cell, n in found.items() if n is not None}
    assert told["city", "all", "level_1"] == 16
    assert ("sex", "girl", "level_1") not in told
    assert ("sex", "boy", "level_1") not in told
