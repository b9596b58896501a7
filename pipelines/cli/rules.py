"""`trappan rules`: what the rule sets say, whether they can be used, how two of them differ.

Not here: how a set is read (`rules/registry.py`), what other values would flag (`whatif.py`),
making flags again (`remake.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from assets.flags.evaluate import made_by_other_values, stored_days
from assets.lake.connection import Lake
from pipelines.cli.home import parameters_of, settings_of
from pipelines.cli.options import Format, FormatOption, Home, day
from pipelines.cli.printing import print_rows, say, say_out
from pipelines.settings import Settings, yesterday
from rules.models import Rule, RuleSet, ValueInForce
from rules.registry import SHIPPED, available_sets, faults_of, root_of, rule_set_of

# A rule as one English sentence, for who reads the command line.

_COMPARISONS = {"over": "more than", "at_least": "at least"}
_AUDIENCES = {"mentor": "for the mentor", "principal": "for the principal"}


def sentence(rule: Rule, rules: RuleSet) -> str:
    """Return a rule in words: `mentor_followup (level 1, for the mentor): more than 10 % …`."""
    value = rules.values
    share = f"{_COMPARISONS[rule.comparison]} {value[f'{rule.name}.threshold'].text} absent"
    ulf = "some ulf rule is hit, and " if rule.requires_ulf else ""
    days = f"on at least {rule.min_days} school days"
    if rule.min_days_each_half:
        days += f", {rule.min_days_each_half} of them in each half"
    grades = value[f"{rule.name}.grades"].text
    return (
        f"{rule.name} (level {rule.level}, {_AUDIENCES[rule.audience]}): {ulf}{share} "
        f"{_window(rule, rules)}, {days}, in grades {grades}"
    )


def _window(rule: Rule, rules: RuleSet) -> str:
    if rule.window == "one_month":
        return f"in one month ({rules.one_month_days} days, or a calendar month)"
    window = f"two months ({rules.two_months_days} days, or two calendar months)"
    return f"in each half of {window}" if rule.method == "each" else f"over {window} taken together"


rules_app = typer.Typer(
    name="rules",
    help="Look at rule sets: their values, whether they can be used, how two differ.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SetName = Annotated[
    str | None, typer.Option("--set", help="A rule set; the one in use (TRAPPAN_RULE_SET).")
]
_SHOWN = ("parameter", "value", "valid_from", "next_change", "next_value", "reference")
_DIFFERING = ("parameter", "a", "b", "reference_a", "reference_b")


@rules_app.command()
def show(
    context: typer.Context,
    set_name: SetName = None,
    on: Annotated[
        date | None, typer.Option("--on", parser=day, help="A day; default yesterday.")
    ] = None,
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Print every value in force on a day, its source, and the rules in words."""
    parameters = parameters_of(settings_of(context, home), set_name)
    asked = on or yesterday()
    rules = rule_set_of(parameters, asked)
    rows: list[dict[str, str]] = []
    for name, value in rules.values.items():
        later = [v for v in parameters.parameters[name].values if v.valid_from > asked]
        following = ValueInForce(later[0].value, value.unit, later[0].valid_from) if later else None
        rows.append(
            {
                "parameter": name,
                "value": value.text,
                "valid_from": value.valid_from.isoformat(),
                "next_change": following.valid_from.isoformat() if following else "",
                "next_value": following.text if following else "",
                "reference": rules.references[name],
            }
        )
    print_rows(_SHOWN, rows, kind)
    say(f"Rule set '{rules.name}', version {rules.version}, on {asked.isoformat()}:")
    for rule in rules.rules:
        say(f"  {sentence(rule, rules)}")


@rules_app.command()
def check(
    context: typer.Context,
    set_name: Annotated[
        str | None, typer.Option("--set", help="Only this rule set; all that there are.")
    ] = None,
    path: Annotated[
        Path | None, typer.Option("--path", help="A folder that is one rule set, in their place.")
    ] = None,
    home: Home = None,
) -> None:
    """Say everything that is wrong with rule sets, and which stored flags have other values."""
    settings = settings_of(context, home)
    if set_name and path:
        raise typer.BadParameter("--set and --path are both there. Expected one of them.")
    if path is not None and not path.is_dir():
        raise typer.BadParameter(f"there is no folder {path}. Expected one with parameter files.")
    folders = [path] if path else list(_folders(settings, set_name))
    faults = 0
    for folder in folders:
        found = faults_of(folder)
        faults += len(found)
        say_out(f"{'WRONG' if found else 'well '}  {folder.name}: {folder}")
        for fault in found:
            say(f"  {fault}")
    if path is None:
        faults += _say_same_names(settings)
    if faults:
        raise typer.Exit(1)
    if path is None:
        _say_other_values(settings)


@rules_app.command()
def diff(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A[@DAY]", help="A rule set, as of a day.")],
    other: Annotated[str, typer.Argument(metavar="B[@DAY]", help="Another, or another day.")],
    kind: FormatOption = Format.TABLE,
    home: Home = None,
) -> None:
    """Print the parameters whose values differ between two rule sets, or two days of one."""
    settings = settings_of(context, home)
    first, second = _set_on(settings, one), _set_on(settings, other)
    if one == other:
        raise typer.BadParameter(f"'{one}' is there twice. Expected two sets, or two days of one.")
    rows = [
        {
            "parameter": name,
            "a": value.text,
            "b": second.values[name].text,
            "reference_a": first.references[name],
            "reference_b": second.references[name],
        }
        for name, value in first.values.items()
        if value.value != second.values[name].value
    ]
    print_rows(_DIFFERING, rows, kind)
    for letter, rules in (("a", first), ("b", second)):
        say(f"{letter}: '{rules.name}', version {rules.version}, on {rules.day.isoformat()}")
    say(f"{len(rows)} of {len(first.values)} parameters differ.")


def _folders(settings: Settings, set_name: str | None) -> Iterator[Path]:
    """The folders of the shipped sets and the user's own; of one of them when it is named."""
    own = settings.rules_folder
    shipped = [(name, None) for name in available_sets()]
    mine = [(name, own) for name in available_sets(own)] if own.is_dir() else []
    if set_name is not None:
        # Says so when there is none, or two.
        root_of(set_name, own)
    for name, root in (*shipped, *mine):
        if set_name in (None, name):
            yield root / name if root else SHIPPED / name


def _say_same_names(settings: Settings) -> int:
    own = settings.rules_folder
    twice = set(available_sets()) & set(available_sets(own)) if own.is_dir() else set()
    for name in sorted(twice):
        say(f"  {own / name}: found the name of a shipped rule set, expected another name")
    return len(twice)


def _say_other_values(settings: Settings) -> None:
    if not (settings.lake.home / "lake").exists() and not settings.catalog:
        return
    with Lake.open(settings.lake) as lake:
        stored = list(stored_days(lake))
    other = made_by_other_values(stored, parameters_of(settings))
    if other:
        say(
            f"The flags of {len(other)} of {len(stored)} stored days, {other[0].as_of.isoformat()} "
            f"to {other[-1].as_of.isoformat()}, were made by other values than '"
            f"{settings.rule_set}' gives for those days now. They stay so; `trappan reevaluate "
            "--from DAY --to DAY` makes them again."
        )


def _set_on(settings: Settings, text: str) -> RuleSet:
    name, at, on = text.partition("@")
    asked = day(on) if at else yesterday()
    return rule_set_of(parameters_of(settings, name), asked)
