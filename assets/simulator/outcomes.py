"""What can become of a lesson for a pupil, and the cells a file shows for it."""

import dataclasses

import numpy as np

from assets.simulator.plan import Columns

LATE_MINUTES = range(5, 21)
"""A late arrival or an early leave: 5 to 20 minutes. No lesson is shorter than 20."""


@dataclasses.dataclass(frozen=True)
class LessonOutcome:
    """What a lesson became. Minutes of absence of None mean the whole lesson."""

    kind: str
    absent_minutes: int | None = 0
    reason: str = ""


OUTCOMES: tuple[LessonOutcome, ...] = (
    LessonOutcome("present"),
    LessonOutcome("unreported"),
    LessonOutcome("cancelled"),
    LessonOutcome("activity"),
    LessonOutcome("valid", None, "Sjuk"),
    LessonOutcome("valid", None, "Ledighet"),
    LessonOutcome("valid", None, "Läkarbesök"),
    LessonOutcome("invalid", None, ""),
    *(LessonOutcome("valid", minutes, "Läkarbesök") for minutes in LATE_MINUTES),
    *(LessonOutcome("invalid", minutes, "Sen ankomst") for minutes in LATE_MINUTES),
)
PRESENT, UNREPORTED, CANCELLED, ACTIVITY, SICK, LEAVE, DOCTOR, INVALID, VALID_LATE = range(9)
INVALID_LATE = VALID_LATE + len(LATE_MINUTES)


def cells(outcome: LessonOutcome, lesson_minutes: int, columns: Columns) -> str:
    """The cells from `Lektionslängd (min)` on to `Inställd`, with `;` between them.

    In the basic columns another school activity is presence (there is no column for it), and a
    cancelled lesson never comes here: such exports leave it out.
    """
    length = lesson_minutes
    extra = columns == "full"
    if outcome.kind in ("unreported", "cancelled"):
        tail = f";;{'Ja' if outcome.kind == 'cancelled' else 'Nej'}" if extra else ""
        return f"{length};;;;;Nej{tail}"
    absent = length if outcome.absent_minutes is None else outcome.absent_minutes
    valid = absent if outcome.kind == "valid" else 0
    invalid = absent if outcome.kind == "invalid" else 0
    other = length if outcome.kind == "activity" and extra else 0
    present = length - absent - other
    tail = f";{other};Nej" if extra else ""
    return f"{length};{present};{valid};{invalid};{outcome.reason};Ja{tail}"


def cell_table(
    lesson_minutes: tuple[int, ...], columns: Columns
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """All cells strings, at index `outcome * len(lesson_minutes) + length index`."""
    return np.array([cells(o, m, columns) for o in OUTCOMES for m in lesson_minutes])
