"""`trappan consult`: a sheet that asks for advice about a pupil without saying who it is.

Here: the sheet as a page of A4, and as lines. Not here: what may be said
(`assets/flags/consultation.py`), the words (`swedish/consultation_texts.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from jinja2 import Template
from markupsafe import Markup

from assets.flags.consultation import consultation_of, own_facts, refuse_revealing
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import explain as explained
from assets.flags.pupil_question import find_pupil
from assets.watchlists.page.standing_alone import TEMPLATES, environment, policy
from assets.watchlists.swedish import consultation_texts as texts
from assets.watchlists.swedish.consultation_texts import Item, items
from assets.watchlists.swedish.safe_text import one_line
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import rules_on, settings_of
from pipelines.cli.options import CommandError, Day, Home
from pipelines.cli.printing import say_out
from pipelines.cli.pupil.asking import Pupil, asked_about, asked_by
from pipelines.cli.trust.grants import open_identities


def consult(
    context: typer.Context,
    pupil: Pupil,
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
    sought = asked_about(pupil, as_of)
    if out is not None and out.exists():
        raise CommandError(f"There is a file {out.name} already. Expected a new one; nothing was "
                           "written.")  # fmt: skip
    rule_set = rules_on(settings, as_of)
    open_identities(settings, "consult", as_of=as_of, asked_by=asked_by(sought))
    with asked_lake(settings, as_of) as lake:
        evaluation = evaluate_flags(lake, as_of, rule_set)
        key = find_pupil(lake, sought, evaluation)
        explanation = explained(lake, evaluation, key)
        if explanation.place.has_left:
            raise CommandError(
                "The pupil has left the school, so there is nothing to consult about as of "
                f"{as_of.isoformat()}. Look at the day."
            )
        place = explanation.place
        facts = own_facts(lake, str(key), place.class_name, place.school_unit_code)
        for text in [*(done or []), question]:
            refuse_revealing(text, facts)
        sheet = items(consultation_of(explanation), rule_set, done or [], question)
    if out is not None:
        write_consultation(sheet, out)
        return
    for line in lines_of(sheet):
        say_out(line)


def write_consultation(items: Sequence[Item], path: Path) -> None:
    """Write the sheet to a new file that only its owner reads.

    Raises:
        OSError: the file cannot be written, or is there: nothing is replaced.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(page_of(items))


def page_of(items: Sequence[Item]) -> str:
    """Return the sheet as a page."""
    style = (TEMPLATES / "consultation.css").read_text(encoding="utf-8")
    return _template().render(
        t=texts,
        items=items,
        style=Markup(style),  # noqa: S704 - our own file
        policy=policy(style),
    )


def lines_of(items: Sequence[Item]) -> Iterator[str]:
    """The sheet as lines of text."""
    yield from (texts.TITLE, texts.INTRODUCTION, texts.CHECK, "")
    for item in items:
        yield item.heading
        yield from (f"  {one_line(line)}" for line in item.lines)
    yield from ("", texts.DECISION)


@cache
def _template() -> Template:
    return environment(one_line).get_template("consultation.html.j2")
