"""Which roster records, lessons and sums nobody disputes: one place that everybody asks.

A record of a sender that may not move pupils waits on days on which the pupil is enrolled
elsewhere, and so do that sender's lessons and sums (`sql/standing/`, docs/trust-disputes.md). In a
home without `senders.yaml` no file is such a sender's, so every record stands, and nothing is
asked. Not here: what is stored of senders (`computed_tables.py`,
`exports/storing/claims.py`).
"""

from __future__ import annotations

from collections.abc import Collection
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


# Of protected pupils nothing is counted: a number would say that the child goes to school here.
_UNPROTECTED = "pupil_key NOT IN (SELECT pupil_key FROM protected_pupils)"


def waiting_records(lake: Lake, file_ids: Collection[int]) -> dict[int, int]:
    """Return by file how many of its stored roster records wait on any day; no protected pupil's.

    Args:
        lake: the lake, in the transaction that stored them.
        file_ids: the files.
    """
    mine = _of_files(file_ids)
    if not find_standing(lake, f"SELECT pupil_key FROM enrolments WHERE {mine}").is_asked:
        return {}
    return dict(
        lake.rows(
            "SELECT file_id, count(*) FROM enrolments AS records WHERE "
            f"{mine} AND {_UNPROTECTED} AND EXISTS (SELECT 1 FROM judged_enrolments AS judged "
            "WHERE NOT judged.is_standing AND judged.pupil_key = records.pupil_key "
            "AND judged.school_unit_code = records.school_unit_code "
            "AND judged.start_date IS NOT DISTINCT FROM records.start_date) GROUP BY file_id"
        )
    )


def waiting_sums(lake: Lake, file_ids: Collection[int]) -> dict[int, int]:
    """Return by file how many of its stored monthly sums count nowhere; as `waiting_records`."""
    mine = _of_files(file_ids)
    if not find_standing(lake, f"SELECT pupil_key FROM monthly_sums WHERE {mine}").is_asked:
        return {}
    lake.materialise("standing/counting_sums")
    whole = f"SELECT file_id, count(*) AS sums FROM {{}} WHERE {mine} AND {_UNPROTECTED} GROUP BY 1"
    return dict(
        lake.rows(
            "SELECT file_id, said.sums - coalesce(counting.sums, 0) AS waiting "
            f"FROM ({whole.format('monthly_sums')}) AS said "
            f"LEFT JOIN ({whole.format('counting_sums')}) AS counting USING (file_id) "
            "WHERE waiting > 0"
        )
    )


def waiting_lessons(
    lake: Lake, arriving: TemporaryTable, file_ids: Collection[int]
) -> dict[int, int]:
    """Return by file how many of its arriving lessons count nowhere; as `waiting_records`.

    Args:
        lake: the lake, in the transaction that stored them.
        arriving: the lessons.
        file_ids: their files.
    """
    if not may_be_disputed(lake):
        return {}
    # Nearly nobody has a record at a school other than the lesson's: only these are asked about.
    stated = lake.make(
        "stated_lessons",
        "SELECT row_number() OVER () AS stated_row, pupil_key, school_unit_code, lesson_date, "
        f"file_id FROM {arriving} AS lessons WHERE {_of_files(file_ids)} AND {_UNPROTECTED} "
        "AND EXISTS (SELECT 1 FROM enrolments AS records "
        "WHERE records.pupil_key = lessons.pupil_key "
        "AND records.school_unit_code <> lessons.school_unit_code)",
    )
    if not lake.rows(f"SELECT 1 FROM {stated} LIMIT 1"):
        return {}
    find_standing(lake, f"SELECT pupil_key FROM {stated}")
    find_disputed_lessons(lake, stated)
    return dict(
        lake.rows(
            f"SELECT file_id, count(*) FROM {stated} WHERE stated_row IN "
            "(SELECT stated_row FROM disputed_lessons) GROUP BY file_id"
        )
    )


def _of_files(file_ids: Collection[int]) -> str:
    return f"file_id IN ({', '.join(map(str, file_ids)) or 'NULL'})"


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
        # A table as above: of a view with its name DuckDB would not make one later.
        lake.make("counting_sums", "SELECT * FROM monthly_sums")
    return lake.materialise("absence/summed_months")
