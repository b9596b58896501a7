"""Rules that are in force nowhere: a set with some values replaced, for a question.

Here: from `name=value` to a rule set that says "what-if" in its name and in every reference it
replaced. Not here: what such a rule set does to a lake (`assets/flags/`), nor any number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import cast

from rules.ladder import DECIDING, PARAMETERS, STORED
from rules.models import DatedValue, ParameterSet, RuleSet, Value, ValueInForce
from rules.parameter_file import RuleFileError, known_names, read_values
from rules.registry import contradictions, rule_set_of

#: Sets both rolling windows at once, because two months are always twice one month.
WINDOW_DAYS = "window.days"
_ONE_MONTH, _TWO_MONTHS = "window.one_month_days", "window.two_months_days"

Changes = Mapping[str, Value]

# What decides no verdict changes no count, so asking for it is a slip and not an answer.
_ASKABLE = DECIDING | {WINDOW_DAYS}


def read_change(text: str, source: str) -> tuple[str, tuple[Value, ...]]:
    """Read `NAME=VALUE` or `NAME=VALUE,VALUE`: a parameter's name and its values.

    Args:
        text: as it was written; values as a parameter file writes them.
        source: where, for messages: `--set`.

    Raises:
        RuleFileError: another form, no such parameter, one that decides no verdict, no value, or
            one that a file could not hold.
    """
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals:
        raise RuleFileError(
            f"{source}: found {text!r}, expected NAME=VALUE, such as mentor_followup.threshold=15"
        )
    if name not in _ASKABLE:
        found = f"{name}, which decides no verdict" if name in PARAMETERS else repr(name)
        if name in STORED:
            found = f"{name}, whose work is stored with the daily sums (`trappan backfill`)"
        raise RuleFileError(f"{source}: found {found}, expected {known_names(name, _ASKABLE)}")
    if not values.strip():
        raise RuleFileError(f"{source} {name}: found nothing, expected a value after the =")
    # The pseudo-name is read as what it stands for first.
    return name, read_values(_ONE_MONTH if name == WINDOW_DAYS else name, values, source)


def scenarios(
    fixed: Sequence[tuple[str, Value]], grid: Sequence[tuple[str, Sequence[Value]]]
) -> list[dict[str, Value]]:
    """Every combination of the grid's values, each with the fixed ones; at least one scenario.

    Raises:
        RuleFileError: a parameter that is named twice, or a value twice.
    """
    names = [name for name, _ in (*fixed, *grid)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RuleFileError(f"found {twice[0]} more than once, expected each parameter once")
    for name, values in grid:
        if len(set(values)) < len(values):
            raise RuleFileError(f"--grid {name}: found a value twice, expected each once")
    return [
        dict(fixed) | dict(zip((name for name, _ in grid), chosen, strict=True))
        for chosen in product(*(values for _, values in grid))
    ]


def rule_set_with(parameters: ParameterSet, day: date, changes: Changes) -> RuleSet:
    """The rules in force on `day` with some values replaced. Equal values, equal version.

    Args:
        parameters: the set.
        day: the day.
        changes: parameter names and their values; `window.days` stands for both windows.

    Raises:
        RuleFileError: the values contradict each other, or those of the set that stay.
    """
    changed = dict(parameters.parameters)
    in_force = rule_set_of(parameters, day).values
    for name, value in _both_windows(changes).items():
        unit = PARAMETERS[name].unit
        was = in_force[name].text
        new = DatedValue(
            day,
            value,
            f"what-if: {ValueInForce(value, unit, day).text} in place of {was}",
            f"Prövning: i stället för {was}.",
        )
        before = tuple(dated for dated in changed[name].values if dated.valid_from < day)
        path = Path(f"what-if {name}")
        changed[name] = replace(changed[name], values=(*before, new), path=path)
    what_if = ParameterSet(f"{parameters.name} (what-if)", parameters.folder, changed)
    faults = contradictions(what_if, day)
    if faults:
        has_one_window = (_ONE_MONTH in changes) != (_TWO_MONTHS in changes)
        hint = f". Set {WINDOW_DAYS}, which sets both windows" if has_one_window else ""
        raise RuleFileError(f"what-if: the values contradict each other: {faults[0]}{hint}")
    return rule_set_of(what_if, day)


def in_words(changes: Changes) -> str:
    """A scenario's name: `mentor_followup.threshold=15, ulf_two_months.method=each`."""
    return ", ".join(f"{name}={_written(value)}" for name, value in changes.items())


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{','.join(map(str, value))}]"
    return str(value)


def _both_windows(changes: Changes) -> dict[str, Value]:
    plain = dict(changes)
    if WINDOW_DAYS not in plain:
        return plain
    days = plain.pop(WINDOW_DAYS)
    named = [name for name in (_ONE_MONTH, _TWO_MONTHS) if name in plain]
    if named:
        raise RuleFileError(f"found {WINDOW_DAYS} and {named[0]}, expected one of them")
    # Read again, because twice the days can be more than a file may say.
    (twice,) = read_values(_TWO_MONTHS, str(2 * cast("int", days)), f"{WINDOW_DAYS}={days}:")
    return plain | {_ONE_MONTH: days, _TWO_MONTHS: twice}
