"""A sheet for a consultation says nothing by which a pupil can be known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.flags.consultation import (
    Consultation,
    OwnFacts,
    RevealingTextError,
    band_of,
    refuse_revealing,
    stage_of,
)
from assets.watchlists.swedish.consultation_texts import CHECK, items
from pipelines.cli.pupil.consult import lines_of, page_of
from tests.sql.ladder import STOCKHOLM

FACTS = OwnFacts(
    names=("Alva", "Lindqvist", "Bo", "Åke Ström", "Åke", "Ström"),
    places=("8B", "99990001", "Ekbackens skola"),
    subjects=("EN", "Matematik"),
)
CASE = Consultation("late", (40, 50), None, (("ulf_one_month", False),), "scattered", "unknown")


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_a_share_lies_in_its_band_and_the_band_is_ten_points(absent: int, more: int) -> None:
    reported = absent + more - 1
    band = band_of(absent, reported)
    if not reported:
        assert band is None
        return
    assert band is not None
    low, high = band
    assert high - low == 10
    assert Fraction(low, 100) <= Fraction(absent, reported) <= Fraction(high, 100)


@pytest.mark.parametrize("absent", [1, 1000])
def test_a_step_itself_belongs_to_the_band_above_it(absent: int) -> None:
    assert band_of(absent, absent * 10) == (10, 20)


def test_a_grade_is_told_as_a_stage_only() -> None:
    told = [stage_of(grade) for grade in (*range(11), None)]
    assert told == ["early"] * 4 + ["middle"] * 3 + ["late"] * 3 + ["unknown"] * 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hur stöttar vi ALVA?", "a name"),
        ("Alvas mamma undrar", "a name"),
        ("Samtal med Åke", "a name"),
        ("Eleven i 8b", "class or the school"),
        ("på ekbackens  skola", "class or the school"),
        ("svårt i matematik", "a subject"),
        ("nummer 20120505-9858", "long number"),
        ("nummer 2012 05 05", "long number"),
        ("möte 12 oktober", "a date"),
        ("efter majlovet", "a date"),
        ("sedan augusti", "a date"),
        ("möte 2026-10-12", "long number or a date"),
        ("Hon vill inte", "sex"),
    ],
)
def test_words_by_which_the_pupil_can_be_known_are_refused(text: str, kind: str) -> None:
    with pytest.raises(RevealingTextError, match=kind) as refused:
        refuse_revealing(text, FACTS)
    assert text not in str(refused.value)


MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni", "juli"),
    *("augusti", "september", "oktober", "november", "december"),
)
AFTER = ("", "s", "lovet", "veckan", "avslutningen", "natten", "orkanen", "utflykten", "enkäten")


@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("after", AFTER)
def test_a_month_is_a_date_whatever_word_it_begins(month: str, after: str) -> None:
    with pytest.raises(RevealingTextError, match="a date"):
        refuse_revealing(f"Sedan {month}{after} är det bättre", FACTS)


def test_a_pupil_who_is_called_as_a_month_has_a_name() -> None:
    facts = replace(FACTS, names=("Maj-Britt", "Maj", "Britt", "Juni"))
    for text in ("Maj är trött", "Samtal med Juni", "Maj-Britts mamma"):
        with pytest.raises(RevealingTextError, match="a name"):
            refuse_revealing(text, facts)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Hur kan en skola stötta en elev som bor växelvis?", "Samtal hemma 3 gånger"),
        *("En elev", "En majoritet av lektionerna", "Eleven marscherar ut", "En junior"),
    ],
)
def test_words_that_fit_many_pupils_are_taken(text: str) -> None:
    refuse_revealing(text, FACTS)


@given(st.sampled_from(FACTS.names + FACTS.places), st.text(" ,.!?-\n", max_size=3), st.booleans())
def test_no_fact_of_the_pupil_hides_between_signs(fact: str, sign: str, is_loud: bool) -> None:
    said = fact.upper() if is_loud else fact
    with pytest.raises(RevealingTextError):
        refuse_revealing(f"vad gör vi{sign or ' '}{said}{sign or ' '}nu", FACTS)


def test_a_sheet_reminds_to_check_and_has_what_was_asked() -> None:
    sheet = items(CASE, STOCKHOLM, ["Samtal <b>hemma</b>"], "Vad är nästa steg?")
    lines = list(lines_of(sheet))
    page = page_of(sheet)
    for said in (
        CHECK,
        "Årskurs 7–9",
        "En månad: 40–50 %",
        "Två månader: ingen lektion är rapporterad",
        "Utspridd: lite eller inget ligger i långa perioder",
        "Minst 40 % under en månad (troligt)",
        "Vad är nästa steg?",
    ):
        assert any(said in line for line in lines)
        assert said in page
    assert "<b>hemma" not in page
    assert "script" not in page
