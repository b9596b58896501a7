"""What was done about pupils, as a page and a workbook show it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.watchlists.decisions import Persistence, by_persistence
from assets.watchlists.mentor_lists import watchlist_of_mentor
from assets.watchlists.model import PupilRow, ReadFollowUp, RowFollowUp, Watchlist
from assets.watchlists.page.page import write_page
from assets.watchlists.page.rows import pupil_headings
from assets.watchlists.release.remembered import packed, unpacked
from assets.watchlists.swedish import follow_up_texts, mentor_texts
from assets.watchlists.workbook.print_sheet import print_columns
from assets.watchlists.workbook.pupil_sheets import gone_table, pupil_table
from tests.unit.watchlist_factory import cleared, full_list, history, pupil, watchlist

READ = ReadFollowUp(datetime(2026, 11, 16, 2, tzinfo=UTC), is_stale=False)
LATE = RowFollowUp(idle_days=12, overdue="assessment", allowed_days=10, is_unmoved=True)
DONE = RowFollowUp(
    principal_status="investigation_started",
    principal_date=date(2026, 11, 12),
    responsible="Karin Holmström",
    idle_days=1,
)


def row(family: str, found: RowFollowUp | None) -> PupilRow:
    return replace(pupil("Alva", family, level=2, history=history("continuing")), follow_up=found)


def followed(*rows: PupilRow) -> Watchlist:
    return replace(watchlist(*rows, compared_with="2026-W45"), follow_up=READ)


def test_who_waits_for_an_act_is_a_group_before_all_others() -> None:
    groups = by_persistence(followed(row("Klar", DONE), row("Sen", LATE)))
    assert groups[0].persistence is Persistence.OVERDUE
    assert [one.family_name for one in groups[0].pupils] == ["Sen"]
    assert [one.family_name for one in groups[1].pupils] == ["Klar"]


def test_without_a_portal_lists_have_the_groups_and_columns_of_before() -> None:
    plain = full_list()
    assert Persistence.OVERDUE not in {group.persistence for group in by_persistence(plain)}
    headings = {column.heading for column in pupil_table(plain).columns}
    headings |= {column.heading for column in print_columns(plain, "rektor")}
    headings |= {heading for _, heading in pupil_headings(plain)}
    assert not headings & {"Status", "Ansvarig", "Skoldagar utan åtgärd", "Uppföljning"}


@pytest.mark.parametrize("reader", ["rektor", "mentor"])
def test_a_printed_list_has_eight_columns_with_a_portal_too(reader: str) -> None:
    columns = print_columns(followed(row("Sen", LATE)), reader)  # type: ignore[arg-type]
    assert len(columns) <= 8
    assert columns[-1].value(row("Sen", LATE)) == "12"


@pytest.mark.parametrize("read", [None, READ])
def test_the_page_has_room_for_each_column(read: ReadFollowUp | None, tmp_path: Path) -> None:
    shown = replace(followed(row("Sen", LATE)), follow_up=read)
    write_page(shown, tmp_path / "list.html")
    style = (tmp_path / "list.html").read_text(encoding="utf-8").partition("<style>")[2]
    rows = r"\.pupil > tr:first-child \{\s*(?:display: grid;)?\s*grid-template-columns:([^;]*);"
    grids = re.findall(rows, style)
    assert grids[-1].count("minmax") == len(pupil_headings(shown))


def test_a_row_says_what_is_late_and_what_was_done() -> None:
    assert follow_up_texts.lines(row("Sen", LATE)) == (
        "Försenad: rektors bedömning. 12 skoldagar utan åtgärd, påminnelse efter 10.",
        "Inget har skrivits in sedan förra listan.",
        "Ingen åtgärd är inskriven.",
    )
    assert follow_up_texts.on_row(row("Klar", DONE)) == (
        "Rektor: Utredning pågår 2026-11-12 · Ansvarig: Karin Holmström"
    )
    planned = replace(LATE, overdue="follow_up", allowed_days=0, next_date=date(2026, 11, 13))
    assert follow_up_texts.lines(row("Sen", planned))[0] == (
        "Försenad: uppföljning skulle ha gjorts 2026-11-13."
    )


def test_who_is_on_the_list_no_more_keeps_what_was_begun() -> None:
    """follow-up.md: follow-up is never changed by a verdict."""
    lapsed = replace(DONE, idle_days=None, overdue="follow_up", allowed_days=0)
    lapsed = replace(lapsed, next_date=date(2026, 11, 13))
    told = {
        None: "",
        DONE: "Rektor: Utredning pågår 2026-11-12 · Ansvarig: Karin Holmström",
        replace(DONE, next_date=date(2026, 11, 20)): (
            "Rektor: Utredning pågår 2026-11-12 · Ansvarig: Karin Holmström · "
            "Nästa uppföljning: 2026-11-20"
        ),
        lapsed: (
            "Försenad: uppföljning skulle ha gjorts 2026-11-13 · Rektor: Utredning pågår "
            "2026-11-12 · Ansvarig: Karin Holmström"
        ),
    }
    for found, words in told.items():
        gone = cleared(follow_up=found)
        shown = replace(followed(), cleared=(gone,))
        assert gone_table(shown).columns[-1].heading == "Uppföljning"
        assert gone_table(shown).columns[-1].value(gone) == words
        assert unpacked(packed(shown)) == shown
        # What waits is counted of the list alone.
        assert shown.overdue == ()
    without = replace(followed(), cleared=(cleared(),), follow_up=None)
    assert gone_table(without).columns[-1].heading != "Uppföljning"


def test_who_is_responsible_and_not_of_the_school_is_not_named() -> None:
    unknown = replace(DONE, responsible="", is_responsible_unknown=True)
    assert follow_up_texts.responsible(unknown) == "se portalen"
    assert follow_up_texts.responsible_or_mentor(row("Klar", unknown)) == "Maria Lindqvist"


def test_a_list_of_before_opens_and_is_without_follow_up() -> None:
    old = json.loads(packed(full_list()))
    del old["follow_up"]
    for part in ("pupils", "insufficient", "cleared"):
        for one in old[part]:
            del one["follow_up"]
    assert unpacked(json.dumps(old)) == full_list()


def test_a_list_with_follow_up_is_remembered_whole() -> None:
    shown = followed(row("Klar", DONE), row("Sen", LATE))
    assert unpacked(packed(shown)) == shown


def test_a_mentor_is_told_that_the_portal_could_not_be_read() -> None:
    stale = followed(row("Sen", LATE))
    stale = replace(stale, follow_up=replace(READ, is_stale=True))
    sentence = follow_up_texts.stale(stale)
    assert sentence.startswith("Uppföljningen är från 16 november 2026 kl. 03:00:")
    stale = replace(stale, notices=(sentence,))
    (mentor,) = stale.pupils[0].mentors
    assert watchlist_of_mentor(stale, mentor).notices == (sentence,)
    both = replace(stale, notices=(sentence, "Något om skolan."))
    assert watchlist_of_mentor(both, mentor).notices == (sentence, mentor_texts.SCHOOL_NOTICES)


def test_the_summary_counts_them() -> None:
    assert follow_up_texts.in_brief(followed(row("Sen", LATE), row("Klar", DONE))) == (
        "1 elev kvar utan åtgärd, 1 av dem sedan förra listan."
    )
    assert follow_up_texts.in_brief(followed(row("Klar", DONE))) == (
        "Ingen elev är kvar utan åtgärd."
    )
    assert follow_up_texts.in_brief(full_list()) == ""
