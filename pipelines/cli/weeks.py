"""The command that looks back at published weeks: restate.

Not here: publishing (`nights.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from assets.watchlists.release.restate import LESSON_COLUMNS, PUPIL_COLUMNS, Restated, restate_week
from assets.watchlists.release.week_states import iso_week
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import rules_on, settings_of
from pipelines.cli.options import Format, FormatOption, Home, Identities, School, week_end
from pipelines.cli.printing import print_rows, say
from pipelines.cli.trust.grants import open_identities


def restate(
    context: typer.Context,
    week: Annotated[
        date, typer.Option("--week", parser=week_end, help="A published ISO week, 2026-W46.")
    ],
    school: School = None,
    lessons: Annotated[
        bool, typer.Option("--lessons", help="The lessons that changed, a row each.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also pupils of whom nothing is different.")
    ] = False,
    kind: FormatOption = Format.TABLE,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Compare a week's published lists with what today's data says of the same day."""
    settings = settings_of(context, home)
    rules_on(settings, week)
    open_identities(
        settings,
        "restate",
        is_by_key=not identities,
        week=iso_week(week),
        school=school,
        lessons=lessons,
    )
    with asked_lake(settings) as lake:
        restated = restate_week(
            lake,
            iso_week(week),
            lambda day: rules_on(settings, day),
            school=school,
            identities=identities,
            include_same=everything,
        )
    if lessons:
        restated.refuse_unknown_lessons(iso_week(week))
    columns = LESSON_COLUMNS if lessons else PUPIL_COLUMNS
    rows = restated.lessons if lessons else restated.pupils
    print_rows((restated.key_column, *columns), rows, kind)
    _say_sum(restated, iso_week(week))
    if lessons:
        _say_what_is_left_out(restated, has_all=everything)


def _say_sum(restated: Restated, week: str) -> None:
    lists = "1 list" if restated.lists == 1 else f"{restated.lists} lists"
    differing = sum(row["difference"] != "same" for row in restated.pupils)
    say(
        f"{lists} of {week}: {differing} pupils differ, {restated.unchanged} do not. "
        "The published lists stay as they are."
    )
    if restated.protected:
        say(f"{restated.protected} pupils of the lists have become protected and are left out.")
    if restated.other_rules:
        say(
            f"{restated.other_rules} of the lists were made by other values of the rules than "
            "today's files give for that day."
        )
    if restated.past_gone:
        say(
            f"Of {restated.past_gone} of the lists the lake no longer keeps what they were made "
            "from: which lessons changed since is not known (docs/operators-maintenance.md)."
        )


def _say_what_is_left_out(restated: Restated, *, has_all: bool) -> None:
    same = "" if has_all else "of pupils of whom the list says the same (--all has them), "
    say(
        f"The lessons are those from {restated.first_date} to {restated.as_of}, the days that the "
        f"lists rest on. Left out are lessons of other days, {same}of pupils who have become "
        "protected, and lessons whose times, minutes, report and cancellation are as they were: "
        "one of another subject or class only, or one that counts otherwise because another "
        "lesson changed. Monthly sums have no lessons."
    )
