"""What a list says of pupils whom two schools say are theirs.

The school whose word waits reads how many, and nothing of the pupil; the school where the pupil
stays reads how many of its pupils another school speaks of, and on a listed pupil's row that it is
this one. Not here: what is disputed (`sql/standing/`), the words (`swedish/dispute_texts.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.flags.evaluate import Evaluation
from assets.lake.connection import Lake
from assets.lake.standing import find_summed_months, may_be_disputed
from assets.watchlists.collect.uncounted import days_behind, lessons
from assets.watchlists.swedish import dispute_texts, texts


@dataclass(frozen=True)
class Dispute:
    """What is disputed between a school and others.

    Attributes:
        what: enrolment, lessons or sums.
        is_own_word: the school says so of pupils who are enrolled elsewhere; else another school
            says so of this one's pupils.
        pupils: how many, without protected ones.
        rows: how many lessons or sums.
    """

    what: str
    is_own_word: bool
    pupils: int
    rows: int


@dataclass(frozen=True)
class Disputes:
    """What is disputed at as_of.

    Attributes:
        by_school: by school unit; only schools with disputes.
        pupils: keys of those who stay where they are while another school says they are its own.
    """

    by_school: Mapping[str, Sequence[Dispute]]
    pupils: frozenset[str]


def find_disputes(lake: Lake, evaluation: Evaluation) -> Disputes:
    """Return what is disputed at as_of.

    Args:
        lake: the lake that was evaluated.
        evaluation: what `evaluate_flags` gave.
    """
    found: dict[str, list[Dispute]] = defaultdict(list)
    if not may_be_disputed(lake):
        return Disputes(found, frozenset())
    # Another day, or a past, may have been asked about since the evaluation.
    find_summed_months(lake)
    for code, *dispute in lake.relation(
        "watchlists/disputes", **days_behind(evaluation)
    ).iter_rows():
        found[code].append(Dispute(*dispute))
    pupils = lake.relation("watchlists/disputed_pupils", as_of=evaluation.as_of)
    return Disputes(found, frozenset(pupils["pupil_key"]))


def sentences(disputes: Sequence[Dispute]) -> tuple[str, ...]:
    """Say what is disputed, a sentence each."""
    return tuple(
        dispute_texts.NOTICES[dispute.what, dispute.is_own_word].format(
            pupils=texts.pupils(dispute.pupils),
            lessons=lessons(dispute.rows),
            sums=dispute_texts.sums(dispute.rows),
        )
        for dispute in disputes
    )
