"""The lake as a question sees it, and what is said of it, so that no number misleads.

After the lake's newest lesson a pupil has no absence to be seen, which reads like good news. Not
here: the lists' own notice (`assets/watchlists/collect/notices.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from assets.flags.as_known_at import show_as_known, show_with_sums
from assets.lake.connection import Lake
from pipelines.cli.options import CommandError
from pipelines.cli.printing import say
from pipelines.settings import Settings, yesterday

# As on the lists: a weekend or a few days without school are no news.
_NEW_FOR_DAYS = 7
# In a sentence; `trappan flags` has them all.
_MOST_SCHOOLS = 10


@contextmanager
def asked_lake(
    settings: Settings,
    as_of: date | None = None,
    *,
    known_at: datetime | None = None,
    school: str | None = None,
) -> Iterator[Lake]:
    """Open the lake for a question, with its sums up to date or as it was known at a moment.

    Args:
        settings: the settings.
        as_of: the last day that counts, when the answer should say how far the data goes.
        known_at: a moment, with a time zone.
        school: the school unit that the question is about; None where it is about all.

    Raises:
        NotKnownYetError: the lake has nothing of that moment.
        CommandError: the lake has nothing about that school unit.
    """
    home = settings.lake.home
    is_new = not home.exists()
    with Lake.open(settings.lake) as lake:
        if is_new:
            say(
                f"Note: the home {home} was not there and was made now. If another was meant, name "
                "it with --home or TRAPPAN_HOME."
            )
        if known_at:
            known = show_as_known(lake, known_at)
            say(
                f"As known at snapshot {known.snapshot}, written "
                f"{known.written_at:%Y-%m-%d %H:%M:%S} UTC. Protected identities are today's."
            )
        elif stale := show_with_sums(lake):
            say(
                f"Note: the sums of {stale} dates are behind their lessons: a run is under way, or "
                "was stopped. They were made for this answer; the next nightly run makes them for "
                "good."
            )
        if school is not None:
            _refuse_unknown(lake, school)
        if as_of is not None:
            _say_what_is_newest(lake, as_of)
        yield lake


def _refuse_unknown(lake: Lake, school: str) -> None:
    """End a question about a school unit that was mistyped: no rows would read as no absence.

    A school unit that only pupils with protected identity belong to is not known to any answer.
    """
    known = [
        code
        for (code,) in lake.rows(
            "SELECT school_unit_code FROM school_units UNION SELECT school_unit_code FROM ("
            "SELECT school_unit_code, pupil_key FROM absence_daily "
            "UNION SELECT school_unit_code, pupil_key FROM monthly_sums "
            "UNION SELECT school_unit_code, pupil_key FROM enrolments"
            ") AS told ANTI JOIN protected_pupils ON told.pupil_key = protected_pupils.pupil_key "
            "ORDER BY 1"
        )
    ]
    if school in known:
        return
    some = ", ".join(known[:_MOST_SCHOOLS]) + (" …" if len(known) > _MOST_SCHOOLS else "")
    has = f"those that it has are {some}" if known else "it has none"
    raise CommandError(
        f"School unit {school} is not in the lake of {lake.settings.home}: {has}. Look at the code "
        "and at --home."
    )


@contextmanager
def without_pandas() -> Iterator[None]:
    """Let DuckDB answer without pandas, which takes longer to load than most answers do.

    For the first parameter, and for the first frame, it loads pandas to ask whether they are one of
    its values, and has no setting for it. None in this table means "there is no such module".
    """
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["pandas"]


def _say_what_is_newest(lake: Lake, as_of: date) -> None:
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
