"""What other values of the rules would say: each pupil's step by each of several rule sets.

Reading only: nothing is stored, and no list knows of it. Here: evaluating, by the same code as the
lists. Not here: counts and what of them may be shown (`what_if_counts.py`), replacing values
(`rules/what_if.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.flags.answers import identities_of
from assets.flags.evaluate import Evaluation, evaluate_again, evaluate_flags
from assets.lake.connection import Lake
from assets.lake.settings import LakeError
from rules.models import RuleSet

UNKNOWN = "unknown"
#: A pupil's step when the rule set says that the pupil has left.
LEFT = "left"

_SEXES = {
    **dict.fromkeys(("kvinna", "flicka", "k", "f"), "girl"),
    **dict.fromkeys(("man", "pojke", "m", "p"), "boy"),
}


@dataclass(frozen=True)
class Steps:
    """Pupils' steps, a row a pupil without protected identity.

    Attributes:
        frame: `school`, `grade`, `sex` as texts (`unknown` where not given), and for each rule set
            a column `step_0`, `step_1` …: `clear`, `insufficient`, `1`, `2`, `3` or `left`.
            `insufficient` is a pupil on no step whose data does not tell of some rule.
        rule_sets: what the columns were evaluated by; the first is in force.
        protected: pupils with protected identity at the first rule set. They are in no row.
    """

    frame: pl.DataFrame
    rule_sets: tuple[RuleSet, ...]
    protected: int


def steps_under(
    lake: Lake,
    as_of: date,
    rule_sets: Sequence[RuleSet],
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Steps:
    """Evaluate an as_of by several rule sets.

    Args:
        lake: the lake, with its sums up to date. It isn't changed.
        as_of: the last day that counts.
        rule_sets: the one in force first.
        on_progress: called with a word, how many are done, and how many there are.

    Raises:
        LakeError: the lake was written to meanwhile.
    """
    snapshot = lake.snapshot()
    frames = _evaluated(lake, as_of, rule_sets, on_progress)
    sexes = _sexes(lake)
    # Not one transaction for all: it would keep the tables of every scenario until its end.
    if lake.snapshot() != snapshot:
        raise LakeError(
            "The lake was written to while the scenarios were evaluated, so new data could look "
            "like a change of the rules. Nothing was answered. Ask again when that has ended."
        )
    protected = int(frames[0]["is_protected"].sum())
    open_to_all = [frame.filter(~pl.col("is_protected")) for frame in frames]
    return Steps(_joined(open_to_all, sexes), tuple(rule_sets), protected)


def _evaluated(
    lake: Lake,
    as_of: date,
    rule_sets: Sequence[RuleSet],
    on_progress: Callable[[str, int, int], None] | None,
) -> list[pl.DataFrame]:
    """The pupils' steps by each rule set, in the order of the rule sets."""
    frames: dict[str, pl.DataFrame] = {}
    latest: Evaluation | None = None
    # Those that look at the same days stand together, so that their sums are made once.
    order = sorted(
        range(len(rule_sets)),
        key=lambda n: (rule_sets[n].one_month_days, rule_sets[n].leaver_after_days),
    )
    for done, number in enumerate(order):
        if on_progress:
            on_progress("evaluating", done, len(order))
        rule_set = rule_sets[number]
        # Equal values, equal version, equal verdicts.
        if rule_set.version not in frames:
            if latest is None:
                latest = evaluate_flags(lake, as_of, rule_set)
            else:
                latest = evaluate_again(lake, latest, rule_set)
            frames[rule_set.version] = lake.relation("flags/pupil_steps")
    return [frames[rule_set.version] for rule_set in rule_sets]


def _joined(frames: Sequence[pl.DataFrame], sexes: dict[str, str]) -> pl.DataFrame:
    """One row a pupil, with the steps of every frame beside one another."""
    place = ["pupil_key", "school_unit_code", "grade"]
    # Who belongs where is the same by every rule set; only who has left is not.
    pupils = pl.concat([frame.select(place) for frame in frames]).unique(maintain_order=True)
    for number, frame in enumerate(frames):
        steps = frame.select("pupil_key", pl.col("step").alias(f"step_{number}"))
        pupils = pupils.join(steps, on="pupil_key", how="left")
    return pupils.select(
        pl.col("school_unit_code").alias("school"),
        pl.col("grade").cast(pl.String).fill_null(UNKNOWN),
        pl.col("pupil_key").replace_strict(sexes, default=UNKNOWN).alias("sex"),
        *(pl.col(f"step_{number}").fill_null(LEFT) for number in range(len(frames))),
    )


def _sexes(lake: Lake) -> dict[str, str]:
    """Every pupil's sex as the newest source has it: `girl`, `boy`, `unknown`."""
    return {key: sex_in(fields) for key, fields in identities_of(lake).items()}


def sex_in(identity: Mapping[str, str]) -> str:
    """Return the sex that an opened identity says: `girl`, `boy`, `unknown`."""
    return _SEXES.get(identity.get("sex", "").strip().casefold(), UNKNOWN)
