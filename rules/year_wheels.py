"""Year wheels: dated files of recurring steps, one per district (`follow_up/year_wheels/`)."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from rules.follow_up_words import FOLDER, read_words


class WheelStep(BaseModel):
    """A step of the year.

    Attributes:
        month: 1 to 12; None where the source does not say it.
        sv: what people read.
        who: who does it.
        is_certain: whether the source says the month.
        points_at: pupils whom it is about.
        order: its place in the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    month: int | None = Field(ge=1, le=12)
    sv: str
    who: str
    is_certain: bool
    points_at: Literal["grade_9", "grade_9_open_cases"] | None = None
    order: int = 0


class YearWheel(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    district: str
    valid_from: date
    source: str
    steps: tuple[WheelStep, ...]


@cache
def _wheels() -> tuple[YearWheel, ...]:
    names = sorted(path.name for path in (FOLDER / "year_wheels").glob("*.yaml"))
    return tuple(read_words(f"year_wheels/{name}", YearWheel) for name in names)


def wheel_of(district: str, day: date) -> tuple[WheelStep, ...]:
    """Return the steps in force in a district on a day; none where it has no wheel."""
    own = [w for w in _wheels() if w.district == district and w.valid_from <= day]
    if not own:
        return ()
    newest = max(own, key=lambda wheel: wheel.valid_from)
    return tuple(step.model_copy(update={"order": n}) for n, step in enumerate(newest.steps))
