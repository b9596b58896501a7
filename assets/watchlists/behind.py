"""What stands behind the rows of all lists at once: outlooks and patterns.

Not here: what they are (`assets/flags/`), words (`outlook_texts.py`, `pattern_texts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import Evaluation
from assets.flags.patterns import Pattern, patterns
from assets.flags.prognoses import Prognosis, prognoses
from assets.lake import Lake
from assets.watchlists.model import PupilOutlook, RuleOutlook


@dataclass(frozen=True)
class Behind:
    """What explains the pupils with a verdict other than clear, by pupil key as text.

    Attributes:
        ahead: what can come of the rules.
        patterns: how the absence lies, of that only what stands out: a list shows no more, and the
            rest would be most of what a remembered list holds. No entry without a reported lesson.
    """

    ahead: Mapping[str, PupilOutlook]
    patterns: Mapping[str, Pattern]


def what_is_behind(lake: Lake, evaluation: Evaluation) -> Behind:
    """Return what explains everybody on the lists.

    Args:
        lake: the lake, with the evaluation's temporary tables.
        evaluation: what `evaluate_flags` gave.
    """
    asked = ask_about(lake, evaluation)
    ahead = {key: _ahead(prognosis) for key, prognosis in prognoses(lake, asked).items()}
    return Behind(ahead, patterns(lake, asked, only_named=True))


def _ahead(prognosis: Prognosis) -> PupilOutlook:
    timetable = prognosis.timetable
    return PupilOutlook(
        tuple(
            RuleOutlook(rule, basis, outlook)
            for (rule, basis), outlook in prognosis.outlooks.items()
        ),
        timetable.known_until_date,
        timetable.weeks,
    )
