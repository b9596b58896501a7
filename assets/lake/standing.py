"""Which roster records, lessons and sums nobody disputes: one place that everybody asks.

A record of a sender that may not move pupils waits on days on which the pupil is enrolled
elsewhere, and so do that sender's lessons and sums (`sql/standing/`, docs/trust-disputes.md). In a
home without `senders.yaml` no file is such a sender's, so every record stands, and nothing is
asked. Not here: what is stored of senders (`computed_tables.py`,
`exports/storing/claims.py`).
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from assets.lake.connection import Lake
from assets.lake.schema import TemporaryTable

# Every day that a record covers; of one without a day, none.
_ALL_STAND = (
    "SELECT pupil_key, school_unit_code, class_name, grade, mentor_key, start_date, end_date, "
    "cast(NULL AS VARCHAR) AS sender, coalesce(start_date, DATE '1000-01-01') AS first_date, "
    "coalesce(end_date, DATE '2999-12-31') AS last_date FROM enrolments"
)


class Standing(NamedTuple):
    """The days of roster records that are not disputed.

    Attributes:
        days: a row per record and span of days on which it stands.
        is_asked: whether any can be disputed; then `judged_enrolments` is there too, with those.
    """

    days: TemporaryTable
    is_asked: bool


def may_be_disputed(lake: Lake) -> bool:
    """Whether a file of a sender that may not move pupils was taken."""
    return bool(lake.rows("SELECT 1 FROM disputable_files LIMIT 1"))


def find_standing(lake: Lake, pupils: str | None = None) -> Standing:
    """Make `standing_days`: the days of roster records on which these are not disputed.

    Args:
        lake: the lake, or a past of it.
        pupils: a SELECT of the keys of those who are asked about; None for everybody.
    """
    if not may_be_disputed(lake):
        return Standing(lake.make_view("standing_days", _ALL_STAND), is_asked=False)
    asked = "" if pupils is None else f" WHERE pupil_key IN ({pupils})"
    lake.make_view("asked_enrolments", f"SELECT * FROM enrolments{asked}")
    judged = lake.materialise("standing/judged_enrolments")
    days = f"SELECT * EXCLUDE (is_standing) FROM {judged} WHERE is_standing"
    return Standing(lake.make_view("standing_days", days), is_asked=True)


def disputed_records(lake: Lake, day: date) -> dict[str, int]:
    """Return by school unit how many of its roster records wait on a day; no protected pupil's."""
    if not find_standing(lake).is_asked:
        return {}
    return dict(
        lake.rows(
            "SELECT school_unit_code, count(DISTINCT pupil_key) FROM judged_enrolments "
            "WHERE NOT is_standing AND $day BETWEEN first_date AND last_date "
            "AND pupil_key NOT IN (SELECT pupil_key FROM protected_pupils) "
            "GROUP BY school_unit_code ORDER BY school_unit_code",
            day=day,
        )
    )


def find_disputed_lessons(lake: Lake, stated: TemporaryTable) -> None:
    """Make `disputed_lessons` and `undisputed_lessons` of stated ones, after `find_standing`."""
    if may_be_disputed(lake):
        disputed = lake.materialise("standing/disputed_lessons")
        rest = f" WHERE stated_row NOT IN (SELECT stated_row FROM {disputed})"
    else:
        lake.make_empty("disputed_lessons", "stated_row BIGINT")
        rest = ""
    lake.make_view("undisputed_lessons", f"SELECT * FROM {stated}{rest}")


def find_disputable_days(lake: Lake) -> None:
    """Make `disputable_days` of `summed_days`: where it must be asked who reported the lessons."""
    if find_standing(lake).is_asked:
        lake.materialise("standing/disputable_days")
    else:
        lake.make_empty("disputable_days", "pupil_key UUID, lesson_date DATE")


def find_summed_months(lake: Lake) -> TemporaryTable:
    """Make `summed_months` of the monthly sums that count, `counting_sums`, and return it."""
    if find_standing(lake).is_asked:
        lake.materialise("standing/counting_sums")
    else:
        lake.make_view("counting_sums", "SELECT * FROM monthly_sums")
    return lake.materialise("absence/summed_months")
