"""What a list says of a pupil whom nobody, or hardly anybody, sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from assets.watchlists import outline
from assets.watchlists.model import PupilRow, ThinRow, Unseen
from assets.watchlists.swedish import evidence_texts, headings, unseen_texts
from tests.unit import watchlist_factory as make
from tests.unit.page_reader import rendered

GONE_SINCE = Unseen(date(2026, 8, 17), date(2026, 10, 2))
NOTHING = make.sums(0, of=0, days=0)
SILENT = make.evidence(
    "mentor_followup", NOTHING, verdict="insufficient", certainty=None, reason="no_lessons"
)


def unseen(given: str = "Selam", **other: Any) -> PupilRow:
    plain = make.unassessed(given, "Haile", evidence=(SILENT,), one_month=NOTHING)
    return replace(plain, unseen=GONE_SINCE, **other)


def test_the_next_step_says_since_when_and_what_to_do() -> None:
    assert outline.next_step(unseen()) == (
        "Inga lektioner sedan 2 oktober 2026: kontrollera schema och placering, kontakta"
        " eleven och vårdnadshavarna."
    )
    never = unseen_texts.next_step(Unseen(None, None))
    assert never.startswith("Inga lektioner i uppgifterna: kontrollera")


def test_a_pupil_on_a_level_whom_nobody_sees_now_has_both_steps() -> None:
    told = outline.next_step(replace(make.pupil(level=2), unseen=GONE_SINCE))
    assert told.startswith("Mentor tar upp det med rektor")
    assert told.endswith("kontakta eleven och vårdnadshavarna.")


def test_the_row_says_it_once_for_all_rules() -> None:
    silent = unseen(evidence=(SILENT, replace(SILENT, basis="calendar")), thin_percent=None)
    assert unseen_texts.row_lines(silent) == (unseen_texts.ROW_LINE,)
    thin = replace(make.pupil(level=1), thin_percent=20)
    assert unseen_texts.row_lines(thin) == ("Schema 20 % av klassens",)


def test_who_is_not_seen_stands_in_one_table_of_the_section_only() -> None:
    watchlist = make.watchlist(insufficient=(unseen(), make.unassessed("Nils", "Ek")))
    assert [row.given_name for row in evidence_texts.unseen_table(watchlist).rows] == ["Selam"]
    assert [outline.lacks_data(row) for row in watchlist.insufficient] == [False, True]


def test_a_pupil_on_a_level_whom_nobody_sees_is_in_the_section_too() -> None:
    listed = replace(make.pupil(level=1), unseen=GONE_SINCE, pupil_key="a")
    watchlist = make.watchlist(listed, insufficient=(listed,))
    assert watchlist.unseen == (listed,)


def test_the_classes_come_in_order() -> None:
    rows = (unseen("Bo", school_class="9A"), unseen("Al", school_class="7C"), unseen("Cy"))
    assert [row.given_name for row in make.watchlist(insufficient=rows).unseen] == [
        "Cy", "Al", "Bo",
    ]  # fmt: skip


def test_how_many_were_looked_at_says_for_how_many_it_led_to_nothing() -> None:
    assert unseen_texts.evaluated(make.watchlist()) == "312 elever"
    told = unseen_texts.evaluated(make.watchlist(insufficient=(unseen(),)))
    assert told == (
        "312 elever. För 1 av dem räcker uppgifterna inte för att bedöma alla gränser,"
        " 1 har inga lektioner."
    )


def test_a_list_without_such_pupils_has_no_such_headings(tmp_path: Path) -> None:
    page = rendered(make.full_list(), tmp_path).all("html")[0].text
    for heading in (unseen_texts.UNSEEN, unseen_texts.THIN, unseen_texts.LOST, headings.UNSEEN):
        assert heading not in page


def test_a_thin_timetable_and_lost_rows_are_reported(tmp_path: Path) -> None:
    thin = ThinRow("Moa", "Berg", None, "7B", 7, "", 0, date(2026, 10, 19))
    value = ("thin.share", "50 %", "Eget val: ett prov.")
    watchlist = make.watchlist(thin=(thin,), lost_rows=12, shared_parameters=(value,))
    section = rendered(watchlist, tmp_path).by_id("osedda").text
    assert "1 elev har under 50 % av klassens schemalagda tid per skoldag" in section
    assert "Schema under 1 % av klassens" in section
    assert "12 rader i skolans filer har ett personnummer" in section
