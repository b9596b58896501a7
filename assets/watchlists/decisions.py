"""What a list asks its reader to decide about each pupil, and whom to look at first.

Three questions stand side by side and none hides another: a principal investigates first, and asks
the social team with or after that, so "level 3" would hide a level 2. Here: which questions a
pupil's hits raise, whether the absence goes on, what is new, and the order. Not here: Swedish words
(`swedish/decision_texts.py`), columns (`outline.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from assets.watchlists.model import (
    ClearedPupil,
    Evidence,
    PupilRow,
    RuleExplanation,
    Sums,
    Watchlist,
)

MOST_LOOKED_AT_FIRST = 10  # names: what is taken in at a glance
_PLACES_FOR_GOING_ON = 4  # of these, kept for the highest absence that goes on
#: Two rates of fewer than a million minutes each are equal or differ by more than one part.
_RATE_PARTS = 10**12


class Question(Enum):
    """A question to a person about a pupil; its value is the level of the rules that raise it."""

    MENTOR = 1
    ULF = 2
    SST = 3


class Reply(Enum):
    """What the data say to a question. `UNCLEAR` is never "no": the data are too few to say."""

    YES = "yes"
    LIKELY = "likely"
    UNCLEAR = "unclear"
    NO = "no"


class Persistence(Enum):
    """Whether a listed pupil's absence goes on, in the order in which lists show them.

    OVERDUE stands before all: whatever the absence does, nobody recorded an act in time.
    """

    OVERDUE = "overdue"
    GOES_ON = "goes_on"
    UNCLEAR = "unclear"
    LOWERED = "lowered"

    @property
    def is_of_absence(self) -> bool:
        """Whether it says what the absence does."""
        return self is not Persistence.OVERDUE


@dataclass(frozen=True)
class QuestionCount:
    """How many pupils of a list a question is about.

    Attributes:
        question: the question.
        pupils: those whom it is about today.
        new: those of them whom it was not about on the list before; None when there is none.
    """

    question: Question
    pupils: int
    new: int | None


@dataclass(frozen=True)
class PersistenceGroup:
    """Listed pupils of one kind of persistence, the highest absence of 30 days first."""

    persistence: Persistence
    pupils: tuple[PupilRow, ...]


def answer(watchlist: Watchlist, pupil: PupilRow, question: Question) -> Reply:
    """Return what the data say to a question about a pupil.

    Raises:
        KeyError: a pupil's evidence names a rule that the list does not explain.
    """
    levels, level = watchlist.levels, question.value
    items = [item for item in pupil.evidence if levels[item.rule] == level]
    hits = [item for item in items if item.verdict == "hit"]
    if any(hit.certainty == "certain" for hit in hits):
        return Reply.YES
    if hits:
        return Reply.LIKELY
    return Reply.UNCLEAR if any(map(_leaves_open, items)) else Reply.NO


def is_asked(watchlist: Watchlist, pupil: PupilRow, question: Question) -> bool:
    """Whether a question is to be answered about a pupil: some rule of it is hit."""
    return answer(watchlist, pupil, question) in {Reply.YES, Reply.LIKELY}


def told_hit(watchlist: Watchlist, pupil: PupilRow, question: Question) -> Evidence | None:
    """Return the hit whose figure stands beside a question: always one that raised it.

    The rolling month's where it is hit, because every list has that figure; else the certain one
    with the widest margin.
    """
    rules = {rule.rule: rule for rule in watchlist.rules}
    hits = [
        item
        for item in pupil.evidence
        if item.verdict == "hit" and rules[item.rule].level == question.value
    ]
    return max(
        hits,
        key=lambda hit: (
            _is_rolling_month(hit, rules),
            hit.certainty == "certain",
            hit.margin_minutes,
        ),
        default=None,
    )


def hit_elsewhere(watchlist: Watchlist, pupil: PupilRow, question: Question) -> Evidence | None:
    """Return the hit to tell of where the rolling month, which lists show, raised no question."""
    found = told_hit(watchlist, pupil, question)
    rules = {rule.rule: rule for rule in watchlist.rules}
    return None if found is None or _is_rolling_month(found, rules) else found


def _is_rolling_month(hit: Evidence, rules: dict[str, RuleExplanation]) -> bool:
    return hit.basis == "rolling" and rules[hit.rule].window == "one_month"


def persistence(pupil: PupilRow) -> Persistence:
    """Return whether a listed pupil's absence goes on.

    Hits only on the calendar basis beside rolling verdicts that are all clear are an absence that
    has become less. Where a rolling verdict can't be given, nobody knows.
    """
    rolling = [item for item in pupil.evidence if item.basis == "rolling"]
    if any(item.verdict == "hit" for item in rolling):
        return Persistence.GOES_ON
    return Persistence.UNCLEAR if any(map(_leaves_open, rolling)) else Persistence.LOWERED


def _leaves_open(item: Evidence) -> bool:
    return item.verdict == "insufficient"


def by_persistence(watchlist: Watchlist) -> tuple[PersistenceGroup, ...]:
    """Return the listed pupils by whether their absence goes on; each kind, also an empty one.

    Who is overdue stands in a group of those; there is none without a portal.
    """
    kinds = [kind for kind in Persistence if watchlist.has_follow_up or kind.is_of_absence]
    return tuple(
        PersistenceGroup(kind, most_absent_first(p for p in watchlist.pupils if _group(p) is kind))
        for kind in kinds
    )


def _group(pupil: PupilRow) -> Persistence:
    return Persistence.OVERDUE if pupil.is_overdue else persistence(pupil)


def question_counts(watchlist: Watchlist) -> tuple[QuestionCount, ...]:
    """Return how many pupils each question is about, and how many it was not about before."""
    return tuple(_count(watchlist, question) for question in Question)


def _count(watchlist: Watchlist, question: Question) -> QuestionCount:
    asked = [pupil for pupil in watchlist.pupils if is_asked(watchlist, pupil, question)]
    new = sum(is_new_to(pupil, question) for pupil in asked) if watchlist.compared_with else None
    return QuestionCount(question, len(asked), new)


def is_new_to(pupil: PupilRow | ClearedPupil, question: Question) -> bool:
    """Whether the list before did not ask this about the pupil.

    A list keeps of the one before each pupil's level: 3 means that both the question of the team
    and that of an investigation were asked, 2 the latter.
    """
    return pupil.history is not None and pupil.history.previous_level < question.value


def look_first(watchlist: Watchlist) -> tuple[PupilRow, ...]:
    """Return at most ten pupils to look at first, the highest absence first.

    New and higher ones, and those whose high absence goes on: the four highest always have a place,
    because a child who is absent most of the time is no less urgent in the third week.
    """
    ranked = most_absent_first(watchlist.pupils)
    changed = [pupil for pupil in ranked if _is_changed(pupil)]
    going_on = [p for p in ranked if not _is_changed(p) and persistence(p) is Persistence.GOES_ON]
    places = MOST_LOOKED_AT_FIRST - min(len(going_on), _PLACES_FOR_GOING_ON)
    chosen = changed[:places]
    chosen += going_on[: MOST_LOOKED_AT_FIRST - len(chosen)]
    return most_absent_first(chosen)


def more_to_look_at(watchlist: Watchlist) -> int:
    """How many new or higher pupils had no place among the first."""
    first = look_first(watchlist)
    return sum(_is_changed(pupil) and pupil not in first for pupil in watchlist.pupils)


def _is_changed(pupil: PupilRow) -> bool:
    return pupil.change in {"new", "escalated"}


def most_absent_first(pupils: Iterable[PupilRow]) -> tuple[PupilRow, ...]:
    """Sort by the absence of the rolling month, then by the highest of the hits, then by name."""
    return tuple(sorted(pupils, key=_order))


def _order(pupil: PupilRow) -> tuple[object, ...]:
    hits = [_rate(item.sums) for item in pupil.evidence if item.verdict == "hit"]
    name = (pupil.family_name, pupil.given_name, pupil.school_class)
    return (-_rate(pupil.one_month), -max(hits, default=0), *name)


def _rate(sums: Sums) -> int:
    """A rate as an integer that sorts as the rate does; nothing reported sorts as 0."""
    if not sums.reported_minutes:
        return 0
    return sums.absent_minutes * _RATE_PARTS // sums.reported_minutes
