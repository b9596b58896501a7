"""The words of the follow-up: what people can say that they did, and when they are reminded.

`rules/follow_up/*.yaml`, read strictly and once. Not here: what was said of whom (`portal/`), what
is made of it for the lists (`assets/follow_up/`).
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from rules.parameter_file import RuleFileError, fault
from rules.strict_yaml import StrictYamlError, read_yaml

FOLDER = Path(__file__).resolve().parent / "follow_up"

Needs = Literal["reason", "date"]
Reminder = Literal["contact", "mapping", "assessment", "follow_up"]
RoleName = Literal["mentor", "principal", "team"]
Content = TypeVar("Content", bound=BaseModel)
_CODE = r"^[a-z][a-z0-9_]{0,39}$"


class _WordPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Word(_WordPart):
    """A thing that can be said.

    Attributes:
        code: what is stored.
        sv: what people read.
        needs: what has to be said with it.
        closes: whether nobody is reminded any more.
        counts_as: which reminder it answers.
        needs_consent: of the team: only where the pupil's consent is "yes".
        principal_only: whether only the principal may say it.
        also_principal: of the team: the school's own word, too, which begins a case.
    """

    code: str = Field(pattern=_CODE)
    sv: str = Field(min_length=1)
    needs: Needs | None = None
    closes: bool = False
    counts_as: Reminder | None = None
    needs_consent: bool = False
    principal_only: bool = False
    also_principal: bool = False


class RoleWords(_WordPart):
    """What a role can say of a pupil's status."""

    role: RoleName
    heading: str
    words: tuple[Word, ...]


class StepWords(_WordPart):
    """`steps.yaml`."""

    roles: tuple[RoleWords, ...]
    consent: tuple[Word, ...]
    collaboration: tuple[Word, ...]
    factors: tuple[Word, ...]
    goal_met: tuple[Word, ...]

    def of_role(self, role: RoleName) -> tuple[Word, ...]:
        """Return a role's words, in order."""
        return next(one.words for one in self.roles if one.role == role)


class CaseWords(_WordPart):
    """`case_words.yaml`: what a team notes of a case.

    Attributes:
        extents: how often a measure is carried out.
        results: what came of the case's measures.
        satisfaction: of the pupil, and of the guardians.
    """

    extents: tuple[Word, ...]
    results: tuple[Word, ...]
    satisfaction: tuple[Word, ...]


class ReminderDays(_WordPart):
    """School days without an act until a person is reminded, from a day on."""

    valid_from: date
    contact: int = Field(ge=1, le=200)
    mapping: int = Field(ge=1, le=200)
    assessment: int = Field(ge=1, le=200)
    follow_up: int = Field(ge=1, le=200)


class _Reminders(_WordPart):
    values: tuple[ReminderDays, ...]


class ToolHeading(_WordPart):
    """A heading of the toolbox, and its items."""

    code: str = Field(pattern=_CODE)
    sv: str
    items: tuple[str, ...]


class _Toolbox(_WordPart):
    headings: tuple[ToolHeading, ...]


@cache
def step_words() -> StepWords:
    """Return the words of every role."""
    return read_words("steps.yaml", StepWords)


@cache
def case_words() -> CaseWords:
    """Return what a team notes of a case, beside its steps."""
    return read_words("case_words.yaml", CaseWords)


@cache
def toolbox() -> tuple[ToolHeading, ...]:
    """Return the measures that a team can choose of."""
    return read_words("toolbox.yaml", _Toolbox).headings


class _Diagnoses(_WordPart):
    words: tuple[Annotated[str, Field(pattern=r"^[a-zåäö]+\*?$")], ...]


@cache
def diagnosis_pattern() -> re.Pattern[str]:
    """Return what finds a word that names a diagnosis or a cause."""
    words = (word.replace("*", r"\w*") for word in read_words("diagnoses.yaml", _Diagnoses).words)
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


@cache
def _reminders() -> _Reminders:
    return read_words("reminders.yaml", _Reminders)


def reminder_days(day: date) -> ReminderDays:
    """Return the reminders in force on a day; before the first, the first."""
    values = sorted(_reminders().values, key=lambda one: one.valid_from)
    return next((one for one in reversed(values) if one.valid_from <= day), values[0])


def read_words(name: str, type_: type[Content]) -> Content:
    """Read a file of this folder.

    Raises:
        RuleFileError: it is not as expected; names file and line.
    """
    path = FOLDER / name
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
        if document is None:
            raise fault(path, "nothing", "a document")
        return document.checked(type_)
    except StrictYamlError as error:
        raise RuleFileError(f"{path}: {error}") from None
