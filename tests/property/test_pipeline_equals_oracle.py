"""The pipeline says about a whole town what the oracle says, in whatever order files arrive.

`TRAPPAN_ORACLE_EXAMPLES=500 pytest tests/property/test_pipeline_equals_oracle.py` looks longer.
A failure prints a blob that repeats it; the town shrinks to as few pupils as still fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.oracle.cases import load_cases
from tests.oracle.ladder import flags, rates
from tests.oracle.parameters import STOCKHOLM, varied
from tests.oracle.pipeline import Product, as_text, first_differences, write_rows
from tests.oracle.schools import Town, towns
from tests.oracle.writers import write_schools_csv

EXAMPLES = examples(20)
SCHOOLS_FILE = "skolor_20230701T0300.csv"
EACH = varied({"ulf_two_months": {"method": "each"}})
# Every number another one, and every comparison the other way.
OTHER_CITY = varied(
    {
        "mentor_followup": {"threshold_pct": 20, "comparison": ">=", "minimum_days": 10},
        "ulf_one_month": {"threshold_pct": "12.5", "comparison": ">", "minimum_days": 5},
        "ulf_two_months": {"threshold_pct": 10, "comparison": ">", "minimum_days_each_half": 6},
        "sst_referral": {"threshold_pct": 40, "comparison": ">", "grades": (7, 8, 9)},
    },
    minimum_coverage_pct=90,
    left_after_days=22,
    unseen_days=17,
    unseen_class_days=3,
    rolling_days={1: 28, 2: 56},
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(town=towns(), params=st.sampled_from((STOCKHOLM, STOCKHOLM, EACH, OTHER_CITY)))
def test_the_pipeline_says_what_the_oracle_says(town: Town, params: Mapping[str, Any]) -> None:
    with TemporaryDirectory() as folder, Product(Path(folder) / "home") as product:
        deliver(town, product, Path(folder))
        for month in town.months:
            expected = as_text(rates(town.lessons, month, town.roster, town.sums))
            differences = first_differences(expected, product.rates(month, params))
            assert not differences, say(f"rates of {month}", differences)
        for as_of in town.setting.as_ofs:
            expected = as_text(flags(town.lessons, town.roster, as_of, dict(params), town.sums))
            differences = first_differences(expected, product.flags(as_of, params))
            assert not differences, say(f"flags at {as_of}", differences)


def deliver(town: Town, product: Product, folder: Path) -> None:
    """Every file of the town, in its order and batches; sums are refreshed after each."""
    register = write_schools_csv((s.code for s in town.setting.schools), folder / SCHOOLS_FILE)
    paths = [file.write(folder) for file in town.files]
    batches = [[paths[n] for n in batch] for batch in town.arrivals] or [[]]
    batches[0].append(register)
    for batch in batches:
        assert product.receive(batch) == []
        product.refresh()


def say(what: str, differences: list[str]) -> str:
    """One difference a line; the identities are synthetic."""
    return "\n  ".join([f"{what} differ, first rows:", *differences])


CASES = [case for case in load_cases() if case.is_stockholm]


@pytest.fixture(scope="module")
def product_with_cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One lake with the rows of all cases: no case shares a school or a pupil with another."""
    folder = tmp_path_factory.mktemp("cases")
    with Product(folder / "home") as product:
        codes = {code for case in CASES for code in case.school_codes.values()}
        register = write_schools_csv(sorted(codes), folder / SCHOOLS_FILE)
        lessons = [row for case in CASES for row in case.lessons]
        roster = [row for case in CASES for row in case.roster]
        assert product.receive([register, *write_rows(lessons, roster, folder)]) == []
        product.refresh()
        yield product


@pytest.mark.parametrize("as_of", sorted({case.as_of for case in CASES}), ids=str)
def test_the_pipeline_agrees_with_every_case(product_with_cases: Product, as_of: date) -> None:
    cases = [case for case in CASES if case.as_of == as_of]
    flag_rows = product_with_cases.flags(as_of)
    months = {month for case in cases for month in case.months}
    rate_rows = [row for month in sorted(months) for row in product_with_cases.rates(month)]

    wrong = {case.name: case.mismatches(flag_rows, rate_rows) for case in cases}
    assert {name: found for name, found in wrong.items() if found} == {}
