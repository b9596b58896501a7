"""What can come of a rule, in English. Not here: what is so (`assets/flags/outlook.py`)."""

from __future__ import annotations

from assets.flags.outlook import Outlook
from assets.flags.prognoses import Prognosis
from rules.models import Rule

_UNKNOWN = {
    "monthly_sums": "unknown: days are not known where a school gives sums per month",
    "no_timetable": "unknown: no coming lesson is known, and there were none in eight weeks",
}
_YEAR_END = "before the school year ends"


def outlook_sentence(outlook: Outlook, rule: Rule) -> str:
    """One sentence about one rule on one basis."""
    if outlook.unknown:
        return _UNKNOWN[outlook.unknown]
    if outlook.first_look_date is None:
        return "the basis is not looked at again before the school year ends"
    percent = f"{rule.threshold_pct.normalize():f} %"
    is_over = rule.comparison == "over"
    if outlook.is_reached:
        falls = f"come down to {percent}" if is_over else f"fall below {percent}"
        when = f"before {outlook.turn_date}" if outlook.turn_date else _YEAR_END
        return f"cannot {falls} {when} even with full attendance"
    reaches = f"over {percent}" if is_over else f"at least {percent}"
    if outlook.turn_date is None:
        return f"cannot be {reaches} {_YEAR_END}"
    if outlook.lessons == 0:
        return f"will be {reaches} on {outlook.turn_date} even with full attendance"
    lessons = "1 lesson" if outlook.lessons == 1 else f"{outlook.lessons} lessons"
    return (
        f"{lessons} more, missed in a row from now on, before it is {reaches}: on "
        f"{outlook.turn_date} at the earliest"
    )


def timetable_sentence(prognosis: Prognosis | None) -> str:
    """What the outlooks take the coming lessons from."""
    timetable = prognosis.timetable if prognosis else None
    if timetable is None or not timetable.lessons:
        return "Coming lessons: none are known."
    usual = f"as the weekdays of the latest {timetable.weeks} weeks with lessons"
    if timetable.known_until_date is None:
        return f"Coming lessons are taken {usual}; holidays to come are not known."
    known = f"as the lake knows them, the last on {timetable.known_until_date}"
    if not timetable.weeks:
        return f"Coming lessons are taken {known}."
    return f"Coming lessons are taken {known}; other days {usual}. Holidays to come are not known."
