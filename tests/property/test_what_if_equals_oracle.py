"""What other values would flag is what the oracle flags with those values, for a whole town."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings

from assets.flags.suppression import LEAST_SHOWN
from assets.flags.what_if_counts import MOVES, STANDINGS, count_groups
from tests.examples import examples
from tests.oracle.ladder import flags
from tests.oracle.parameters import STOCKHOLM, varied
from tests.oracle.pipeline import Product
from tests.oracle.schools import Town, towns
from tests.property.test_pipeline_equals_oracle import deliver

EXAMPLES = examples(4)
LEVELS = ("1", "2", "3")
# What is asked of the product, and the same in the oracle's numbers.
SCENARIOS: tuple[tuple[list[str], dict[str, Any]], ...] = (
    (
        ["mentor_followup.threshold=15", "mentor_followup.min_days=8"],
        varied({"mentor_followup": {"threshold_pct": 15, "minimum_days": 8}}),
    ),
    (["ulf_two_months.method=each"], varied({"ulf_two_months": {"method": "each"}})),
    (["window.days=20"], varied(rolling_days={1: 20, 2: 40})),
    (
        ["sst_referral.grades=[0,1,2,3,4,5,6,7,8]", "coverage.floor=100", "leaver.after_days=3"],
        varied(
            {"sst_referral": {"grades": (0, 1, 2, 3, 4, 5, 6, 7, 8)}},
            minimum_coverage_pct=100,
            left_after_days=3,
        ),
    ),
)
ALL_PARAMS = [STOCKHOLM, *(params for _, params in SCENARIOS)]
Pupil = tuple[str, ...]  # school, grade, and a step by each scenario


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(town=towns())
def test_what_if_says_what_the_oracle_says_with_other_numbers(town: Town) -> None:
    with TemporaryDirectory() as folder, Product(Path(folder) / "home") as product:
        deliver(town, product, Path(folder))
        for as_of in town.setting.as_ofs:
            steps = product.what_if(as_of, [texts for texts, _ in SCENARIOS])
            expected = pupils_of(
                [flags(town.lessons, town.roster, as_of, p, town.sums) for p in ALL_PARAMS]
            )
            assert Counter(steps.frame.drop("sex").rows()) == Counter(expected)
            for row in count_groups(steps):
                members = [p for p in expected if is_in(p, row.grouping, row.group)]
                for column, shown in row.counts.items():
                    if row.grouping != "sex":
                        assert_shown(shown, counted(members, row.scenario, column))


def pupils_of(answers: Iterable[Sequence[Mapping[str, Any]]]) -> list[Pupil]:
    """Every pupil whom some numbers have a verdict for."""
    steps: dict[str, dict[int, str]] = defaultdict(dict)
    places: dict[str, tuple[str, str]] = {}
    for number, rows in enumerate(answers):
        unknown = {row["civic_no"] for row in rows if row["verdict"] == "insufficient"}
        for row in rows:
            grade = "unknown" if row["grade"] in (None, "") else str(row["grade"])
            who = row["civic_no"]
            places[who] = (row["school_unit_code"], grade)
            off = "insufficient" if who in unknown else "clear"
            steps[who][number] = str(row["level"]) if row["level"] else off
    numbers = range(len(ALL_PARAMS))
    return [(*places[w], *(steps[w].get(n, "left") for n in numbers)) for w in steps]


def is_in(pupil: Pupil, grouping: str, group: str) -> bool:
    return grouping == "city" or group == pupil[0 if grouping == "school" else 1]


def counted(pupils: list[Pupil], scenario: int, column: str) -> int:
    """Pupils of a column, by its name alone."""
    number = 0
    for pupil in pupils:
        now, then = pupil[2], pupil[2 + scenario]
        was, is_now = now in LEVELS, then in LEVELS
        number += {
            "pupils": then != "left",
            "on_list": is_now,
            "not_on_list": then in ("clear", "insufficient"),
            "insufficient": then == "insufficient",
            "appear": is_now and not was,
            "disappear": was and not is_now,
            "moved_up": was and is_now and int(then) > int(now),
            "moved_down": was and is_now and int(then) < int(now),
            "unchanged": was and then == now,
        }.get(column, column == f"level_{then}")
    return number


def assert_shown(shown: int | None, true: int) -> None:
    assert shown in (None, true)
    if 0 < true < LEAST_SHOWN:
        assert shown is None


def test_every_column_is_counted_here() -> None:
    assert {"pupils", "on_list", "not_on_list", "insufficient", "level_1"} <= STANDINGS.keys()
    assert MOVES.keys() == {"appear", "disappear", "moved_up", "moved_down", "unchanged"}
