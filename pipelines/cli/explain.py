"""`trappan explain`: why one pupil is, or is not, on a list.

Not here: what is so (`assets/flags/explain.py`), how it reads (`explain_text.py`,
`explain_json.py`).
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from assets.flags.answers import identities_of
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import explain as explained
from assets.flags.pupil_question import PupilTextError, find_pupil, read_question
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.explain_json import document_of
from pipelines.cli.explain_text import text_of
from pipelines.cli.home import note_access, rules_on, settings_of
from pipelines.cli.options import Day, Home, Identities

_STANDARD_INPUT = "-"


class ExplainFormat(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


def explain(
    context: typer.Context,
    pupil: Annotated[
        str,
        typer.Argument(
            metavar="PUPIL",
            help="A pupil key, or an identity number; - reads it from standard input, so that no "
            "number stays in the shell's history.",
        ),
    ],
    as_of: Day,
    kind: Annotated[
        ExplainFormat, typer.Option("--format", help="How the answer is printed.")
    ] = ExplainFormat.TEXT,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print why one pupil is, or is not, on a list: every rule on both bases."""
    settings = settings_of(context, home)
    try:
        asked = sys.stdin.readline() if pupil == _STANDARD_INPUT else pupil
        question = read_question(asked, as_of)
    except PupilTextError as error:
        raise typer.BadParameter(str(error)) from None
    rule_set = rules_on(settings, as_of)
    if identities or question.number:
        # That a number was asked about is an act of its own; which one is nobody's to read here.
        by = "identity number" if question.number else "pupil key"
        note_access(settings, "explain", as_of=as_of, asked_by=by, identities=identities)
    with asked_lake(settings, as_of) as lake:
        evaluation = evaluate_flags(lake, as_of, rule_set)
        key = find_pupil(lake, question, as_of)
        explanation = explained(lake, evaluation, key, identities=identities)
        person = identities_of(lake, [str(key)])[str(key)] if identities else None
    if kind == ExplainFormat.JSON:
        print(json.dumps(document_of(explanation, person), ensure_ascii=False, indent=2))
        return
    for line in text_of(explanation, person):
        print(line.replace("\u00a0", " "))
