"""A consultation with the social services: what may be said of a pupil without saying who it is.

A school may ask for advice "utan att elevens personuppgifter röjs" (seed document of the method
handbook). So nothing here is a name, class, school, date, subject, sex or
mentor, and shares are bands of ten points. What people write themselves is looked through for the
pupil's own facts. Not here: Swedish words (`swedish/consultation_texts.py`), paper
(`pipelines/cli/pupil/consult.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from assets.flags.answers import identities_of, staff_names
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import BASES, Explanation, Judgement, explain
from assets.flags.patterns import Shape
from assets.lake.connection import Lake
from rules.errors import TrappanError
from rules.models import RuleSet

#: What a text of the asker can say by which the pupil can be known.
Revealed = Literal["number", "date", "sex", "name", "place", "subject"]
_REVEALED: dict[Revealed, str] = {
    "number": "a long number or a date",
    "date": "a date",
    "sex": "a word that tells the pupil's sex",
    "name": "a name of the pupil or the mentor",
    "place": "the class or the school",
    "subject": "a subject of the pupil",
}
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
# Names and words that only begin as a month does. Everything else is one, with whatever may follow:
# `oktoberlovet`, `marsveckan`.
_NO_MONTH = re.compile(
    r"(maja|majken|julia|juliana|julian|julie|julius|augustin)s?|"
    r"majorit\w*|majonn\w*|major(en|er|erna|s)?|marsch\w*|marsvin\w*|junior(en|er|erna|s|lag\w*)?"
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

    def __init__(self, kind: Revealed) -> None:
        super().__init__(
            f"What you wrote holds {_REVEALED[kind]}, by which the pupil can be known. Expected "
            'words that fit many pupils, such as "eleven"; nothing was written.'
        )
        self.kind = kind


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
    """What no text of the asker may hold, by its kind."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def by_kind(self) -> tuple[tuple[Revealed, tuple[str, ...]], ...]:
        """The kinds with their words."""
        return (
            ("name", self.names),
            ("place", self.places),
            # Of two letters many are words, such as EN for English.
            ("subject", tuple(s for s in self.subjects if len(s) > _SHORT_SUBJECT)),
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
    found = _revealed(text, facts)
    if found:
        raise RevealingTextError(found)


def _revealed(text: str, facts: OwnFacts) -> Revealed | None:
    words = _words(text)
    # First, because a pupil may be called Juni or Maj-Britt.
    for kind, own in facts.by_kind:
        if any(_holds(words, _words(fact)) for fact in own):
            return kind
    if any(sum(map(str.isdigit, word)) >= _LONG_NUMBER for word in _unspaced(text)):
        return "number"
    if any(map(_is_month, words)):
        return "date"
    return "sex" if _OF_A_SEX & set(words) else None


def consult_about(lake: Lake, key: str, as_of: date, rule_set: RuleSet) -> Consultation | None:
    """Return what can be said of one pupil; None of who is nowhere then, left or is protected.

    Of the lake only the schools are evaluated at which the pupil is or was: where somebody belongs,
    and who is seen by nobody, is told by classmates. The answer is that of the whole lake.

    Args:
        lake: the lake; what is asked of it elsewhere meanwhile stays as it was.
        key: of the pupil.
        as_of: the last day that counts.
        rule_set: the values in force.
    """
    apart = lake.beside()
    try:
        _show_schools_of(apart, key)
        evaluation = evaluate_flags(apart, as_of, rule_set)
        belongs = apart.rows(
            f"SELECT 1 FROM {evaluation.places.belonging} WHERE pupil_key = cast($key AS UUID) "
            "AND NOT has_left AND NOT is_protected",
            key=key,
        )
        if not belongs:
            return None
        explanation = explain(apart, evaluation, UUID(key))
        return consultation_of(explanation)
    finally:
        apart.close()


def _show_schools_of(lake: Lake, key: str) -> None:
    lake.make(
        "consulted_schools",
        "SELECT school_unit_code FROM absence_daily WHERE pupil_key = cast($key AS UUID) "
        "UNION SELECT school_unit_code FROM enrolments WHERE pupil_key = cast($key AS UUID) "
        "UNION SELECT school_unit_code FROM monthly_sums WHERE pupil_key = cast($key AS UUID)",
        key=key,
    )
    of_schools = "school_unit_code IN (SELECT school_unit_code FROM consulted_schools)"
    lake.make("consulted_days", f"SELECT * FROM absence_daily WHERE {of_schools}")
    lake.make(
        "consulted_records",
        f"SELECT * FROM enrolments WHERE {of_schools} "
        "OR pupil_key IN (SELECT pupil_key FROM consulted_days)",
    )
    lake.make(
        "consulted_months",
        "SELECT * FROM absence_monthly WHERE pupil_key IN "
        "(SELECT pupil_key FROM consulted_days UNION SELECT pupil_key FROM consulted_records)",
    )
    lake.show_instead("absence_daily", "SELECT * FROM consulted_days")
    lake.show_instead("enrolments", "SELECT * FROM consulted_records")
    lake.show_instead("absence_monthly", "SELECT * FROM consulted_months")


def own_facts(lake: Lake, key: str, class_name: str, school_unit_code: str) -> OwnFacts:
    """Return what the asker's own words may not hold: of the lake, opened for nothing else.

    Args:
        lake: the lake.
        key: of the pupil.
        class_name: of the pupil.
        school_unit_code: where the pupil is.
    """
    person = identities_of(lake, [key]).get(key, {})
    names = _name_parts(person.get("given_name", ""), person.get("family_name", ""))
    staff = staff_names(lake)
    # Of a mentor who was, too: whose class it is, is known for years.
    mentors = lake.rows(
        "SELECT DISTINCT cast(mentor_key AS VARCHAR) FROM enrolments "
        "WHERE pupil_key = cast($key AS UUID) AND mentor_key IS NOT NULL "
        "UNION SELECT DISTINCT cast(mentor_key AS VARCHAR) FROM absence_daily "
        "WHERE pupil_key = cast($key AS UUID) AND mentor_key IS NOT NULL",
        key=key,
    )
    schools = lake.rows(
        "SELECT DISTINCT school_name FROM school_units WHERE school_unit_code = $code "
        "AND school_name IS NOT NULL",
        code=school_unit_code,
    )
    subjects = lake.rows(
        "SELECT DISTINCT subject FROM lessons WHERE pupil_key = cast($key AS UUID) "
        "AND subject IS NOT NULL",
        key=key,
    )
    return OwnFacts(
        names=(*names, *_name_parts(*(staff.get(mentor, "") for (mentor,) in mentors))),
        places=(class_name, school_unit_code, *(name for (name,) in schools)),
        subjects=tuple(subject for (subject,) in subjects),
    )


def _name_parts(*names: str) -> Sequence[str]:
    """Each name and each part of it: people write one of two given names."""
    return [part for name in names for part in (name, *name.replace("-", " ").split()) if part]


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


def _is_month(word: str) -> bool:
    return word.startswith(_MONTHS) and not _NO_MONTH.fullmatch(word)


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
