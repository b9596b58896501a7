"""A school's page as a browser shows it: heard, worked in by keyboard, read on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from assets.watchlists.model import ToldWeek, Watchlist, YearWeeks
from assets.watchlists.page.page import write_page
from tests.unit import watchlist_factory as make

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="this machine has no Chromium")

DESKTOP, PHONE = (1366, 768), (390, 844)
HOSTILE = "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without a sandbox of its own: tests also run as root in a container.
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


#: A school year as long as it gets, up to the list's week; a break in it, and a week alone.
YEAR = YearWeeks(
    date(2026, 2, 9),
    tuple(0 if n in {9, 20, 22, *range(24, 34)} else 1500 for n in range(40)),
    tuple(0 if n in {9, 20, 22, *range(24, 34)} else 37 * n for n in range(40)),
)
TOLD = tuple(
    ToldWeek(f"2026-W{week}", 960, 150 + 3 * week, (140 + 3 * week, 60, week - 20))
    for week in range(27, 46)
    if week != 35
)


def school(pupils: int) -> Watchlist:
    """A list of so many pupils; every third is the principal's, every fifth has less absence."""
    of_october = make.evidence("mentor_followup", make.sums(1200), basis="calendar")
    rows = []
    for number in range(pupils):
        level = 2 if number % 3 == 0 else 1
        pupil = make.pupil(
            f"Elev{number:04}",
            level=level,
            absent=1300 + number % 1500,
            mentor=f"Mentor {number % 12}",
            school_class=f"{number % 10}B",
            history=make.history("new" if number % 20 == 0 else "continuing"),
            year_weeks=YEAR,
        )
        rows.append(replace(pupil, evidence=(of_october,)) if number % 5 == 4 else pupil)
    return make.watchlist(
        *rows,
        insufficient=(make.unassessed(),),
        unreported=(make.unreported(),),
        cleared=(make.cleared(),),
        compared_with="2026-W45",
        pupils_evaluated=max(pupils * 4, 1),
        told_weeks=TOLD,
        notices=("Klass 8C saknar rapporter.", "En sak till."),
    )


def opened(
    browser: Browser, watchlist: Watchlist, folder: Path, size: tuple[int, int], **other: str
) -> Page:
    """The page in a tab of this size; fails on anything that the page's policy stops."""
    path = folder / "list.html"
    write_page(watchlist, path)
    width, height = size
    tab = browser.new_page(viewport={"width": width, "height": height}, **other)  # type: ignore[arg-type]
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(path.as_uri())
    assert said == []
    return tab


def shown(tab: Page) -> list[str]:
    """The names of the pupils' rows that are not hidden, from top to bottom."""
    names = tab.locator("tbody.pupil:not([hidden]) summary").all_text_contents()
    return [name.strip() for name in names]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_with_everything_opened_hinders_nobody(
    browser: Browser, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    tab = opened(browser, school(12), tmp_path, size, color_scheme=scheme)
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    small = tab.evaluate(
        """[...document.querySelectorAll('a, button, summary, input, select')]
        .filter((one) => one.checkVisibility() && !one.matches('.skip'))
        .map((one) => [one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
        .map(([text]) => text)"""
    )
    assert small == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_first_screen_has_the_questions_and_the_ten_to_look_at_first(
    browser: Browser, tmp_path: Path
) -> None:
    tab = opened(browser, school(240), tmp_path, DESKTOP)
    names = tab.locator(".first li")
    assert names.count() == 10
    for part in (tab.locator(".tiles li").last, names.last):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 768


def test_240_pupils_take_at_most_fifteen_screens(browser: Browser, tmp_path: Path) -> None:
    tab = opened(browser, school(240), tmp_path, DESKTOP)
    assert tab.evaluate("document.documentElement.scrollHeight") <= 15 * 768


def test_a_row_opens_by_keyboard_and_by_a_click_anywhere_on_it(
    browser: Browser, tmp_path: Path
) -> None:
    tab = opened(browser, school(3), tmp_path, DESKTOP)
    row = tab.locator("#pagar tbody.pupil").first
    behind = row.locator(".behind")
    assert not behind.is_visible()
    row.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert behind.is_visible()
    row.locator("td.absence").click()
    assert not behind.is_visible()


def test_everything_can_be_read_where_no_script_runs(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "list.html"
    write_page(school(6), path)
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(path.as_uri())
    assert not tab.locator("#sok").is_visible()
    row = tab.locator("#pagar tbody.pupil").first
    row.locator("summary").click()
    assert row.locator(".behind").is_visible()
    fold = tab.locator("#pagar details.fold")
    fold.locator("summary").first.click()
    assert fold.locator("tbody.pupil").first.is_visible()


def test_a_heading_sorts_its_rows_and_says_so(browser: Browser, tmp_path: Path) -> None:
    tab = opened(browser, school(30), tmp_path, DESKTOP)
    rows = "#pagar > .pupils > tbody.pupil"
    names = [name.strip() for name in tab.locator(f"{rows} summary").all_text_contents()]
    heading = tab.locator("#pagar > .pupils > thead th.name")
    for order in ("ascending", "descending"):
        heading.locator("button").click()
        found = [name.strip() for name in tab.locator(f"{rows} summary").all_text_contents()]
        assert found == sorted(names, reverse=order == "descending")
        assert heading.get_attribute("aria-sort") == order
    tab.locator("#pagar > .pupils > thead th.absence button").click()
    shares = tab.locator(f"{rows} .absence").all_text_contents()
    numbers = [float(share.split()[0].replace(",", ".")) for share in shares]
    assert numbers == sorted(numbers, reverse=True)


def test_a_search_shows_who_fits_opens_folds_and_tells_how_many(
    browser: Browser, tmp_path: Path
) -> None:
    tab = opened(browser, school(48), tmp_path, DESKTOP)
    everybody = shown(tab)
    assert len(everybody) == 49
    tab.locator("#sok-mentor").select_option("Mentor 1")
    fits = {f"Andersson, Elev{number:04}" for number in range(48) if number % 12 == 1}
    assert set(shown(tab)) == fits
    assert tab.locator("#sok-antal").text_content() == "Visar 4 av 49 elever"
    assert tab.locator("#pagar details.fold").get_attribute("open") is not None
    tab.locator("#sok-namn").fill("elev0013")
    assert shown(tab) == ["Andersson, Elev0013"]
    tab.locator("#sok-alla").click()
    assert shown(tab) == everybody
    assert tab.locator("#pagar details.fold").get_attribute("open") is None
    tab.locator("#sok-fraga").select_option("q-ulf")
    asked = {f"Andersson, Elev{n:04}" for n in range(48) if n % 3 == 0 and n % 5 != 4}
    assert set(shown(tab)) == asked


def test_a_name_among_the_first_leads_to_the_row_even_when_it_is_folded(
    browser: Browser, tmp_path: Path
) -> None:
    alone = make.watchlist(make.pupil(level=1), compared_with="2026-W45")
    tab = opened(browser, alone, tmp_path, DESKTOP)
    assert not tab.locator("#elev-1 summary").is_visible()
    tab.locator(".first a").click()
    tab.locator("#elev-1 .behind").wait_for(state="visible")


def test_a_script_in_a_name_does_not_run_even_as_markup(browser: Browser, tmp_path: Path) -> None:
    pupil = make.pupil(HOSTILE, HOSTILE, mentor=HOSTILE, school_class=HOSTILE)
    tab = opened(browser, make.watchlist(pupil, school_name=HOSTILE), tmp_path, DESKTOP)
    assert tab.title() != "run"
    assert tab.locator("#sok-mentor option").last.text_content() == HOSTILE
    # And had a text become markup after all, the page's policy stops what it would run.
    path = tmp_path / "broken.html"
    page = (tmp_path / "list.html").read_text(encoding="utf-8")
    path.write_text(page.replace("<main", f"{HOSTILE}<main"), encoding="utf-8")
    tab.goto(path.as_uri())
    assert tab.locator("img").count() == 1
    assert tab.title() != "run"


def test_of_2000_pupils_only_who_is_in_sight_is_laid_out(browser: Browser, tmp_path: Path) -> None:
    """By which a page of a large school opens and sorts without a wait."""
    tab = opened(browser, school(2000), tmp_path, DESKTOP)
    tab.evaluate("document.querySelector('#pagar').scrollIntoView()")
    tab.locator("#pagar > .pupils > thead th.name button").click()
    rows = tab.locator("#pagar > .pupils > tbody.pupil")
    laid_out = [
        row.evaluate(
            "async (one) => { await new Promise(requestAnimationFrame);"
            " return one.querySelector('td').checkVisibility({ contentVisibilityAuto: true }); }"
        )
        for row in (rows.first, rows.last)
    ]
    assert laid_out == [True, False]
