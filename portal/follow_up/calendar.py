"""A district's year wheel as a calendar (RFC 5545): steps that recur every year, and no pupil."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

from icalendar import Calendar, Event

from rules.year_wheels import WheelStep, YearWheel, slug_of

_PRODUCER = "-//Frånvarotrappan//Årshjul//SV"
_UNCERTAIN = "Månaden är inte säker i källan: kontrollera med teamet."


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
