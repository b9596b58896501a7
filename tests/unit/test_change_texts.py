"""What changed since the list before, in Swedish words."""

from __future__ import annotations

from datetime import date

import pytest

from assets.watchlists.collect.notices import changed_rules
from assets.watchlists.release.week_states import Baseline, iso_week, sunday_of
from assets.watchlists.swedish import change_texts
from rules.registry import rule_set_on
from tests.unit import watchlist_factory as make

RULES = rule_set_on("stockholm", date(2026, 11, 15))


@pytest.mark.parametrize(
    ("state", "other", "expected"),
    [
        ("new", {}, "Ny"),
        (
            "new",
            {"weeks_on_list": 4, "first_week": "2026-W36"},
            "Ny\n4 veckor, först v. 36",
        ),
        ("new", {"reason": "late_data"}, "Ny\nsena uppgifter: gällde redan vid förra listan"),
        (
            "escalated",
            {"previous_level": 1, "weeks_on_list": 2, "first_week": "2026-W45"},
            "Fler frågor (förut mentor)\n2 veckor, först v. 45",
        ),
        ("lowered", {"previous_level": 3, "reason": "corrected"}, None),
        ("continuing", {"weeks_on_list": 12, "first_week": "2026-W35"}, None),
    ],
)
def test_a_state_is_said_in_lines(
    state: str, other: dict[str, object], expected: str | None
) -> None:
    found = change_texts.change(make.history(state, **other))
    wanted = {
        "lowered": "Färre frågor (förut även SST)\nuppgifter har rättats",
        "continuing": "Kvar\n12 veckor, först v. 35",
    }
    assert found == (expected or wanted[state])


def test_the_summary_of_one_of_each() -> None:
    compared = make.watchlist(
        make.pupil(history=make.history("new")),
        make.pupil(history=make.history("lowered", previous_level=2, reason="improved")),
        cleared=(make.cleared(),),
        compared_with="2026-W45",
    )
    assert change_texts.summary(compared) == (
        "Jämfört med listan för v. 45 2026: 1 ny, 0 med fler frågor, 0 kvar med samma"
        " frågor, 1 med färre frågor, 1 inte längre på listan (1 med mindre frånvaro)."
    )


def test_a_first_list_compares_with_nothing() -> None:
    assert change_texts.summary(make.watchlist(make.pupil())) == ""


def test_a_list_from_which_nobody_went_says_so() -> None:
    compared = make.watchlist(compared_with="2026-W45")
    assert change_texts.summary(compared).endswith("0 med färre frågor, 0 inte längre på listan.")


def test_other_values_than_the_list_before_are_reported() -> None:
    before = Baseline("2026-W45", date(2026, 11, 8), "0123456789ab")
    assert "har ändrats sedan listan för v. 45 2026" in changed_rules(RULES, before)
    same = Baseline("2026-W45", date(2026, 11, 8), RULES.version)
    assert changed_rules(RULES, same) == ""
    assert changed_rules(RULES, None) == ""


@pytest.mark.parametrize("day", [date(2026, 11, 15), date(2027, 1, 3), date(2026, 1, 4)])
def test_a_week_and_its_sunday_are_one(day: date) -> None:
    assert sunday_of(iso_week(day)) == day
