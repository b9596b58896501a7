"""What a question's answer rests on when its day is not covered: said, so that no number misleads.

After the lake's newest lesson a pupil has no absence to be seen, which reads like good news. Not
here: the lists' own notice (`assets/watchlists/notices.py`).
"""

from __future__ import annotations

from datetime import date

from assets.lake import Lake
from pipelines.printing import say
from pipelines.settings import yesterday

# As on the lists: a weekend or a few days without school are no news.
_NEW_FOR_DAYS = 7


def say_what_is_newest(lake: Lake, as_of: date) -> None:
    """Say to standard error that a day has not ended, or that the lake's lessons end before it.

    Args:
        lake: the lake, as the question sees it.
        as_of: the last day that counts for the question.
    """
    # A reported lesson after the day shows that the days before it were a holiday.
    ((newest, goes_on),) = lake.rows(
        "SELECT max(lesson_date) FILTER (WHERE lesson_date <= $as_of), "
        "coalesce(bool_or(lesson_date > $as_of AND reported_lessons > 0), FALSE) "
        "FROM absence_daily",
        as_of=as_of,
    )
    lessons = f"the lake's newest lesson up to then is of {newest.isoformat()}" if newest else ""
    if as_of > yesterday():
        rest = f": {lessons}" if lessons else ""
        say(
            f"Note: {as_of.isoformat()} has not ended, so the answer rests on a part of the "
            f"time{rest}."
        )
    elif newest is not None and not goes_on and (as_of - newest).days > _NEW_FOR_DAYS:
        say(
            f"Note: {lessons}, {(as_of - newest).days} days before {as_of.isoformat()}. Unless it "
            "was a holiday, newer data is missing, and the answer rests on what there is."
        )
