"""Årshjulet: what recurs in a district's year, and what comes next.

A dated YAML file per district under `rules/follow_up/year_wheels/`; a step's month can be unknown,
where its source does not say it. As a calendar file (RFC 5545) it recurs every year, and names no
pupil. Not here: which pupils a step is about (`views/wheel.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from icalendar import Calendar, Event

from rules.year_wheels import WheelStep, YearWheel, slug_of, wheel_of

_SHOWN = 2
_PRODUCER = "-//Frånvarotrappan//Årshjul//SV"
_UNCERTAIN = "Månaden är inte säker i källan: kontrollera med teamet."


@dataclass(frozen=True)
class DueStep:
    """A step and the month in which it is due next."""

    step: WheelStep
    month: date


def next_steps(district: str, day: date, most: int = _SHOWN) -> tuple[DueStep, ...]:
    """Return the steps that are due next in a district, this month's first.

    Args:
        district: stadsdelsområde; a district without a wheel of its own has none.
        day: today.
        most: how many.
    """
    first = day.replace(day=1)
    found = []
    for step in wheel_of(district, day):
        if step.month is None:
            continue
        year = first.year + (step.month < first.month)
        found.append(DueStep(step, date(year, step.month, 1)))
    return tuple(sorted(found, key=lambda due: (due.month, due.step.order))[:most])


def calendar_of(wheel: YearWheel) -> bytes:
    """Return a wheel's steps, each on the first day of its month, every year.

    The same wheel gives the same bytes, so that a calendar that fetches it again changes nothing.
    A step without a month has no day and is not there; the calendar's description says which.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Årshjul {wheel.district}")
    without = [step.sv for step in wheel.steps if step.month is None]
    if without:
        calendar.add("x-wr-caldesc", f"Utan månad i källan: {'; '.join(without)}")
    for step in wheel.steps:
        if step.month is not None:
            calendar.add_component(_event(wheel, step, step.month))
    made: bytes = calendar.to_ical()
    return made


def _event(wheel: YearWheel, step: WheelStep, month: int) -> Event:
    later = month < wheel.valid_from.month
    first = date(wheel.valid_from.year + later, month, 1)
    event = Event()
    event.add("uid", _uid(wheel, step))
    event.add("dtstamp", datetime.combine(wheel.valid_from, time(), UTC))
    event.add("dtstart", first)
    event.add("dtend", first + timedelta(days=1))
    event.add("rrule", {"freq": "yearly"})
    event.add("summary", step.sv)
    about = [f"Vem: {step.who}", f"Källa: {wheel.source}"]
    if not step.is_certain:
        about.append(_UNCERTAIN)
    event.add("description", "\n".join(about))
    # Nobody is busy the whole day for it.
    event.add("transp", "TRANSPARENT")
    return event


def _uid(wheel: YearWheel, step: WheelStep) -> str:
    """Of the step's words, so that a step which moves to another month is the same event."""
    made = sha256(f"{wheel.district}\n{step.sv}".encode()).hexdigest()[:24]
    return f"{made}@{slug_of(wheel.district)}.arshjul"
