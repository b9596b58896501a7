"""`trappan whatif`: how many pupils other values of the rules would flag. Nothing is stored.

Not here: evaluating and counting (`assets/flags/what_if*.py`), replacing values
(`rules/what_if.py`), printing (`printing.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from assets.flags.suppression import HIDDEN, LEAST_SHOWN
from assets.flags.what_if import Steps, steps_under
from assets.flags.what_if_counts import COLUMNS, GROUPINGS, CountRow, count_groups
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import parameters_of, settings_of
from pipelines.cli.options import Day, Format, FormatOption, Home, School
from pipelines.cli.printing import print_rows, say, watched
from rules.models import ParameterSet, RuleSet, Value
from rules.parameter_file import RuleFileError
from rules.registry import rule_set_of
from rules.what_if import in_words, read_change, rule_set_with, scenarios

IN_FORCE = "in force"
MOST_SCENARIOS = 60
_ANSWER_COLUMNS = ("scenario", "rule_set_version", "by", "group", *COLUMNS)


class By(StrEnum):
    """How the answer is divided; the city's row is always there."""

    CITY = "city"
    SCHOOL = "school"
    GRADE = "grade"
    SEX = "sex"
    ALL = "all"


def whatif(
    context: typer.Context,
    as_of: Day,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A value in every scenario; repeatable."),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="NAME=V1,V2",
            help="A scenario for each value; repeated: for each combination.",
        ),
    ] = None,
    by: Annotated[By, typer.Option("--by", help="How the answer is divided.")] = By.ALL,
    school: School = None,
    kind: FormatOption = Format.TABLE,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Write a picture (PNG) too.")
    ] = None,
    home: Home = None,
) -> None:
    """Count what other values of the rules would flag; nothing is stored."""
    settings = settings_of(context, home)
    parameters = parameters_of(settings)
    in_force = rule_set_of(parameters, as_of)
    asked = _asked(parameters, as_of, fixed or [], grid or [])
    if picture is not None and picture.suffix.lower() != ".png":
        raise typer.BadParameter(f"'{picture.name}' is not a PNG file. Expected a name like x.png.")
    names = [IN_FORCE, *(name for name, _ in asked)]
    with asked_lake(settings, as_of, school=school) as lake, watched() as progress:
        rule_sets = [in_force, *(rule_set for _, rule_set in asked)]
        steps = steps_under(lake, as_of, rule_sets, progress)
    rows = count_groups(steps)
    chosen = [row for row in rows if _is_asked(row, by, school)]
    print_rows(_ANSWER_COLUMNS, [_shown(row, names, steps) for row in chosen], kind)
    _say_what_it_is(steps, as_of, school, rows)
    if picture is not None:
        _draw(picture, rows, names, steps, as_of, school)


def _asked(
    parameters: ParameterSet, as_of: date, fixed: Sequence[str], grid: Sequence[str]
) -> list[tuple[str, RuleSet]]:
    """The scenarios by name; what is wrong with them is a matter of usage."""
    if not fixed and not grid:
        raise typer.BadParameter(
            "nothing is changed. Expected --set or --grid, such as "
            "--set mentor_followup.threshold=15. `trappan rules show` lists the names."
        )
    try:
        changes = [_one(text) for text in fixed]
        varied = [read_change(text, "--grid") for text in grid]
        combined = scenarios(changes, varied)
        found = [(in_words(one), rule_set_with(parameters, as_of, one)) for one in combined]
    except RuleFileError as error:
        raise typer.BadParameter(str(error)) from None
    if len(found) > MOST_SCENARIOS:
        raise typer.BadParameter(
            f"--grid: found {len(found)} combinations, expected at most {MOST_SCENARIOS}"
        )
    return found


def _one(text: str) -> tuple[str, Value]:
    name, values = read_change(text, "--set")
    if len(values) != 1:
        raise RuleFileError(f"--set {name}: found {len(values)} values, expected one. See --grid")
    return name, values[0]


def _is_asked(row: CountRow, by: By, school: str | None) -> bool:
    if row.grouping == "city":
        return True
    if school is not None:
        return row.grouping == "school" and row.group == school
    return by in (By.ALL, row.grouping)


def _shown(row: CountRow, names: Sequence[str], steps: Steps) -> dict[str, str]:
    counts = {
        # What is in force moves nobody.
        column: "" if column not in row.counts else _text(row.counts[column])
        for column in COLUMNS
    }
    return {
        "scenario": names[row.scenario],
        "rule_set_version": steps.rule_sets[row.scenario].version,
        "by": row.grouping,
        "group": row.group,
    } | counts


def _text(count: int | None) -> str:
    return HIDDEN if count is None else str(count)


def _say_what_it_is(
    steps: Steps, as_of: date, school: str | None, rows: Sequence[CountRow]
) -> None:
    in_force = steps.rule_sets[0]
    say(
        f"A question, stored nowhere: '{in_force.name}' {in_force.version} is in force as of "
        f"{as_of.isoformat()}. A step is a candidate; a person decides."
    )
    say(
        f"Counts from 1 to {LEAST_SHOWN - 1} are hidden as '{HIDDEN}', and as many others as it "
        "takes that none of them can be worked out."
    )
    same = sum(other.version == in_force.version for other in steps.rule_sets[1:])
    if same:
        have = "scenario has" if same == 1 else "scenarios have"
        say(f"{same} {have} the values that are in force.")
    if steps.protected:
        few = steps.protected < LEAST_SHOWN
        number = f"fewer than {LEAST_SHOWN}" if few else str(steps.protected)
        say(f"Pupils with protected identity are in no count: {number} in the city.")
    if steps.frame.is_empty():
        say("No pupils: the lake has nothing that answers this. `trappan files` shows what it has.")
    elif school and not any(row.group == school for row in rows if row.grouping == "school"):
        say(f"No pupil belongs to school unit {school} at {as_of.isoformat()}. Look at the code.")


def _draw(
    path: Path,
    rows: Sequence[CountRow],
    names: Sequence[str],
    steps: Steps,
    as_of: date,
    school: str | None,
) -> None:
    # Here, not at the top: it takes a second, and only a picture needs it.
    from assets.flags.what_if_picture import Bar, draw  # noqa: PLC0415

    wanted = ("school", school) if school else (GROUPINGS[0], "all")
    bars = [Bar(names[row.scenario], row) for row in rows if (row.grouping, row.group) == wanted]
    where = f"school unit {school}" if school else "the city"
    in_force = steps.rule_sets[0]
    draw(
        bars,
        f"What if: pupils per step in {where}, as of {as_of.isoformat()}",
        f"In force: {in_force.name}, version {in_force.version}. Beside the bar: on the list, who "
        f"appear (+) and disappear (−). {HIDDEN}: hidden, under {LEAST_SHOWN} or so that none can "
        "be worked out. Candidates; a person decides.",
        path,
    )
    say(f"Picture: {path}")
