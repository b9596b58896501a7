"""What a page shows of a list: as it was published, a curve with its table, and on paper."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import partial
from html import unescape
from typing import Any

from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from portal.home import the_home
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.portal.towns import ALM, AS_OF, MO, REKTOR, TEAM, WEEK, A, Town

HALF = re.compile(r"50(,0)?\s%")
NEWER = "Det finns en nyare lista"


def page_of(town: Town, who: str, place: str) -> str:
    answer: Any = town.client(who).get(place)
    assert answer.status_code == 200, place
    return unescape(answer.content.decode())


def test_the_curve_of_a_school_year_has_its_table(town: Town) -> None:
    """Half of every lesson was missed from 24 August on: so says each week with lessons."""
    for who in (REKTOR[A], MO):
        page = page_of(town, who, town.url(ALM))
        assert "<svg" in page
        curve = page.partition("Samma som tabell")[2].partition("</table>")[0]
        rows = re.findall(r'<th scope="row">v\. (\d+)</th><td>([^<]*)</td>', curve)
        told = {int(week): share for week, share in rows}
        with_lessons = {
            day.isocalendar().week
            for day in (date(2026, 8, 24) + timedelta(days=n) for n in range(47))
        }
        assert {week for week, share in told.items() if HALF.fullmatch(share)} == with_lessons
        assert len(rows) == len(told) >= len(with_lessons)
        # And in words, for whom the picture is nothing: in black and white it is a line.
        assert re.search(r"v\. 41 50(,0)?\s%", page)


def test_a_pupils_page_on_paper_says_the_same_and_asks_nothing(town: Town) -> None:
    town.said(MO, ALM, mentor_status="contact_made", note="Ringde hem")
    screen, paper = (page_of(town, MO, town.url(ALM, page)) for page in ("", "utskrift/"))
    main = paper.partition("<main")[2]
    for word in ("<form", "<button", "<select", "<textarea", "<input"):
        assert word not in main, word
    for words in (ALM, "Kontakt tagen", "Ringde hem", "Samma som tabell", "Underlag"):
        assert words in main
        assert words in screen
    # What was taken back stays on the screen, and is not carried about on paper.
    (note,) = [one for one in town.events(ALM) if one.kind == "note"]
    town.client(MO).post(town.url(ALM, f"handelse/{note.public_id}/ta-tillbaka/"))
    assert "Ringde hem" in page_of(town, MO, town.url(ALM))
    assert "Ringde hem" not in page_of(town, MO, town.url(ALM, "utskrift/"))


def test_the_teams_page_on_paper_has_nothing_of_the_schools(town: Town) -> None:
    town.raise_case(ALM)
    town.said(MO, ALM, note="Ringde hem")
    town.said(TEAM, ALM, goal="Hela veckor")
    team, mentor = (page_of(town, who, town.url(ALM, "utskrift/")) for who in (TEAM, MO))
    assert ("Hela veckor" in team, "Ringde hem" in team) == (True, False)
    assert ("Hela veckor" in mentor, "Ringde hem" in mentor) == (False, True)


def test_a_list_of_a_frozen_week_says_when_a_newer_one_is_out(own_town: Town) -> None:
    town = own_town
    frozen, current = f"/skola/{A}/?vecka={WEEK}", f"/skola/{A}/"
    for place in (frozen, current):
        page = page_of(town, REKTOR[A], place)
        assert "2026-10-11" in page or "11 oktober 2026" in page, "as of"
        assert NEWER not in page
    the_home().close()
    with Lake.open(settings_of(town.path)) as lake:
        release_lists(lake, AS_OF + timedelta(days=1), partial(rule_set_on, "stockholm"))
    assert NEWER in page_of(town, REKTOR[A], frozen)
    page = page_of(town, REKTOR[A], current)
    assert NEWER not in page
    assert "aktuell lista" in page


def test_a_later_frozen_week_is_a_newer_list(own_town: Town) -> None:
    assert NEWER not in page_of(own_town, REKTOR[A], f"/skola/{A}/?vecka={WEEK}")
    (own_town.path / "lists" / "2026-W42" / A).mkdir(parents=True)
    assert NEWER in page_of(own_town, REKTOR[A], f"/skola/{A}/?vecka={WEEK}")
