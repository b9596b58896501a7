"""A consultation with the social services: what may be said of a pupil without saying who it is.

A school may ask for advice "utan att elevens personuppgifter röjs" (seed document of the method
handbook). So nothing here is a name, class, school, date, subject, sex or
mentor, and shares are bands of ten points. What people write themselves is looked through for the
pupil's own facts. Not here: Swedish words and paper (`pipelines/cli/pupil/consult.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assets.flags.explain import BASES, Explanation, Judgement
from assets.flags.patterns import Shape
from rules.errors import TrappanError

Stage = Literal["early", "middle", "late", "unknown"]
#: The last grade of each stage of compulsory school (F-3, 4-6, 7-9).
_LAST_GRADES: tuple[tuple[int, Stage], ...] = ((3, "early"), (6, "middle"), (9, "late"))
_BANDS = 10
_SHORT_SUBJECT = 2
_LONG_NUMBER = 4  # digits: a year, a house, a part of a number of identity or telephone
_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni", "juli"),
    *("augusti", "september", "oktober", "november", "december"),
)
# A sex can be read from these, and nothing a person asks about needs them: "eleven" does.
_OF_A_SEX = frozenset(
    (
        *("han", "hon", "honom", "henne", "hans", "hennes", "son", "sonen", "dotter", "dottern"),
        *("pojke", "pojken", "flicka", "flickan", "kille", "killen", "tjej", "tjejen"),
        *("bror", "brodern", "syster", "systern"),
    )
)


class RevealingTextError(TrappanError):
    """A text of the asker says something by which the pupil can be known; says which kind."""


@dataclass(frozen=True)
class Consultation:
    """What is said of a pupil.

    Attributes:
        stage: of compulsory school.
        one_month_band, two_months_band: of the rolling windows, from and to in percent; None
            without a reported lesson.
        steps: the rules that are reached, in the order of the ladder, and whether each is certain.
        shape: how the absence lies.
        trend: rising, falling, level or unknown.
    """

    stage: Stage
    one_month_band: tuple[int, int] | None
    two_months_band: tuple[int, int] | None
    steps: tuple[tuple[str, bool], ...]
    shape: Shape
    trend: str


@dataclass(frozen=True)
class OwnFacts:
    """What no text of the asker may hold, by its kind in the message that refuses it."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def by_kind(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The kinds with their words."""
        return (
            ("a name of the pupil or the mentor", self.names),
            ("the class or the school", self.places),
            # Of two letters many are words, such as EN for English.
            ("a subject of the pupil", tuple(s for s in self.subjects if len(s) > _SHORT_SUBJECT)),
        )


def consultation_of(explanation: Explanation) -> Consultation:
    """Return what may be said of an explained pupil who has not left."""
    steps = []
    for explained in explanation.rules:
        hits = [
            judgement
            for basis in BASES
            if (judgement := explained.judgements[basis]) and judgement.verdict == "hit"
        ]
        if hits:
            is_certain = any(hit.certainty == "certain" for hit in hits)
            steps.append((explained.rule.name, is_certain))
    pattern = explanation.pattern
    return Consultation(
        stage_of(explanation.place.grade),
        _band(_rolling(explanation, "one_month")),
        _band(_rolling(explanation, "two_months")),
        tuple(steps),
        pattern.shape if pattern else "too_little",
        pattern.trend if pattern else "unknown",
    )


def stage_of(grade: int | None) -> Stage:
    """Return the stage of a grade; of none, or one after the ninth, it is unknown."""
    if grade is None:
        return "unknown"
    return next((stage for last, stage in _LAST_GRADES if grade <= last), "unknown")


def band_of(absent_minutes: int, reported_minutes: int) -> tuple[int, int] | None:
    """Return the ten points in which a share lies, in percent; the whole belongs to the last."""
    if not reported_minutes:
        return None
    tenth = min(absent_minutes * _BANDS // reported_minutes, _BANDS - 1)
    return tenth * 10, tenth * 10 + 10


def refuse_revealing(text: str, facts: OwnFacts) -> None:
    """Refuse a text of the asker that says something by which the pupil can be known.

    Raises:
        RevealingTextError: it does. The message repeats nothing of it.
    """
    words = _words(text)
    found = None
    if any(sum(map(str.isdigit, word)) >= _LONG_NUMBER for word in _unspaced(text)):
        found = "a long number or a date"
    elif any(word.startswith(month) for word in words for month in _MONTHS):
        found = "a date"
    elif _OF_A_SEX & set(words):
        found = "a word that tells the pupil's sex"
    else:
        for kind, own in facts.by_kind:
            if any(_holds(words, _words(fact)) for fact in own):
                found = kind
                break
    if found:
        raise RevealingTextError(
            f"What you wrote holds {found}, by which the pupil can be known. Expected words that"
            ' fit many pupils, such as "eleven"; nothing was written.'
        )


def _rolling(explanation: Explanation, window: str) -> Judgement | None:
    found = (
        explained.judgements["rolling"]
        for explained in explanation.rules
        if explained.rule.window == window
    )
    return next(found, None)


def _band(judgement: Judgement | None) -> tuple[int, int] | None:
    if judgement is None:
        return None
    return band_of(judgement.absent_minutes, judgement.reported_minutes)


def _words(text: str) -> list[str]:
    composed = unicodedata.normalize("NFKC", text).casefold()
    return re.findall(r"\w+", composed)


def _unspaced(text: str) -> list[str]:
    """Runs of digits as people group them: `2012 03-14`, `070 123`."""
    return re.findall(r"\d(?:[\s./:+-]*\d)*", unicodedata.normalize("NFKC", text))


def _holds(words: Sequence[str], sought: Iterable[str]) -> bool:
    """Whether words stand among others, in their order, or the first with an -s of the owner."""
    wanted = list(sought)
    if not wanted:
        return False
    return any(
        all(
            said in {part, f"{part}s"}
            for said, part in zip(words[at : at + len(wanted)], wanted, strict=False)
        )
        for at in range(len(words) - len(wanted) + 1)
    )
