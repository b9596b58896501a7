"""What a row folds out to: true to its numbers, never a reason, never a decision."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.flags.beyond_chance import ComparedWeeks, Weekday, WeekSpan
from assets.flags.outlook import Outlook
from assets.flags.patterns import Pattern, Run, Week
from assets.flags.rearrangements import Rearranged
from assets.flags.within_days import Edge, Placed, TimetablePart
from assets.lake.encryption import Sealer
from assets.watchlists.model import PupilOutlook, PupilRow, RuleOutlook, Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.release.remembered import FILE_NAME, recall, remember
from assets.watchlists.swedish import outlook_texts, pattern_texts
from assets.watchlists.swedish.evidence_texts import evidence_table
from assets.watchlists.swedish.explanations import facts, notes
from tests.unit import watchlist_factory as make

RULES = {rule.rule: rule for rule in make.RULES}
SOON = date(2026, 11, 27)
# Words that would explain, blame or decide.
NEVER = ("skolk", "ohälsa", "orsak", "därför att", "beror på", "risk", "problem", "beslut", "sjuk")


MONDAY = Weekday(
    "1", 7, 6, 2100, 1800, 9000, 1500, is_named=True, spells=5,
    rearranged=Rearranged(37, (1, 1, 1, 2, 2), 6, 3, 40_000),
)  # fmt: skip
FIRST_LESSON = Edge(
    "first", 30, 12, 10, 120, 9, is_named=True,
    placed=Placed(((1, 5),) * 10, 10, 1, 5**10),
)  # fmt: skip
SPORTS = TimetablePart(
    "IDH", 8, 7, 480, 420, 10_620, 2880, is_named=True, alone_days=4, questions=6,
    placed=Placed(((1, 5),) * 4, 4, 1, 5**4),
)  # fmt: skip
BEFORE = ComparedWeeks(
    4,
    WeekSpan(date(2026, 8, 24), date(2026, 9, 18), 20, 1, 1, 6000, 300),
    WeekSpan(date(2026, 9, 21), date(2026, 10, 16), 20, 9, 8, 6000, 2700),
    Rearranged(40, (1,) * 8 + (2,), 9, 7, 9000),
)


def pattern(**other: object) -> Pattern:
    last = date(2026, 11, 15)
    weeks = tuple(
        Week(last - timedelta(days=7 * n + 6), last - timedelta(days=7 * n), 5, 1500, 300)
        for n in range(7, -1, -1)
    )
    plain = Pattern(
        first_date=date(2026, 9, 17),
        last_date=last,
        days=37,
        absent_days=12,
        whole_days=10,
        reported_minutes=11_100,
        absent_minutes=3300,
        shape="coherent",
        longest_run=Run(date(2026, 10, 5), date(2026, 10, 16), 10, 3000),
        long_run_minutes=3000,
        weekdays=(MONDAY,),
        edges=(FIRST_LESSON,),
        subjects=(SPORTS,),
        trend="rising",
        weeks=weeks,
        compared=BEFORE,
    )
    return replace(plain, **other)  # type: ignore[arg-type]


def pupil(**other: object) -> PupilRow:
    outlooks = tuple(
        RuleOutlook(rule, basis, Outlook(rule == "mentor_followup", SOON, SOON, 17))
        for rule in RULES
        for basis in ("rolling", "calendar")
    )
    row = make.pupil(level=1, pattern=pattern(), ahead=PupilOutlook(outlooks, None, 4))
    return replace(row, **other)  # type: ignore[arg-type]


def every_text(row: PupilRow) -> str:
    watchlist = make.watchlist(row)
    lines = [line for note in notes(watchlist, row) for line in note.lines]
    table = evidence_table(watchlist)(row)
    cells = [str(column.value(item)) for item in table.rows for column in table.columns]
    return "\n".join([*lines, *facts(watchlist, row), *cells, pattern_texts.brief(row.pattern)])


def test_a_pattern_in_brief_names_what_stands_out_and_nothing_else() -> None:
    assert pattern_texts.brief(pattern()) == (
        "Sammanhängande · längst 10 skoldagar · måndagar · första lektionen · IDH"
        " · ökade före perioden"
    )
    quiet = pattern(weekdays=(), edges=(), subjects=(), trend="level", shape="scattered")
    assert pattern_texts.brief(quiet) == "Utspridd"
    assert pattern_texts.brief(None) == "–"
    assert pattern_texts.brief(replace(quiet, shape="too_little")) == "–"


def test_a_pattern_is_reported_with_its_shares() -> None:
    told = " ".join(pattern_texts.sentences(pattern()))
    assert "90,9 % av frånvaron ligger i långa perioder" in told
    assert "10 skoldagar i rad, 5 okt–16 okt 2026" in told
    assert "mer på måndagar än på övriga dagar: 85,7 % mot 16,6 %" in told
    assert "Minst en lektion missad 6 av 7 måndagar, i 5 skilda perioder" in told
    assert (
        "ökade före den tid som listan gäller: 45,0 % 21 sep–16 okt 2026"
        " mot 5,0 % 24 aug–18 sep 2026"
    ) in told
    assert "Dagens första lektion missas oftare än dagens övriga" in told
    assert "12 av 30 dagar, 10 av dem med närvaro på en annan lektion" in told
    assert "högre i IDH än i övriga ämnen: 87,5 % mot 27,1 %. Missat 4 dagar med" in told


def test_the_law_has_the_word_upprepad_and_no_pattern_has_it() -> None:
    for shape in ("coherent", "scattered", "mixed"):
        assert "pprepad" not in every_text(pupil(pattern=pattern(shape=shape)))


def test_a_list_of_before_chance_was_asked_names_nothing() -> None:
    old = pattern(
        weekdays=(replace(MONDAY, rearranged=None),),
        edges=(replace(FIRST_LESSON, placed=None),),
        subjects=(replace(SPORTS, placed=None),),
        compared=None,
    )
    told = " ".join((pattern_texts.brief(old), *pattern_texts.sentences(old)))
    assert "måndagar" not in told
    assert "första lektion" not in told
    assert "IDH" not in told
    assert "ökade" not in told


@pytest.mark.parametrize(
    ("rule", "outlook", "told"),
    [
        ("mentor_followup", Outlook(True, SOON, SOON), "kan inte bli 10 % eller lägre före 27"),
        ("ulf_one_month", Outlook(True, SOON, SOON), "kan inte gå under 40 % före 27 november"),
        ("ulf_one_month", Outlook(True, SOON, None), "under 40 % före läsårets slut, även med"),
        ("ulf_one_month", Outlook(False, SOON, SOON, 17), "om eleven missar 17 lektioner till i"),
        ("ulf_one_month", Outlook(False, SOON, SOON, 1), "om eleven missar 1 lektion till i rad"),
        (
            "ulf_one_month",
            Outlook(False, SOON, SOON, 0),
            "blir minst 40 % den 27 november 2026",
        ),
        ("ulf_one_month", Outlook(False, SOON), "kan inte bli minst 40 % före läsårets slut"),
        ("ulf_one_month", Outlook(False), "räknas inte om före läsårets slut"),
        ("ulf_one_month", Outlook(False, unknown="monthly_sums"), "bara summor per månad"),
        ("ulf_one_month", Outlook(False, unknown="no_timetable"), "inga kommande lektioner"),
    ],
)
def test_an_outlook_says_the_earliest_day_and_on_what_it_hangs(
    rule: str, outlook: Outlook, told: str
) -> None:
    assert told in outlook_texts.outlook(outlook, RULES[rule])


def test_the_next_step_is_reported_and_a_referral_only_after_a_ulf_step() -> None:
    at_one = "\n".join(outlook_texts.outlook_lines(pupil(level=1), RULES))
    assert "Nästa gräns – Minst 40 % under 1 månad" in at_one
    at_two = "\n".join(outlook_texts.outlook_lines(pupil(level=2, grade=8), RULES))
    assert "Nästa gräns – ULF-gräns och minst 20 %" in at_two
    in_grade_three = "\n".join(outlook_texts.outlook_lines(pupil(level=2, grade=3), RULES))
    assert "Nästa gräns" not in in_grade_three
    assert "Nästa gräns" not in "\n".join(outlook_texts.outlook_lines(pupil(level=3), RULES))


@pytest.mark.parametrize("shape", ["none", "too_little", "coherent", "scattered", "mixed"])
@pytest.mark.parametrize("trend", ["unknown", "rising", "falling", "level"])
def test_no_text_explains_blames_or_decides(shape: str, trend: str) -> None:
    told = every_text(pupil(pattern=pattern(shape=shape, trend=trend))).lower()
    assert not [word for word in NEVER if re.search(rf"\b{word}", told)]


def test_a_subject_from_the_data_can_not_become_markup(tmp_path: Path) -> None:
    evil = replace(SPORTS, name="<b>SV</b>\n")
    row = pupil(pattern=pattern(subjects=(evil,)))
    write_page(make.watchlist(row), tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b>SV" not in text
    assert "&lt;b&gt;SV" in text


def test_a_remembered_list_keeps_what_stands_behind_its_rows(tmp_path: Path) -> None:
    watchlist: Watchlist = make.watchlist(pupil())
    sealer = Sealer.of_home(tmp_path)
    place = tmp_path / "2026-W46" / watchlist.school_unit_code
    place.mkdir(parents=True)
    (place / FILE_NAME).write_bytes(remember(sealer, watchlist, "2026-W46"))
    assert recall(sealer, place) == watchlist


def test_a_row_without_outlook_or_pattern_has_no_empty_headings() -> None:
    row = pupil(ahead=None, pattern=None)
    assert notes(make.watchlist(row), row) == ()
