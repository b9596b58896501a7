"""`trappan consult`: a sheet that asks for advice about a pupil without saying who it is.

Not here: what may be said (`assets/flags/consultation.py`), how it looks
(`assets/watchlists/page/consultation.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from assets.flags.answers import identities_of, staff_names
from assets.flags.consultation import OwnFacts, consultation_of, refuse_revealing
from assets.flags.evaluate import Evaluation, evaluate_flags
from assets.flags.explain import Explanation
from assets.flags.explain import explain as explained
from assets.flags.pupil_question import PupilTextError, find_pupil, read_question
from assets.lake.connection import Lake
from assets.watchlists.page.consultation import lines_of, write_consultation
from assets.watchlists.swedish.consultation_texts import items
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import note_access, rules_on, settings_of
from pipelines.cli.options import CommandError, Day, Home

_STANDARD_INPUT = "-"


def consult(
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
    done: Annotated[
        list[str] | None,
        typer.Option("--done", help="What the school has done, in words that fit many pupils."),
    ] = None,
    question: Annotated[str, typer.Option("--question", help="What you want to know.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="A new HTML file to print; else it is shown here.")
    ] = None,
    home: Home = None,
) -> None:
    """Write a sheet that asks for advice about a pupil without saying who it is."""
    settings = settings_of(context, home)
    try:
        asked = sys.stdin.readline() if pupil == _STANDARD_INPUT else pupil
        sought = read_question(asked, as_of)
    except PupilTextError as error:
        raise typer.BadParameter(str(error)) from None
    if out is not None and out.exists():
        raise CommandError(f"There is a file {out.name} already. Expected a new one; nothing was "
                           "written.")  # fmt: skip
    rule_set = rules_on(settings, as_of)
    by = "identity number" if sought.number else "pupil key"
    note_access(settings, "consult", as_of=as_of, asked_by=by)
    with asked_lake(settings, as_of) as lake:
        evaluation = evaluate_flags(lake, as_of, rule_set)
        key = find_pupil(lake, sought, evaluation)
        explanation = explained(lake, evaluation, key)
        if explanation.place.has_left:
            raise CommandError(
                "The pupil has left the school, so there is nothing to consult about as of "
                f"{as_of.isoformat()}. Look at the day."
            )
        texts = [*(done or []), question]
        facts = _own_facts(lake, key, explanation, evaluation)
        for text in texts:
            refuse_revealing(text, facts)
        sheet = items(consultation_of(explanation), rule_set, done or [], question)
    if out is not None:
        write_consultation(sheet, out)
        return
    for line in lines_of(sheet):
        print(line)


def _own_facts(lake: Lake, key: UUID, explanation: Explanation, evaluation: Evaluation) -> OwnFacts:
    """What the asker's own words may not hold: of the lake, opened for nothing else."""
    person = identities_of(lake, [str(key)]).get(str(key), {})
    names = _parts(person.get("given_name", ""), person.get("family_name", ""))
    staff = staff_names(lake)
    mentors = [
        staff.get(mentor, "")
        for (mentor,) in lake.rows(
            f"SELECT cast(mentor_key AS VARCHAR) FROM {evaluation.places.belonging} "
            "WHERE pupil_key = cast($key AS UUID) AND mentor_key IS NOT NULL",
            key=str(key),
        )
    ]
    schools = lake.rows(
        "SELECT DISTINCT school_name FROM school_units WHERE school_unit_code = $code "
        "AND school_name IS NOT NULL",
        code=explanation.place.school_unit_code,
    )
    subjects = lake.rows(
        "SELECT DISTINCT subject FROM lessons WHERE pupil_key = cast($key AS UUID) "
        "AND subject IS NOT NULL",
        key=str(key),
    )
    return OwnFacts(
        names=(*names, *_parts(*mentors)),
        places=(
            explanation.place.class_name,
            explanation.place.school_unit_code,
            *(name for (name,) in schools),
        ),
        subjects=tuple(subject for (subject,) in subjects),
    )


def _parts(*names: str) -> Sequence[str]:
    """Each name and each part of it: people write one of two given names."""
    return [part for name in names for part in (name, *name.replace("-", " ").split()) if part]
