"""Lessons that don't count, in English. Not here: which those are (`assets/flags/asides.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assets.flags.asides import Aside

_WHY = {
    "superseded": "superseded, a newer word about the same lesson counts",
    "after_leaving": "after the end of the roster record there",
    "set_aside": "set aside",
    "contradicted": "rows of one file contradict each other, so it counts as unreported",
}


def aside_lines(asides: Sequence[Aside]) -> Iterator[str]:
    """Yield a line a lesson, with what stands for it."""
    if not asides:
        yield "Every lesson in the windows that was not cancelled counts."
        return
    yield "Lessons in the windows that do not count, or count as unreported:"
    yield from (f"  {aside_sentence(aside)}" for aside in asides)


def aside_sentence(aside: Aside) -> str:
    """What one lesson was, why it does not count and what stands for it."""
    what = "a lesson at another school"
    if aside.is_own_school:
        what = f"{aside.starts_at:%H:%M} {aside.subject or 'without a subject'}"
    return f"{aside.lesson_date} {what}{_said(aside)}: {_WHY[aside.reason]}{_beside(aside)}"


def _said(aside: Aside) -> str:
    if aside.reason == "contradicted":
        return f" ({aside.scheduled_minutes} min)"
    if aside.is_contradicted:
        return f" ({aside.scheduled_minutes} min, rows of one file contradict each other)"
    if not aside.is_reported:
        return f" ({aside.scheduled_minutes} min, unreported)"
    return f" (absent {aside.absent_minutes} of {aside.scheduled_minutes} min)"


def _beside(aside: Aside) -> str:
    if aside.is_beside_own_school is None:
        return ""
    name = "a lesson at another school"
    if aside.is_beside_own_school:
        name = f"{aside.beside_subject or 'a lesson without a subject'} at "
        name += f"{aside.beside_starts_at:%H:%M}"
    if aside.reason == "superseded":
        return f": {name}"
    if not aside.is_beside_reported:
        return f", {name} at the same time is unreported too"
    return f", present {aside.beside_present_minutes} min in {name} at the same time"
