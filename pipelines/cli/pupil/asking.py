"""How a command is told which pupil it is asked about."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated

import typer

from assets.flags.pupil_question import (
    PupilQuestion,
    PupilTextError,
    is_pupil_key,
    read_question,
)

_STANDARD_INPUT = "-"

Pupil = Annotated[
    str,
    typer.Argument(
        metavar="PUPIL",
        help="A pupil key; or - to read a key or an identity number from standard input, so that "
        "no number stands in the shell's history or among the processes.",
    ),
]


def asked_about(pupil: str, as_of: date) -> PupilQuestion:
    """Read what was given as `PUPIL`, from standard input where it is `-`.

    Raises:
        typer.BadParameter: it is neither a key nor a number, or a number that was not given on
            standard input; nothing of it is repeated.
    """
    if pupil != _STANDARD_INPUT and not is_pupil_key(pupil):
        raise typer.BadParameter(
            "PUPIL is no pupil key. Expected a key as `trappan flags` shows it, or - and an "
            "identity number on standard input: on the command line it would stay in the shell's "
            "history, and everybody on this machine could see it."
        )
    try:
        return read_question(sys.stdin.readline() if pupil == _STANDARD_INPUT else pupil, as_of)
    except PupilTextError as error:
        raise typer.BadParameter(str(error)) from None


def asked_by(question: PupilQuestion) -> str:
    """How the pupil was named, for the log of accesses: by what, never which."""
    return "identity number" if question.number else "pupil key"
