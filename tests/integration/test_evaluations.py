"""The evaluations behind the samples' lists: levels alone, and outlooks in a fixed order."""

from __future__ import annotations

from datetime import date

from assets.flags.asked_pupils import ask_about
from assets.flags.evaluate import evaluate_flags, levels_at
from assets.flags.prognoses import prognoses
from assets.lake.connection import Lake
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SampleHome

DAY = date.fromisoformat(AS_OF)
RULES = rule_set_on("stockholm", DAY)


def test_levels_alone_are_those_of_the_verdicts(sample_home: SampleHome) -> None:
    with Lake.open(settings_of(sample_home.path)) as lake:
        alone = dict(levels_at(lake, DAY, RULES).iter_rows())
        evaluate_flags(lake, DAY, RULES)
        kept = lake.rows("SELECT DISTINCT cast(pupil_key AS VARCHAR), level FROM verdicts")
    assert set(alone.values()) == {1, 2, 3}
    assert alone == {key: level for key, level in kept if level}


def test_the_outlooks_of_every_pupil_stand_in_the_order_of_the_rules(
    sample_home: SampleHome,
) -> None:
    with Lake.open(settings_of(sample_home.path)) as lake:
        found = prognoses(lake, ask_about(lake, evaluate_flags(lake, DAY, RULES)))
    in_order = [(rule.name, basis) for rule in RULES.rules for basis in ("calendar", "rolling")]
    assert found
    assert all(list(prognosis.outlooks) == in_order for prognosis in found.values())
