"""A rule as one English sentence, for who reads the command line.

Not here: the Swedish words of the lists (`assets/watchlists/rule_texts.py`).
"""

from __future__ import annotations

from rules.models import Rule, RuleSet

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
