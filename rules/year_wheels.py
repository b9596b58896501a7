"""Year wheels: dated files of recurring steps, one per district (`follow_up/year_wheels/`)."""

from __future__ import annotations

import re
import unicodedata
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
    newest = wheel_in_force(district, day)
    steps = newest.steps if newest else ()
    return tuple(step.model_copy(update={"order": n}) for n, step in enumerate(steps))


def wheel_in_force(district: str, day: date) -> YearWheel | None:
    """Return the wheel of a district on a day; None where it has none."""
    own = [w for w in _wheels() if w.district == district and w.valid_from <= day]
    return max(own, key=lambda wheel: wheel.valid_from, default=None)


def slug_of(district: str) -> str:
    """Return the name of a district in addresses: `spanga-tensta`."""
    plain = unicodedata.normalize("NFKD", district.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def district_of(slug: str) -> str | None:
    """Return the district that has a wheel and such a name in addresses; None for no district."""
    return next((w.district for w in _wheels() if slug_of(w.district) == slug), None)
