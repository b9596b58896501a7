"""What lake and disk say after a night, for its report.

Nothing is written. Of pupils nothing is asked: school units, days, and why a list waits. Why a row
was refused is not asked either, because a reason can be about protection. Not here: what the night
itself said (`report.py`), whether the lake is there at all (`glance.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from assets.exports.senders.releases import waiting_files
from assets.exports.senders.senders import Senders
from assets.lake.connection import Lake
from assets.upkeep.reporting.commands import CommandReports
from assets.upkeep.reporting.disk import look_at_disk
from assets.upkeep.reporting.report import NightLooks, SchoolNight
from assets.watchlists.release.publish import CURRENT

#: As for silence: of a school that has sent nothing for longer nobody expects anything.
_LOOK_BACK = timedelta(days=366)
_RECENT = timedelta(days=92)
#: Why a list waits, by the clause of the school's contract.
_CLAUSES = {
    "fewer_rows": "fewer lesson rows than usual",
    "all_absent": "every lesson absent",
    "doubled": "lessons at the same time",
    "many_refused": "many rows refused",
}


def look_after(lake: Lake, as_of: date, begun_at: datetime, senders: Senders) -> NightLooks:
    """Return what lake and disk say after a night.

    Args:
        lake: the lake.
        as_of: the last day that counts.
        begun_at: when the night was begun, UTC.
        senders: of the home.
    """
    return NightLooks(
        schools=look_at_schools(lake, as_of, begun_at),
        files_awaiting=sum(not file.is_released for file in waiting_files(lake, senders)),
        disk=look_at_disk(lake.settings.home),
        # Weeks that could not be published this night has made up; a pull nobody has made good.
        of_commands=tuple(
            one.sentence() for one in CommandReports(lake.settings.home).troubles() if not one.week
        ),
    )


def look_at_schools(lake: Lake, as_of: date, begun_at: datetime) -> tuple[SchoolNight, ...]:
    """Return every school unit that is known: who sent, how new it is, and what its list does."""
    moment = begun_at.astimezone(UTC).replace(tzinfo=None)
    fresh = lake.relation(
        "upkeep/school_freshness",
        first_date=as_of - _LOOK_BACK,
        recent_date=as_of - _RECENT,
        as_of=as_of,
        begun_at=moment,
    )
    made = {
        code
        for (code,) in lake.rows(
            "SELECT DISTINCT school_unit_code FROM publications "
            "WHERE period = $period AND as_of_date = $as_of AND published_at >= $moment",
            period=CURRENT,
            as_of=as_of,
            moment=moment,
        )
    }
    reasons = _reasons(lake, as_of)

    def line(code: str, newest: date | None, has_sent: bool) -> SchoolNight:
        why = () if code in made else reasons.get(code, ())
        return SchoolNight(
            school_unit_code=code,
            has_sent=has_sent,
            newest_lesson_date=newest,
            days_behind=(as_of - newest).days if newest else None,
            list="made" if code in made else "waits" if why else "none",
            why=why,
        )

    return tuple(line(*row) for row in fresh.iter_rows())


def _reasons(lake: Lake, as_of: date) -> dict[str, tuple[str, ...]]:
    """Return why lists wait at as_of, by school unit."""
    found: dict[str, list[str]] = defaultdict(list)
    for code, kind, missing in lake.rows(
        "SELECT school_unit_code, kind, missing_days FROM school_silences "
        "WHERE as_of_date = $as_of AND is_held ORDER BY ALL",
        as_of=as_of,
    ):
        what = "month" if kind == "sums" else "school day"
        found[code].append(f"silent: {missing} {what}{'' if missing == 1 else 's'} missing")
    for code, clause, days in lake.rows(
        "SELECT school_unit_code, clause, count(*) FROM school_contracts "
        "WHERE as_of_date = $as_of AND severity = 'hold' GROUP BY ALL ORDER BY ALL",
        as_of=as_of,
    ):
        words = _CLAUSES.get(clause, clause)
        found[code].append(f"{words} on {days} day{'' if days == 1 else 's'}")
    for code in _once(row[0] for row in lake.relation("watchlists/unread_protection").iter_rows()):
        found[code].append("a column of a file could not be read")
    return {code: tuple(why) for code, why in found.items()}


def _once(codes: Iterable[str]) -> list[str]:
    return sorted(set(codes))
