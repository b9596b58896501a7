"""Two pupils of one name in a class, one flagged and one at risk: both get a birth date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain

import pytest

from assets.flags import answers
from assets.flags.evaluate import evaluate_flags
from assets.lake.connection import Lake
from assets.watchlists.collect import pupil_rows
from assets.watchlists.collect.content import ListStamp, collect
from assets.watchlists.model import AtRiskRow, PupilRow, Watchlist
from assets.watchlists.release.week_states import WeekStates
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.conftest import AS_OF, SampleHome
from tests.sql.given import given

DAY = date.fromisoformat(AS_OF)


def shown(watchlist: Watchlist) -> Iterator[PupilRow | AtRiskRow]:
    """Yield every row of a list that names a pupil by a step or a risk."""
    yield from watchlist.pupils
    yield from watchlist.at_risk


def lists(lake: Lake, *at_risk_keys: str) -> tuple[Watchlist, ...]:
    """Return the lists on which these pupils are said to be at risk."""
    estimate = {
        "as_of_date": DAY,
        "threshold_bp": 40_00,
        "is_strict": False,
        "horizon": "month_end",
        "target_first_date": date(2026, 11, 1),
        "target_last_date": date(2026, 11, 30),
        "probability": 0.5,
    }
    given(lake, "forecasts", *(estimate | {"pupil_key": key} for key in at_risk_keys))
    stamp = ListStamp(is_frozen=False, created_at=datetime(2026, 11, 16, tzinfo=UTC))
    evaluation = evaluate_flags(lake, DAY, rule_set_on("stockholm", DAY))
    return collect(lake, evaluation, stamp, {}, states=WeekStates({}, {}, [])).watchlists


def test_one_flagged_and_one_at_risk_are_reported_apart(
    sample_home: SampleHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(settings_of(sample_home.path)) as lake:
        evaluate_flags(lake, DAY, rule_set_on("stockholm", DAY))
        flagged, other = lake.rows(
            "SELECT cast(min(pupil_key) FILTER (WHERE has_hit) AS VARCHAR), "
            "cast(min(pupil_key) FILTER (WHERE is_clear) AS VARCHAR) FROM ("
            "SELECT pupil_key, school_unit_code, class_name, bool_or(verdict = 'hit') AS has_hit, "
            "bool_and(verdict = 'clear') AS is_clear FROM verdicts "
            "WHERE NOT is_protected GROUP BY ALL) GROUP BY school_unit_code, class_name "
            "HAVING bool_or(has_hit) AND bool_or(is_clear) ORDER BY ALL LIMIT 1"
        )[0]

        def same_name(
            lake: Lake, pupils: Sequence[str] | None = None, as_of: date | None = None
        ) -> dict[str, dict[str, str]]:
            name = {"given_name": "Elsa", "family_name": "Andersson"}
            people = answers.identities_of(lake, pupils, as_of)
            twins = {key: people[key] | name for key in (flagged, other) if key in people}
            return people | twins

        monkeypatch.setattr(pupil_rows, "identities_of", same_name)
        found = lists(lake, other)
        rows = chain.from_iterable(shown(one) for one in found)
        dates = {row.pupil_key: row.birth_date for row in rows if row.birth_date}
        assert dates.keys() >= {flagged, other}
        # The flagged one at risk of a higher step is one pupil twice, and no namesake.
        alone = chain.from_iterable(shown(one) for one in lists(lake, flagged))
        assert {row.birth_date for row in alone if row.pupil_key == flagged} == {None}
