"""Load a set of parameters and say which values, and so which rules, are in force on a day.

Here: completeness and consistency of a set, dates, versions. Not here: the form of one file
(`parameter_file.py`), the structure of the ladder (`ladder.py`), verdicts (`sql/flags/`), and
"today": the day always comes in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import cast

from rules.ladder import DECIDING, LADDER, PARAMETERS, LadderStep
from rules.models import (
    Comparison,
    DatedValue,
    Method,
    Parameter,
    ParameterSet,
    Rule,
    RuleSet,
    Value,
    ValueInForce,
)
from rules.parameter_file import RuleFileError, fault, read_parameter

__all__ = [
    "SHIPPED",
    "RuleFileError",
    "available_sets",
    "contradictions",
    "faults_of",
    "load_parameters",
    "root_of",
    "rule_set_of",
    "rule_set_on",
    "value_on",
]

#: The rule sets of the package, a folder each.
SHIPPED = Path(__file__).resolve().parent / "parameters"
#: Values of the parameters that decide no verdict, for every set without a file of its own.
EVERY_SET = SHIPPED / "_every_set"
_SET_NAME = re.compile(r"[a-z][a-z0-9_]*")


def available_sets(root: Path | None = None) -> tuple[str, ...]:
    """The names of the rule sets under `root` (default: the sets of the package), sorted."""
    folders = [path for path in (root or SHIPPED).iterdir() if path.is_dir()]
    return tuple(sorted(f.name for f in folders if _SET_NAME.fullmatch(f.name)))


def root_of(set_name: str, own: Path | None = None) -> Path | None:
    """The folder that a set lies in: the user's own when it is there, else the package's.

    Args:
        set_name: the set.
        own: folder of the user's own sets; None, or a folder that is not there, has none.

    Returns:
        `own`, or None for the sets of the package, as the other functions here take it.

    Raises:
        RuleFileError: both have a set of this name, so nothing tells which counts; or neither.
    """
    mine = available_sets(own) if own is not None and own.is_dir() else ()
    shipped = available_sets()
    if set_name in mine and set_name in shipped:
        raise fault(cast("Path", own) / set_name, "the name of a shipped rule set", "another name")
    if set_name not in mine and set_name not in shipped:
        where = f" or in {own}" if own is not None else ""
        sets = ", ".join((*shipped, *mine))
        found = f"no rule set {set_name!r} here{where}"
        raise fault(SHIPPED, found, f"one of the sets {sets}")
    return own if set_name in mine else None


def load_parameters(set_name: str, root: Path | None = None) -> ParameterSet:
    """Read every parameter of a set and check that they are all there and fit together.

    Args:
        set_name: a folder under `root`, e.g. `stockholm`.
        root: where the sets are; default the sets of the package.

    Returns:
        The set, with exactly the parameters that the ladder needs.

    Raises:
        RuleFileError: no such set, a faulty file, a missing parameter, or values that
            contradict each other on some day.
    """
    folder = (root or SHIPPED) / set_name
    if not _SET_NAME.fullmatch(set_name) or not folder.is_dir():
        sets = ", ".join(available_sets(root)) or "none"
        raise fault(root or SHIPPED, f"no rule set {set_name!r}", f"one of the sets here: {sets}")
    loaded = ParameterSet(set_name, folder, {})
    for step in _load(folder):
        if isinstance(step, RuleFileError):
            raise step
        loaded = step
    return loaded


def faults_of(folder: Path) -> list[RuleFileError]:
    """Everything that is wrong with a set's folder, one fault a file; none when it can be used.

    Values are held against each other only when every file is right.
    """
    return [step for step in _load(folder) if isinstance(step, RuleFileError)]


def _load(folder: Path) -> Iterator[ParameterSet | RuleFileError]:
    """Every fault of a folder as it is found, and at last the set when there was none."""
    parameters: dict[str, Parameter] = {}
    is_right = True
    for path in sorted(folder.iterdir()):
        try:
            # A ".yml" would be passed over in silence, and its value with it.
            if path.suffix == ".yml":
                raise fault(path, "a file ending in .yml", f"the name {path.stem}.yaml")
            if path.suffix == ".yaml":
                parameters[path.stem] = _read(path)
        except RuleFileError as error:
            is_right = False
            yield error
    there = {path.stem for path in folder.glob("*.yaml")}
    # What decides no verdict is the same for every set that says nothing else.
    for path in sorted(EVERY_SET.glob("*.yaml")):
        if path.stem not in there:
            parameters[path.stem] = _read(path)
            there.add(path.stem)
    missing = sorted(PARAMETERS.keys() - there)
    if missing:
        files = ", ".join(f"{name}.yaml" for name in missing)
        yield fault(folder, f"no file {files}", "one file for every parameter of the ladder")
    elif is_right:
        loaded = ParameterSet(folder.name, folder, parameters)
        for day in loaded.change_days:
            yield from contradictions(loaded, day)
        yield loaded


def _read(path: Path) -> Parameter:
    """Read a parameter file, unless it was read with this content before: a night asks 18 times."""
    return _read_once(path, path.read_bytes())


@lru_cache(maxsize=256)
def _read_once(path: Path, content: bytes) -> Parameter:
    return read_parameter(path, content)


def value_on(parameters: ParameterSet, name: str, day: date) -> Value:
    """The value of parameter `name` in force on `day`: the one with the latest valid_from <= day.

    Raises:
        RuleFileError: the set has no such parameter, or its first value is valid after `day`.
    """
    return _dated_on(parameters, name, day).value


def rule_set_on(set_name: str, day: date, root: Path | None = None) -> RuleSet:
    """The rules of a set as they apply on `day`; reads the files.

    Raises:
        RuleFileError: as `load_parameters` and `value_on`.
    """
    return rule_set_of(load_parameters(set_name, root), day)


def rule_set_of(parameters: ParameterSet, day: date) -> RuleSet:
    """The rules of a loaded set as they apply on `day`: for many days, load once.

    Raises:
        RuleFileError: some parameter has no value in force on `day`.
    """
    dated = {name: _dated_on(parameters, name, day) for name in sorted(PARAMETERS)}
    values = {name: dated_value.value for name, dated_value in dated.items()}
    steps = sorted(LADDER, key=lambda step: step.level)
    return RuleSet(
        name=parameters.name,
        day=day,
        version=_version(values),
        rules=tuple(_rule(step, values) for step in steps),
        one_month_days=cast("int", values["window.one_month_days"]),
        two_months_days=cast("int", values["window.two_months_days"]),
        coverage_floor_bp=_hundredths(values["coverage.floor"]),
        leaver_after_days=cast("int", values["leaver.after_days"]),
        full_day_minutes=cast("int", values["sums.full_day_minutes"]),
        unseen_after_days=cast("int", values["unseen.after_days"]),
        unseen_class_days=cast("int", values["unseen.class_days"]),
        references={name: dated_value.reference for name, dated_value in dated.items()},
        references_sv={name: dated_value.reference_sv for name, dated_value in dated.items()},
        values={
            name: ValueInForce(d.value, parameters.parameters[name].unit, d.valid_from)
            for name, d in dated.items()
        },
    )


def _dated_on(parameters: ParameterSet, name: str, day: date) -> DatedValue:
    parameter = parameters.parameters.get(name)
    if parameter is None:
        known = ", ".join(sorted(parameters.parameters))
        raise fault(parameters.folder, f"no parameter {name!r}", f"one of {known}")
    dated = parameter.on(day)
    if dated is None:
        first = parameter.values[0].valid_from
        raise fault(
            parameter.path,
            f"no value in force on {day} (the first is valid from {first})",
            "an earlier valid_from; see 'Before the first day' in docs/rules-sets.md",
            key="values",
        )
    return dated


def _rule(step: LadderStep, values: Mapping[str, Value]) -> Rule:
    # The casts hold because the loader has checked every value against its unit. A rule of one
    # month has no halves, so the parameters of the halves do not exist for it.
    return Rule(
        name=step.name,
        level=step.level,
        threshold_bp=_hundredths(values[f"{step.name}.threshold"]),
        comparison=cast("Comparison", values[f"{step.name}.comparison"]),
        window=step.window,
        method=cast("Method", values.get(f"{step.name}.method", "pooled")),
        min_days=cast("int", values[f"{step.name}.min_days"]),
        min_days_each_half=cast("int", values.get(f"{step.name}.min_days_each_half", 0)),
        grades=cast("tuple[int, ...]", values[f"{step.name}.grades"]),
        audience=step.audience,
        requires_ulf=step.requires_ulf,
    )


def _hundredths(percent: Value) -> int:
    # Exact: the loader lets at most two decimals through.
    return int(cast("Decimal", percent) * 100)


def _version(values: Mapping[str, Value]) -> str:
    """A hash of the values that decide a verdict.

    A better reference or description is not another rule set, nor is another limit of what a list
    says beside its verdicts.
    """

    def canonical(value: Value) -> str:
        if isinstance(value, Decimal):
            return str(_hundredths(value))  # 10 and 10.0 are one value
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    deciding = sorted(DECIDING & values.keys())
    lines = [f"{name}={canonical(values[name])}" for name in deciding]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def contradictions(parameters: ParameterSet, day: date) -> list[RuleFileError]:
    """Values in force on `day` that are each in range but together make no rule to be hit."""
    rules = rule_set_of(parameters, day)
    found: list[RuleFileError] = []

    def contradiction(name: str, value: str, expected: str) -> None:
        path = parameters.parameters[name].path
        found.append(fault(path, f"{value} in force on {day}", expected, key="values"))

    if rules.two_months_days != 2 * rules.one_month_days:
        contradiction(
            "window.two_months_days",
            f"{rules.two_months_days} days",
            f"twice window.one_month_days, {2 * rules.one_month_days}: the halves are equal",
        )
    if rules.unseen_class_days > rules.unseen_after_days:
        contradiction(
            "unseen.class_days",
            f"{rules.unseen_class_days} days",
            f"at most the {rules.unseen_after_days} days of unseen.after_days",
        )
    coherent, scattered = (
        cast("Decimal", rules.values[f"pattern.{kind}_share"].value)
        for kind in ("coherent", "scattered")
    )
    if scattered >= coherent:
        contradiction(
            "pattern.scattered_share", f"{scattered} %", f"less than the coherent {coherent} %"
        )
    for rule in rules.rules:
        is_one_month = rule.window == "one_month"
        window_days = rules.one_month_days if is_one_month else rules.two_months_days
        if rule.min_days > window_days:
            contradiction(
                f"{rule.name}.min_days",
                f"{rule.min_days} days",
                f"at most the {window_days} days of the window",
            )
        if rule.min_days_each_half > rules.one_month_days:
            contradiction(
                f"{rule.name}.min_days_each_half",
                f"{rule.min_days_each_half} days",
                f"at most the {rules.one_month_days} days of a half",
            )
        if rule.comparison == "over" and rule.threshold_bp == 100_00:
            contradiction(
                f"{rule.name}.threshold", "over 100 %", "a threshold that a rate can be over"
            )
    return found
