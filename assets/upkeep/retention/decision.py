"""`HOME/retention.yaml`: what the municipality decided that goes, when, and why.

A public authority deletes only by a decision of its board (gallringsbeslut). So without the file
nothing goes, and what it says has to be whole: every kind, each with its period and reason, and who
decided. Periods that contradict each other, or that lists and forecasts need, are refused with the
line. Not here: what a kind is made of (`kinds.py`), letting it go (`retain.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.absence.windows import school_year_start
from assets.forecast.history import KEPT_DAYS
from assets.upkeep.reporting.standing import DECISION
from assets.watchlists.collect.school_year import REMEMBERED
from rules.errors import TrappanError
from rules.strict_yaml import StrictYamlError, read_yaml

#: In the home: the decision, and the folder of what came of it, with a round that was stopped.
FILE_NAME, FOLDER, UNFINISHED = DECISION, "retention", "unfinished.json"
DOCS = "See docs/operators-retention.md."
#: Said wherever somebody asks and nothing has been decided.
UNDECIDED = (
    "Nothing has been decided, so nothing goes because its time is over. A proposal to decide on "
    "is data_samples/retention.yaml of the program (docs/operators-retention.md)."
)
_YEAR_DAYS = 365
#: The school years before the current one that lists, forecasts and last year's comparison look at.
LEAST_YEARS = math.ceil(max(timedelta(days=KEPT_DAYS), REMEMBERED) / timedelta(days=_YEAR_DAYS))
_FOREVER = date.min
_HOW_LONG = ("school_years", "days", "keep")


class RetentionError(TrappanError):
    """`retention.yaml` can't be used, or a round can't be done; says where and what to do."""


class _DecisionPart(BaseModel):
    """A part of the file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Decided(_DecisionPart):
    """Who decided, when, and under what number."""

    by: str = Field(min_length=3)
    on: date
    reference: str = Field(min_length=1)

    @property
    def words(self) -> str:
        """The decision as a receipt names it."""
        return f"{self.by}, {self.on.isoformat()}, {self.reference}"


class Period(_DecisionPart):
    """How long something stays, and why: one of `school_years`, `days` and `keep`.

    Attributes:
        because: the reason.
        school_years: so many whole school years before the current one; they end on 30 June.
        days: counted back from the home's newest day.
        keep: `forever`.
    """

    because: str = Field(min_length=10)
    school_years: Annotated[int, Field(ge=1, le=100)] | None = None
    days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    keep: Literal["forever"] | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(getattr(self, key) is not None for key in _HOW_LONG) != 1:
            raise ValueError("expected one of school_years, days, and keep: forever")
        return self

    def before(self, day: date) -> date:
        """Return the first day that stays; what is of earlier days goes.

        Args:
            day: the home's newest day.
        """
        if self.keep:
            return _FOREVER
        if self.school_years is not None:
            start = school_year_start(day)
            return start.replace(year=max(1, start.year - self.school_years))
        return date.fromordinal(max(1, day.toordinal() - (self.days or 0)))

    @property
    def said_by(self) -> str:
        """The key that says how long."""
        return next(key for key in _HOW_LONG if getattr(self, key) is not None)

    @property
    def most_days(self) -> float:
        """So many days it stays at least, to compare two periods."""
        if self.keep:
            return math.inf
        return (self.school_years or 0) * _YEAR_DAYS + (self.days or 0)

    @property
    def words(self) -> str:
        """The period in words."""
        if self.keep:
            return "forever"
        if self.days is not None:
            return f"{self.days} days"
        return f"the current school year and the {self.school_years} before it"


class OriginalsPeriod(Period):
    """Of originals also whether they may go while the lake still has what they said.

    Attributes:
        even_without_rebuild: originals go although lessons of them stay: `trappan rebuild` then
            makes a lake without those lessons.
    """

    even_without_rebuild: bool = False


class Decision(_DecisionPart):
    """What was decided. Each kind is described in docs/operators-retention.md."""

    decided: Decided
    lessons: Period
    identities: Period
    lists: Period
    originals: OriginalsPeriod
    ledgers: Period
    portal: Period
    deliveries: Period
    pulled: Period
    logs: Period
    reports: Period
    receipts: Period

    def period(self, kind: str) -> Period:
        """Return the period of a kind."""
        found: Period = getattr(self, kind)
        return found

    def cuts(self, day: date) -> Cuts:
        """Return the first day that stays, of each kind.

        Args:
            day: the home's newest day.
        """
        return Cuts(day, {kind: self.period(kind).before(day) for kind in KINDS})


#: The kinds, in the order in which they are said.
KINDS = tuple(name for name in Decision.model_fields if name != "decided")


@dataclass(frozen=True)
class Cuts:
    """The first day that stays, of each kind.

    Attributes:
        day: the home's newest day, from which they are counted.
        before: by kind; what is of earlier days goes.
    """

    day: date
    before: dict[str, date]

    def __getitem__(self, kind: str) -> date:
        return self.before[kind]


#: Kinds that are counted in whole school years: the lake's past goes with their rows, so rarely.
_BY_SCHOOL_YEAR = ("lessons", "identities", "lists", "originals", "ledgers")
_NEED_YEARS = (
    f"school_years of {LEAST_YEARS} or more: forecasts, and the comparison with the season of the "
    "year before, look as far back"
)
#: The least days of the other kinds, and what needs them.
_LEAST_DAYS = {
    "portal": (400, "follow-up is shown and counted for the whole school year"),
    "deliveries": (35, "what failed has to be found, and what lies where"),
    "pulled": (7, "a night that was missed takes them the next days"),
    "logs": (90, "who asks who has looked has to get an answer"),
    "reports": (35, "a fault is looked for in the nights before it"),
    "receipts": (365, "a backup of before an erasure may still be restored"),
}
#: A kind that stays at least as long as another, and why.
_AT_LEAST = {
    "identities": ("lessons", "lessons without an identity would be nobody's"),
    "ledgers": ("lessons", "the ledger says which file a lesson came from"),
}
_NO_LONGER = (
    "a period that is no longer than that of lessons, because nobody could explain a list whose "
    "lessons are gone"
)
_NO_SHORTER = (
    "a period that is no shorter than that of lessons, or even_without_rebuild: true, because a "
    "lake that is made again would lack lessons that should be there"
)


def decision_of(home: Path) -> Decision | None:
    """Return what was decided for a home; None where nothing was.

    Raises:
        RetentionError: the file says something that is not expected, or others may change it.
    """
    return read_decision(home / FILE_NAME)


def read_decision(path: Path) -> Decision | None:
    """Return what a file says; None when it is not there.

    Raises:
        RetentionError: it says something that is not expected, or others may change it.
    """
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RetentionError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RetentionError(f"{path} is not UTF-8. Save it as UTF-8.") from None
    if mode & 0o022:
        raise RetentionError(
            f"{path} has mode {mode:04o}, so others on this machine can change what is deleted. "
            f"Expected 0600. Run: chmod 600 {path}"
        )
    try:
        document = read_yaml(text)
        if document is None:
            raise RetentionError(
                f"{path} is empty. Expected a decision, or no such file: then nothing goes. {DOCS}"
            )
        found = document.checked(Decision)
        for kind, expected in _contradictions(found):
            raise document.fault((kind, found.period(kind).said_by), expected)
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else str(path)
        key = f"key '{error.key}': " if error.key else ""
        expected = f", expected {error.expected}" if error.expected else ""
        raise RetentionError(
            f"{where}: {key}found {error.found}{expected}. Nothing was deleted. {DOCS}"
        ) from None
    return found


def _contradictions(found: Decision) -> Iterator[tuple[str, str]]:
    """Yield the kinds whose period does not go with the others, and what was expected."""
    yield from _unfit(found)
    for kind, (other, why) in _AT_LEAST.items():
        if found.period(kind).most_days < found.period(other).most_days:
            yield kind, f"a period that is no shorter than that of {other}, because {why}"
    if found.lists.most_days > found.lessons.most_days:
        yield "lists", _NO_LONGER
    is_shorter = found.originals.most_days < found.lessons.most_days
    if is_shorter and not found.originals.even_without_rebuild:
        yield "originals", _NO_SHORTER


def _unfit(found: Decision) -> Iterator[tuple[str, str]]:
    """Yield the kinds whose period is none for them by itself."""
    for kind in _BY_SCHOOL_YEAR:
        period = found.period(kind)
        if period.days is not None:
            yield kind, "school_years, or keep: forever"
        elif kind in {"lessons", "lists"} and period.most_days < LEAST_YEARS * _YEAR_DAYS:
            yield kind, _NEED_YEARS
    for kind, (least, why) in _LEAST_DAYS.items():
        period = found.period(kind)
        if period.school_years is not None:
            yield kind, "days, or keep: forever"
        elif period.most_days < least:
            yield kind, f"{least} days or more, because {why}"
