"""The oracle says about every case what a school officer would say."""

from __future__ import annotations

import pytest

from tests.oracle.cases import Case, load_cases
from tests.oracle.ladder import flags, rates

CASES = load_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_oracle_agrees_with_the_case(case: Case) -> None:
    flag_rows = flags(case.lessons, case.roster, case.as_of, case.params)
    rate_rows = [row for month in case.months for row in rates(case.lessons, month, case.roster)]

    assert case.mismatches(flag_rows, rate_rows) == []
