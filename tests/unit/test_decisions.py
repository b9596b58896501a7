"""What a list asks its reader to decide, and whom to look at first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.watchlists.decisions import (
    Persistence,
    Question,
    QuestionCount,
    Reply,
    answer,
    by_persistence,
    is_asked,
    look_first,
    more_to_look_at,
    persistence,
    question_counts,
)
from assets.watchlists.model import PupilRow, Watchlist
from assets.watchlists.swedish import decision_texts
from tests.unit import watchlist_factory as make

RULES = [rule.rule for rule in make.RULES]


def hit(rule: str, **other: Any) -> Any:
    return make.evidence(rule, make.sums(2700), **other)


def doubt(rule: str, **other: Any) -> Any:
    return hit(rule, verdict="insufficient", certainty=None, **other)


def test_a_pupil_for_the_team_still_stands_for_the_principals_investigation() -> None:
    pupil = make.pupil(level=3, absent=2700)
    of_all = make.watchlist(pupil)
    assert [is_asked(of_all, pupil, question) for question in Question] == [True, True, True]
    assert [count.pupils for count in question_counts(of_all)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([hit("ulf_one_month")], Reply.YES),
        ([hit("ulf_one_month", certainty="likely")], Reply.LIKELY),
        ([hit("ulf_one_month", certainty="likely"), hit("ulf_two_months")], Reply.YES),
        ([doubt("ulf_one_month"), hit("ulf_two_months", certainty="likely")], Reply.LIKELY),
        ([doubt("ulf_one_month")], Reply.UNCLEAR),
        ([hit("mentor_followup")], Reply.NO),
    ],
)
def test_too_little_data_is_never_a_no(items: list[Any], expected: Reply) -> None:
    pupil = make.pupil(level=2, evidence=tuple(items))
    assert answer(make.watchlist(pupil), pupil, Question.ULF) is expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([hit("mentor_followup", basis="calendar")], Persistence.LOWERED),
        ([hit("mentor_followup", basis="calendar"), doubt("ulf_one_month")], Persistence.UNCLEAR),
        ([hit("mentor_followup", basis="calendar"), hit("mentor_followup")], Persistence.GOES_ON),
        ([hit("ulf_two_months"), doubt("mentor_followup")], Persistence.GOES_ON),
        (
            [
                hit("ulf_one_month", basis="calendar"),
                doubt("mentor_followup", reason="only_monthly_sums"),
            ],
            Persistence.UNCLEAR,
        ),
    ],
)
def test_only_an_absence_known_to_be_less_now_has_lowered(
    items: list[Any], expected: Persistence
) -> None:
    assert persistence(make.pupil(evidence=tuple(items))) is expected


def test_new_to_a_question_is_who_was_not_asked_about_before() -> None:
    pupils = (
        make.pupil("Ny", level=3, history=make.history("new")),
        make.pupil("Högre", level=3, history=make.history("escalated", previous_level=2)),
        make.pupil("Kvar", level=3, history=make.history("continuing", previous_level=3)),
    )
    assert question_counts(make.watchlist(*pupils, compared_with="2026-W45")) == (
        QuestionCount(Question.MENTOR, 3, 1),
        QuestionCount(Question.ULF, 3, 1),
        QuestionCount(Question.SST, 3, 2),
    )
    assert {count.new for count in question_counts(make.watchlist(*pupils))} == {None}


EVIDENCE = st.lists(
    st.builds(
        lambda rule, basis, verdict: replace(
            hit(rule) if verdict == "hit" else doubt(rule), basis=basis
        ),
        st.sampled_from(RULES),
        st.sampled_from(["rolling", "calendar"]),
        st.sampled_from(["hit", "insufficient"]),
    ),
    min_size=1,
    max_size=6,
).map(tuple)


@st.composite
def lists(draw: st.DrawFn) -> Watchlist:
    pupils = [
        make.pupil(
            f"Elev{number:03}",
            level=draw(st.integers(1, 3)),
            absent=draw(st.integers(0, 6000)),
            evidence=draw(EVIDENCE),
            history=make.history(draw(st.sampled_from(["new", "escalated", "continuing"]))),
        )
        for number in range(draw(st.integers(0, 25)))
    ]
    return make.watchlist(*pupils, compared_with=draw(st.sampled_from(["", "2026-W45"])))


@given(lists())
def test_every_listed_pupil_stands_in_one_group_and_in_order(of_all: Watchlist) -> None:
    groups = by_persistence(of_all)
    assert sorted(p.given_name for g in groups for p in g.pupils) == sorted(
        p.given_name for p in of_all.pupils
    )
    for group in groups:
        rates = [pupil.one_month.rate or 0 for pupil in group.pupils]
        assert rates == sorted(rates, reverse=True)


@given(lists())
def test_the_most_absent_who_go_on_and_the_new_share_ten_places(of_all: Watchlist) -> None:
    first = look_first(of_all)
    changed = [pupil for pupil in of_all.pupils if pupil.change in {"new", "escalated"}]
    going_on = [
        pupil
        for pupil in of_all.pupils
        if pupil.change == "continuing" and persistence(pupil) is Persistence.GOES_ON
    ]
    assert len(first) == min(10, len(changed) + len(going_on))
    # Nobody stands there while a pupil of the same kind with more absence does not.
    for kind in (changed, going_on):
        shown = [absent(pupil) for pupil in kind if pupil in first]
        left_out = [absent(pupil) for pupil in kind if pupil not in first]
        assert max(left_out, default=0) <= min(shown, default=6000)
    assert sum(pupil in first for pupil in going_on) >= min(4, len(going_on))
    assert more_to_look_at(of_all) == sum(pupil not in first for pupil in changed)


def absent(pupil: PupilRow) -> int:
    return pupil.one_month.absent_minutes


@given(lists())
def test_each_of_the_first_has_one_sentence_that_decides_nothing(of_all: Watchlist) -> None:
    for pupil in look_first(of_all):
        sentence = decision_texts.why_first(of_all, pupil)
        assert sentence.endswith(".")
        assert sentence.count(".") == 1 + sentence.count("v.")
        assert pupil.given_name not in sentence
        assert "ska " not in sentence


def test_the_first_are_told_why_and_who_decides() -> None:
    new = make.pupil(level=3, absent=2700, history=make.history("new"))
    known = make.pupil(
        level=1,
        absent=900,
        history=make.history("continuing", first_week="2026-W44", weeks_on_list=3),
    )
    of_all = make.watchlist(new, known, compared_with="2026-W45")
    first, second = (decision_texts.why_first(of_all, pupil) for pupil in look_first(of_all))
    assert first == (
        "Ny på listan: 45,0 % frånvaro de senaste 30 dagarna; rektor bedömer utredning/ULF och"
        " prövar SST."
    )
    assert second == (
        "Fortsätter, 3 veckor, först v. 44: 15,0 % frånvaro de senaste 30 dagarna; mentor följer"
        " upp."
    )
