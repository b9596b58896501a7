"""`trappan explain`: why one pupil is, or is not, on a list; the command, and its answer as JSON.

The JSON is a contract, described in docs/command-line-pupil.md: minutes and days are integers,
dates ISO texts, what is unknown or undefined null. Not here: what is so
(`assets/flags/explain.py`), how it reads as text (`explain_text.py`, `explain_why.py`).
"""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from assets.flags.answers import identities_of, share
from assets.flags.evaluate import evaluate_flags
from assets.flags.exact_numbers import Bound, compare, minutes_to_turn
from assets.flags.explain import ExplainedRule, Explanation, Judgement
from assets.flags.explain import explain as explained
from assets.flags.pupil_question import find_pupil
from pipelines.cli.data_notes import asked_lake
from pipelines.cli.home import rules_on, settings_of
from pipelines.cli.options import Day, Home, Identities
from pipelines.cli.printing import print_json, say_out
from pipelines.cli.pupil.asking import Pupil, asked_about, asked_by
from pipelines.cli.pupil.explain_text import (
    aside_sentence,
    because,
    compared_parts,
    outlook_sentence,
    text_of,
    timetable_sentence,
)
from pipelines.cli.pupil.explain_why import brief_of, three_sentences
from pipelines.cli.trust.grants import open_identities
from rules.models import Rule, RuleSet

#: Whose identity does not open, or is another pupil's (`trappan verify`).
_UNKNOWN = {"civic_no": "", "given_name": "", "family_name": "Name does not open"}


class ExplainFormat(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


def explain(
    context: typer.Context,
    pupil: Pupil,
    as_of: Day,
    kind: Annotated[
        ExplainFormat, typer.Option("--format", help="How the answer is printed.")
    ] = ExplainFormat.TEXT,
    is_full: Annotated[
        bool,
        typer.Option("--full", help="Also the arithmetic, the values with sources, the files."),
    ] = False,
    identities: Identities = False,
    home: Home = None,
) -> None:
    """Print why one pupil is, or is not, on a list: every rule on both bases."""
    settings = settings_of(context, home)
    question = asked_about(pupil, as_of)
    rule_set = rules_on(settings, as_of)
    # That a number was asked about is an act of its own; which one is nobody's to read here.
    open_identities(
        settings,
        "explain",
        is_by_key=not (identities or question.number),
        as_of=as_of,
        asked_by=asked_by(question),
        identities=identities,
    )
    with asked_lake(settings, as_of) as lake:
        evaluation = evaluate_flags(lake, as_of, rule_set)
        key = find_pupil(lake, question, evaluation)
        explanation = explained(lake, evaluation, key, identities=identities)
        person = identities_of(lake, [str(key)]).get(str(key), _UNKNOWN) if identities else None
    if kind == ExplainFormat.JSON:
        print_json(document_of(explanation, person))
        return
    more = text_of(explanation, person) if is_full else brief_of(explanation, person)
    for line in (*three_sentences(explanation), "", *more):
        say_out(line.replace("\u00a0", " "))


# Dates and decimals as text, dataclasses by their fields; everything else as JSON has it.
_PLAIN = TypeAdapter(dict[str, Any])


def document_of(explanation: Explanation, person: dict[str, str] | None) -> dict[str, Any]:
    """Return the explanation as plain values.

    Args:
        explanation: what `explain` gave.
        person: names and number, only for who asked for identities.
    """
    evaluation = explanation.evaluation
    rule_set = evaluation.rule_set
    pupil: dict[str, Any] = {"pupil_key": str(explanation.pupil_key)}
    if person is not None:
        pupil |= {name: person[name] for name in ("civic_no", "given_name", "family_name")}
    prognosis = explanation.prognosis
    document = {
        "pupil": pupil,
        "as_of_date": evaluation.as_of,
        "rule_set": rule_set.name,
        "rule_set_version": rule_set.version,
        "place": explanation.place,
        "level": explanation.level,
        "rules": [_rule(explained, rule_set) for explained in explanation.rules],
        "coming_lessons": {
            "sentence": timetable_sentence(prognosis),
            "known_until_date": prognosis.timetable.known_until_date if prognosis else None,
            "weeks": prognosis.timetable.weeks if prognosis else 0,
        },
        "pattern": explanation.pattern,
        "asides": [
            asdict(aside) | {"sentence": aside_sentence(aside)} for aside in explanation.asides
        ],
        "parameters": [
            {
                "name": name,
                "value": value.text,
                "valid_from": value.valid_from,
                "reference": rule_set.references[name],
            }
            for name, value in rule_set.values.items()
        ],
        "files": [asdict(file) | {"sha256": file.sha256[:12]} for file in explanation.files],
    }
    plain: dict[str, Any] = _PLAIN.dump_python(document, mode="json")
    return plain


def _rule(explained: ExplainedRule, rule_set: RuleSet) -> dict[str, Any]:
    rule = explained.rule
    return {
        "rule": rule.name,
        "level": rule.level,
        "threshold_bp": rule.threshold_bp,
        "comparison": rule.comparison,
        "window": rule.window,
        "method": rule.method,
        "min_days": rule.min_days,
        "min_days_each_half": rule.min_days_each_half,
        "grades": list(rule.grades),
        "requires_ulf": rule.requires_ulf,
        "bases": [
            _judgement(judgement, rule, rule_set)
            if judgement
            else {"basis": basis, "is_evaluated": False}
            for basis, judgement in explained.judgements.items()
        ],
    }


def _judgement(found: Judgement, rule: Rule, rule_set: RuleSet) -> dict[str, Any]:
    scheduled, reported, absent = (
        found.scheduled_minutes,
        found.reported_minutes,
        found.absent_minutes,
    )
    plain = asdict(found)
    outlook = plain.pop("outlook") | {"sentence": outlook_sentence(found.outlook, rule)}
    return {
        "basis": plain.pop("basis"),
        "is_evaluated": True,
        **plain,
        "because": because(found, rule, rule_set),
        "rate": share(absent, reported) or None,
        "rate_lower": share(absent, scheduled) or None,
        "rate_upper": share(absent + scheduled - reported, scheduled) or None,
        "coverage": share(reported, scheduled) or None,
        "coverage_floor_bp": rule_set.coverage_floor_bp,
        "comparisons": _comparisons(found, rule),
        "minutes_to_turn": minutes_to_turn(compared_parts(found, rule), rule.threshold),
        "outlook": outlook,
    }


def _comparisons(found: Judgement, rule: Rule) -> list[dict[str, Any]]:
    whole = (found.scheduled_minutes, found.reported_minutes, found.absent_minutes)
    parts = {"window": whole}
    if rule.method == "each":
        parts = {
            name: (half.scheduled_minutes, half.reported_minutes, half.absent_minutes)
            for name, half in zip(("first_half", "second_half"), found.halves, strict=True)
        }
    bounds: tuple[Bound, ...] = ("rate", "lower", "upper")
    rows = []
    for bound in bounds:
        for name, minutes in parts.items():
            compared = compare(bound, minutes, rule.threshold)
            rows.append(
                {
                    "part": name,
                    "bound": bound,
                    "left": compared.left,
                    "right": compared.right,
                    "written": compared.text.replace("\u00a0", " "),
                    "holds": compared.holds,
                }
            )
    return rows
