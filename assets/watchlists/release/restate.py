"""A week's published lists beside what today's data says of the same day, pupil by pupil.

Reading only: a frozen list stays as it is. Not here: comparing (`sql/watchlists/restated_*.sql`),
printing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from assets.exports.pupils.merges import standing_keys
from assets.flags.answers import identities_of
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.lake.past.snapshots import SnapshotGoneError, kept_snapshots
from assets.watchlists.release.week_states import RulesOn
from rules.errors import TrappanError

PUPIL_COLUMNS = (
    "school_unit_code",
    "class",
    "published_level",
    "restated_level",
    "difference",
    "cause",
    "published_rules",
    "restated_rules",
    "lessons_changed",
)
LESSON_COLUMNS = (
    "school_unit_code",
    "lesson_date",
    "start",
    "subject",
    "change",
    "then_scheduled_minutes",
    "then_is_reported",
    "then_valid_minutes",
    "then_invalid_minutes",
    "then_is_cancelled",
    "now_scheduled_minutes",
    "now_is_reported",
    "now_valid_minutes",
    "now_invalid_minutes",
    "now_is_cancelled",
    "file",
    "layout",
    "exported_at",
    "received_at",
)


class NotPublishedError(TrappanError):
    """No frozen list of that week is known; the message says so."""


@dataclass(frozen=True)
class Restated:
    """What a week's lists would say today.

    Attributes:
        pupils: rows under `PUPIL_COLUMNS` after the key; `same` only when asked for.
        lessons: rows under `LESSON_COLUMNS` after the key, of the pupils above.
        lists: how many lists were compared.
        unchanged: pupils of whom today's data says the same.
        protected: pupils of the lists who are left out, because they have become protected.
        other_rules: lists that were made by other values than today's files give for their day.
        past_gone: lists of which the lake no longer keeps what they were made from: pupils are
            compared all the same, with what the lists said, but which lessons changed since is not
            known.
        known_week: the oldest week with a list of which it does; "" when there is none.
        first_date, as_of: the days that the lists rest on; lessons of other days are not answered.
    """

    key_column: str
    pupils: list[dict[str, str]]
    lessons: list[dict[str, str]]
    lists: int
    unchanged: int
    protected: int
    other_rules: int
    past_gone: int
    known_week: str
    first_date: date
    as_of: date

    def refuse_unknown_lessons(self, week: str) -> None:
        """Stop who asks for lessons where no list's past is kept.

        Raises:
            SnapshotGoneError: so it is.
        """
        if self.past_gone == self.lists:
            oldest = f"the oldest is {self.known_week}" if self.known_week else "there is none now"
            raise SnapshotGoneError(
                f"The lake no longer keeps what the lists of {week} were made from, so which "
                f"lessons changed since is not known. Expected a week of which it does: {oldest}. "
                "Without --lessons it is said of which pupils the lists would say something else."
            )


def restate_week(
    lake: Lake,
    week: str,
    rules_on: RulesOn,
    *,
    school: str | None = None,
    identities: bool = False,
    include_same: bool = False,
) -> Restated:
    """Compare the frozen lists of a week with today's data at the same as_of.

    Args:
        lake: the lake, with its sums up to date.
        week: ISO week of the lists.
        rules_on: gives the values in force on a day.
        school: only this school's list.
        identities: identity numbers instead of pupil keys.
        include_same: also pupils of whom nothing is different.

    Raises:
        NotPublishedError: there is no such list.
    """
    lists = published_lists(lake, week, school)
    as_of = lists["as_of_date"][0]
    rule_set = rules_on(as_of)
    evaluation = evaluate_flags(lake, as_of, rule_set)
    found = _compared(lake, lists)
    open_ones = found.filter(~pl.col("is_protected"))
    shown = open_ones.filter(pl.col("difference") != "same")
    answered = open_ones if include_same else shown
    first = min(window.window_start for window in evaluation.windows)
    kept = [one.snapshot_id for one in kept_snapshots(lake)]
    with_past = lists.filter(pl.col("lake_snapshot").is_in(kept))
    lessons = _changed_lessons(lake, with_past, answered, first, as_of)
    known = set(with_past["school_unit_code"])
    people = identities_of(lake, answered["pupil_key"].unique().to_list()) if identities else {}
    key_column = "civic_no" if identities else "pupil_key"

    def keyed(key: str) -> dict[str, str]:
        return {key_column: people[key]["civic_no"] if key in people else key}

    changed = Counter(row["pupil_key"] for row in lessons)
    by_other_rules = lists.filter(pl.col("rule_set_version") != rule_set.version)
    other_rules = set(by_other_rules["school_unit_code"])
    return Restated(
        key_column=key_column,
        pupils=[
            keyed(row["pupil_key"])
            | _pupil(
                row,
                changed[row["pupil_key"]] if row["school_unit_code"] in known else None,
                other_rules,
            )
            for row in answered.iter_rows(named=True)
        ],
        lessons=[keyed(row["pupil_key"]) | _lesson(row) for row in lessons],
        lists=lists.height,
        unchanged=found.filter(~pl.col("is_protected")).height - shown.height,
        protected=found.filter(
            pl.col("is_protected") & pl.col("published_level").is_not_null()
        ).height,
        other_rules=len(other_rules),
        past_gone=lists.height - with_past.height,
        known_week=_oldest_week(lake, kept),
        first_date=first,
        as_of=as_of,
    )


def differing_pupils(lake: Lake, week: str, rules_on: RulesOn) -> dict[str, int]:
    """Return of each frozen list of a week how many pupils today's data says otherwise of.

    Args:
        lake: the lake, with its sums up to date, or what is shown in its place.
        week: ISO week of the lists.
        rules_on: gives the values in force on a day.

    Raises:
        NotPublishedError: there is no such list.
    """
    lists = published_lists(lake, week)
    as_of = lists["as_of_date"][0]
    evaluate_flags(lake, as_of, rules_on(as_of))
    found = _compared(lake, lists)
    differing = found.filter(~pl.col("is_protected") & (pl.col("difference") != "same"))
    counts = Counter(differing["school_unit_code"])
    return {code: counts[code] for code in lists["school_unit_code"]}


def _compared(lake: Lake, lists: pl.DataFrame) -> pl.DataFrame:
    """Compare lists with the verdicts that were just made, a pupil a row."""
    lake.load("restated_lists", lists)
    return lake.relation("watchlists/restated_pupils")


def published_lists(lake: Lake, week: str, school: str | None = None) -> pl.DataFrame:
    """Return the frozen lists of a week as rows of `publications`, by school unit.

    Raises:
        NotPublishedError: there is none.
    """
    lists = lake.frame(
        "SELECT school_unit_code, period, as_of_date, lake_snapshot, rule_set_version "
        "FROM publications WHERE is_frozen AND period = $week "
        "AND ($school IS NULL OR school_unit_code = $school) ORDER BY school_unit_code",
        week=week,
        school=school,
    )
    if lists.is_empty():
        whose = f" of school unit {school}" if school else ""
        if school and (others := _schools_of(lake, week)):
            raise NotPublishedError(
                f"There is no frozen list{whose} for {week}. Expected one of the school units "
                f"whose list of that week was published: {', '.join(others)}."
            )
        weeks = [row[0] for row in lake.rows(
            "SELECT DISTINCT period FROM publications WHERE is_frozen ORDER BY 1 DESC LIMIT 5"
        )]  # fmt: skip
        raise NotPublishedError(
            f"There is no frozen list{whose} for {week}. Expected a week that was published; the "
            f"newest are: {', '.join(weeks) or 'none'}. `trappan publish --week {week}` makes it."
        )
    return lists


def _schools_of(lake: Lake, week: str) -> list[str]:
    rows = lake.rows(
        "SELECT DISTINCT school_unit_code FROM publications WHERE is_frozen AND period = $week "
        "ORDER BY 1 LIMIT 10",
        week=week,
    )
    return [code for (code,) in rows]


def _oldest_week(lake: Lake, kept: Sequence[int]) -> str:
    """Return the oldest week with a frozen list that was made from a kept snapshot; "" for none."""
    ((week,),) = lake.rows(
        "SELECT min(period) FROM publications "
        "WHERE is_frozen AND list_contains($kept, lake_snapshot)",
        kept=list(kept),
    )
    return week or ""


def _changed_lessons(
    lake: Lake, lists: pl.DataFrame, answered: pl.DataFrame, first: date, as_of: date
) -> list[dict[str, Any]]:
    stands = standing_keys(lake)
    pairs = [(str(old), str(new)) for old, new in stands.items()]
    keys = pl.DataFrame(pairs, schema={"old": pl.String, "new": pl.String}, orient="row")
    standing = lake.load("standing_keys", keys)
    rows: dict[tuple[object, ...], dict[str, Any]] = {}
    for snapshot, of_snapshot in lists.group_by("lake_snapshot", maintain_order=True):
        version = int(str(snapshot[0]))
        asked = answered.filter(pl.col("school_unit_code").is_in(of_snapshot["school_unit_code"]))
        texts = lake.load("asked_texts", asked.select("pupil_key").unique())
        pupils = lake.make(
            "asked_pupils", f"SELECT cast(pupil_key AS UUID) AS pupil_key FROM {texts}"
        )
        # A pupil whose number was changed since had the old number's key then.
        lake.make(
            "lessons_then",
            "SELECT past.* REPLACE "
            "(coalesce(cast(keys.new AS UUID), past.pupil_key) AS pupil_key) "
            f"FROM (FROM lake.lessons AT (VERSION => {version})) AS past "
            f"LEFT JOIN {standing} AS keys ON past.pupil_key = cast(keys.old AS UUID) "
            "WHERE coalesce(cast(keys.new AS UUID), past.pupil_key) IN "
            f"(SELECT pupil_key FROM {pupils})",
        )
        found = lake.relation("watchlists/restated_lessons", first_date=first, as_of=as_of)
        for row in found.iter_rows(named=True):
            # A pupil who stood on two schools' lists is said once.
            rows[row["pupil_key"], row["lesson"], row["fate"]] = row
    return list(rows.values())


def _pupil(row: dict[str, Any], lessons: int | None, other_rules: set[str]) -> dict[str, str]:
    if row["difference"] == "same":
        cause = ""
    elif lessons is None:
        cause = "not_known"
    elif lessons:
        cause = "lessons"
    else:
        is_other = row["school_unit_code"] in other_rules
        cause = "rule_set" if is_other else "roster_or_sums"
    shown = {
        "class": row["class_name"],
        "cause": cause,
        "lessons_changed": lessons,
        "published_rules": _rules(row["published_rules"]),
        "restated_rules": _rules(row["restated_rules"]),
    }
    return {name: _text((row | shown)[name]) for name in PUPIL_COLUMNS}


def _rules(hits: str) -> str:
    """`mentor_followup calendar, mentor_followup rolling` as `mentor_followup`: both bases."""
    bases: dict[str, list[str]] = {}
    for hit in filter(None, hits.split(", ")):
        rule, basis = hit.split(" ")
        bases.setdefault(rule, []).append(basis)
    both = 2
    return ", ".join(
        rule if len(found) == both else f"{rule} ({found[0]})" for rule, found in bases.items()
    )


def _lesson(row: dict[str, Any]) -> dict[str, str]:
    shown = {
        "start": f"{row['starts_at']:%H:%M}",
        "file": row["file_sha256"],
        "change": row["fate"],
    }
    return {name: _text((row | shown)[name]) for name in LESSON_COLUMNS}


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
