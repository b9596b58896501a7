"""How lessons at the same time count, by the date of the lesson: `parallel.*` of a rule set.

Daily sums are stored, so these values are those of the night that made them, not of a question.
Not here: what they do (`sql/absence/lessons_set_aside.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import cast

from rules.models import ParameterSet
from rules.parameter_file import read_parameter
from rules.registry import EVERY_SET

METHOD, LEAST_COVER = "parallel.method", "parallel.least_cover"


@dataclass(frozen=True)
class ParallelValue:
    """What holds for lessons from a date on, until the next; the first also before it.

    Attributes:
        valid_from: the date.
        method: set_aside or count_all.
        least_cover_bp: at least so much of a lesson must be covered, hundredths of a percent.
    """

    valid_from: date
    method: str
    least_cover_bp: int


def parallel_values(parameters: ParameterSet) -> tuple[ParallelValue, ...]:
    """The values of a set, by the date from which they hold, ascending."""
    both = [parameters.parameters[name] for name in (METHOD, LEAST_COVER)]
    days = sorted({dated.valid_from for parameter in both for dated in parameter.values})
    found = []
    for day in days:
        method, cover = (parameter.on(day) or parameter.values[0] for parameter in both)
        share = cast("Decimal", cover.value)
        found.append(ParallelValue(day, str(method.value), int(share * 100)))
    return tuple(found)


@cache
def shipped_values() -> tuple[ParallelValue, ...]:
    """The values of every set that says nothing else."""
    paths = {name: EVERY_SET / f"{name}.yaml" for name in (METHOD, LEAST_COVER)}
    shipped = {name: read_parameter(path, path.read_bytes()) for name, path in paths.items()}
    return parallel_values(ParameterSet(EVERY_SET.name, EVERY_SET, shipped))
