"""The walks of follow-up.md in a real browser: by mouse, by keyboard, on a phone, and heard.

Everything that a page asks of anybody but this portal, and everything that its policy stops, fails.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from portal.models import Event
from tests.portal.towns import (
    ALM,
    HOSTILE,
    KURATOR,
    MIA,
    MO,
    NOBODY,
    OPERATOR,
    REKTOR,
    TEAM,
    WEEK,
    A,
    Town,
)

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="this machine has no Chromium")
DESKTOP, PHONE = (1366, 768), (390, 844)
_MOST_TABS = 40
_MOST_KEYS_A_ROW = 20
#: A quarter of the two minutes, also on a machine that has other work.
_MOST_SECONDS_FOR_TEN_ROWS = 30.0


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base(module_town: Town) -> Iterator[str]:
    """The address of the portal, as a browser opens it."""
    with pytest.MonkeyPatch.context() as patch:
        # The browser's driver has a loop in this thread, and the test asks the database there.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        application = get_wsgi_application()
        server = make_server("127.0.0.1", 0, application, _Threaded, _Silent)
        assert module_town.path.is_dir()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def chromium(base: str) -> Iterator[Browser]:
    """A browser without a sandbox of its own: tests also run as root in a container."""
    assert base
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@dataclass
class Desk:
    """Somebody's browser in front of the portal."""

    town: Town
    base: str
    context: BrowserContext
    page: Page
    troubles: list[str]

    def open(self, address: str) -> Page:
        """Open a page of the portal."""
        answer = self.page.goto(self.base + address)
        assert answer is not None
        return self.page


@pytest.fixture
def desks(base: str, chromium: Browser, town: Town) -> Iterator[Desks]:
    """Whoever sits down gets a browser; at the end none had a trouble."""
    found = Desks(town, base, chromium)
    yield found
    for desk in found.opened:
        assert desk.troubles == []
        desk.context.close()


class Desks:
    """Makes browsers."""

    def __init__(self, town: Town, base: str, chromium: Browser) -> None:
        self.town, self.base, self.chromium = town, base, chromium
        self.opened: list[Desk] = []

    def of(self, address: str, size: tuple[int, int] = DESKTOP) -> Desk:
        """Return the browser of somebody who is logged in."""
        context = self.chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="sv-SE"
        )
        if address:
            cookie = self.town.client(address).cookies["trappan"].value
            context.add_cookies([{"name": "trappan", "value": cookie, "url": self.base}])
        page, troubles = context.new_page(), list[str]()
        # Of a page that is refused the browser itself says so.
        page.on(
            "console",
            lambda said: (
                None if "Failed to load resource" in said.text else troubles.append(said.text)
            ),
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(f"{self.base}/") else troubles.append(asked.url)
            ),
        )
        desk = Desk(self.town, self.base, context, page, troubles)
        self.opened.append(desk)
        return desk


def hinders_nobody(page: Page, width: int) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, (page.url, found.generate_report())
    if page.evaluate("document.documentElement.scrollWidth") > width:
        wide = page.evaluate(
            """(width) => [...document.querySelectorAll('main *')]
            .filter((one) => !one.closest('.scroll') && one.getBoundingClientRect().right > width)
            .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`)""",
            width,
        )
        raise AssertionError((page.url, wide))


def filled(town: Town) -> None:
    town.raise_case(ALM)
    town.said(MO, ALM, mentor_status="contact_made", note="Ringde hem", next_date="2026-10-12")
    town.said(TEAM, ALM, goal="Hela veckor", team_step="step_3_planned")
    town.lend(KURATOR, [ALM])
    town.client(MO).get(town.url(ALM))


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_every_page_hinders_nobody(desks: Desks, size: tuple[int, int]) -> None:
    town = desks.town
    filled(town)
    town.moment = town.moment.replace(day=20)
    pages = {
        "": ["/logga-in/", "/logga-in/?misslyckad=1", "/finns-inte/"],
        NOBODY: ["/"],
        REKTOR[A]: [
            f"/skola/{A}/",
            f"/skola/{A}/?vecka={WEEK}",
            f"/skola/{A}/?vecka=2020-W01",
            f"/skola/{A}/delegeringar/",
            f"/skola/{A}/logg/",
            town.url(ALM),
            town.url(HOSTILE),
            town.url(ALM, "utskrift/"),
        ],
        MO: ["/mina/", town.url(ALM)],
        MIA: [town.url("Närvarander")],
        TEAM: ["/team/", town.url(ALM)],
        OPERATOR: ["/", "/drift/logg/"],
    }
    for who, addresses in pages.items():
        desk = desks.of(who, size)
        for address in addresses:
            page = desk.open(address)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            hinders_nobody(page, size[0])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_page_with_an_error_hinders_nobody(desks: Desks, size: tuple[int, int]) -> None:
    town = desks.town
    desk = desks.of(MO, size)
    page = desk.open("/mina/")
    row = page.locator("li.row").first
    row.locator("input[name=note]").fill("Har en diagnos")
    row.get_by_role("button", name="Spara", exact=True).click()
    expect(row.get_by_role("alert")).to_contain_text("Inga diagnoser")
    expect(row.locator("input[name=note]")).to_have_value("Har en diagnos")
    hinders_nobody(page, size[0])
    row.get_by_label("Spara ändå").check()
    row.get_by_role("button", name="Spara", exact=True).click()
    expect(row.get_by_role("status")).to_contain_text("Sparat")
    hinders_nobody(page, size[0])
    page = desk.open(town.url(ALM))
    page.locator("textarea[name=note]").fill("120314-9800")
    page.get_by_role("button", name="Spara", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("personnummer")
    hinders_nobody(page, size[0])
    rektor = desks.of(REKTOR[A], size).open(f"/skola/{A}/delegeringar/")
    rektor.get_by_label("Personens e-postadress").fill(KURATOR)
    rektor.get_by_label("Vad det gäller").fill("Stöd")
    rektor.get_by_label("Till och med").fill("2026-12-01")
    rektor.get_by_role("button", name="Delegera", exact=True).click()
    expect(rektor.get_by_role("alert")).to_contain_text("Välj minst en elev")
    hinders_nobody(rektor, size[0])


def _active(page: Page) -> tuple[str, str]:
    """Which row the focus is in, and on which field."""
    found: list[str] = page.evaluate(
        """() => { const one = document.activeElement;
        const row = one.closest('li.row');
        return [row ? row.id : '', one.getAttribute('name') || one.tagName]; }"""
    )
    return found[0], found[1]


@dataclass
class Keys:
    """Somebody's keyboard, which counts."""

    page: Page
    pressed: int = 0

    def press(self, key: str) -> None:
        """Press one key."""
        self.pressed += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Press one key for each letter."""
        self.pressed += len(text)
        self.page.keyboard.type(text)

    def tab_to(self, name: str, *, row: str = "", not_in: frozenset[str] = frozenset()) -> str:
        """Press Tab until a field of a row has the focus; return the row."""
        for _ in range(_MOST_TABS):
            where, field = _active(self.page)
            if field == name and where not in not_in and (not row or where == row):
                return where
            self.press("Tab")
        raise AssertionError(f"no field {name} within {_MOST_TABS} tabs")


def test_a_rektor_does_ten_rows_by_keyboard_alone(desks: Desks) -> None:
    page = desks.of(REKTOR[A]).open(f"/skola/{A}/")
    keys, asked, done = Keys(page), list[str](), set[str]()
    # The page's icon comes whenever the browser has time for it.
    page.on(
        "request",
        lambda one: (
            None if ".svg" in one.url else asked.append(f"{one.method} {one.resource_type}")
        ),
    )
    note = "Ringt hem"
    waited = 0.0
    for _ in range(10):
        row = keys.tab_to("principal_status", not_in=frozenset(done))
        keys.type("Utredning")
        assert page.evaluate("document.activeElement.value") == "investigation_started"
        keys.tab_to("note", row=row)
        keys.type(note)
        begin = time.perf_counter()
        keys.press("Enter")
        status = page.locator(f"[id='{row}'] [role=status]")
        expect(status).to_contain_text("Sparat")
        # The focus is in the row still, so that the next one is a few Tabs further on.
        page.wait_for_function(
            "(id) => document.activeElement.closest('li.row')?.id === id", arg=row, timeout=5000
        )
        waited += time.perf_counter() - begin
        done.add(row)
    assert len(done) == 10
    assert Event.objects.filter(kind="principal_status").count() == 10
    assert Event.objects.filter(kind="note").count() == 10
    # One request a row: the list is opened once, and nothing else is asked of the server.
    assert asked == ["POST xhr"] * 10
    # Of each row the words themselves, Enter, and the way through the form and to the next one.
    typed = 10 * len(f"Utredning{note}")
    assert keys.pressed - typed <= 10 * _MOST_KEYS_A_ROW
    # What the machine takes of the two minutes; the rest is the person's, to read and decide.
    print(f"ten rows: {keys.pressed} keys, {typed} of them letters, {waited:.1f} s waited")
    assert waited < _MOST_SECONDS_FOR_TEN_ROWS


def test_a_mentor_notes_a_contact_with_one_click(desks: Desks) -> None:
    desk = desks.of(MO)
    page = desk.open("/")
    expect(page.get_by_role("heading", name="Mina elever")).to_be_visible()
    row = page.locator("li.row").filter(has_text=ALM)
    assert row.locator(".sentence").inner_text().strip()
    row.get_by_role("button", name="Kontakt tagen").click()
    expect(row.get_by_role("status")).to_contain_text("Sparat")
    expect(row.locator(".status")).to_contain_text("Kontakt tagen")
    assert page.url == f"{desk.base}/mina/"
    (event,) = Event.objects.all()
    assert (event.kind, event.value) == ("mentor_status", "contact_made")


def test_a_row_that_is_saved_after_the_session_keeps_what_was_typed(desks: Desks) -> None:
    desk = desks.of(MO)
    page = desk.open("/mina/")
    row = page.locator("li.row").filter(has_text=ALM)
    row.locator("input[name=note]").fill("Ringde hem")
    desk.context.clear_cookies(name="trappan")
    row.get_by_role("button", name="Spara", exact=True).click()
    expect(row.get_by_role("alert")).to_contain_text("Det du skrev står kvar")
    expect(row.locator("input[name=note]")).to_have_value("Ringde hem")
    assert page.url == f"{desk.base}/mina/"
    assert Event.objects.count() == 0
    # The library says in the browser's own log that it was refused.
    desk.troubles[:] = [one for one in desk.troubles if "401" not in one]


def test_enter_in_a_mentors_row_says_nothing_but_what_was_typed(desks: Desks) -> None:
    page = desks.of(MO).open("/mina/")
    row = page.locator("li.row").filter(has_text=ALM)
    row.locator("input[name=note]").fill("Ring igen")
    row.locator("input[name=note]").press("Enter")
    expect(row.get_by_role("status")).to_contain_text("Sparat")
    assert [one.kind for one in Event.objects.all()] == ["note"]


def test_a_word_that_needs_a_reason_shows_the_field_for_it(desks: Desks) -> None:
    page = desks.of(MO).open("/mina/")
    row = page.locator("li.row").filter(has_text=ALM)
    reason = row.locator("input[name=reason]")
    expect(reason).to_be_hidden()
    row.locator("select[name=mentor_status]").select_option("no_action")
    expect(reason).to_be_visible()
    # Whoever sends it without one, by whatever way, has the field and the choice again.
    reason.evaluate("(one) => { one.required = false; }")
    row.get_by_role("button", name="Spara", exact=True).click()
    expect(row.get_by_role("alert")).to_contain_text("Skriv varför")
    expect(row.locator("select[name=mentor_status]")).to_have_value("no_action")
    expect(reason).to_be_visible()
    reason.fill("Är tillbaka")
    row.get_by_role("button", name="Spara", exact=True).click()
    expect(row.get_by_role("status")).to_contain_text("Sparat")


def test_a_team_finds_its_case_and_writes_its_plan_on_a_phone(desks: Desks) -> None:
    filled(desks.town)
    page = desks.of(TEAM, PHONE).open("/")
    page.get_by_role("link", name="Teamets ärenden").first.click()
    page.get_by_role("link", name=ALM).first.click()
    page.get_by_label("Insats –").select_option(label="Veckoplanering")
    page.get_by_role("button", name="Spara", exact=True).click()
    expect(page.locator("#handelser")).to_contain_text("Veckoplanering")
    assert Event.objects.filter(kind="measure", value="structure_1").count() == 1


def test_whoever_chooses_a_person_in_the_demo_lands_where_they_work(desks: Desks) -> None:
    desk = desks.of("")
    page = desk.open(f"/skola/{A}/")
    assert re.search(r"/logga-in/\?next=", page.url)
    page.get_by_role("button", name="Rektor 1", exact=True).click()
    assert page.url == f"{desk.base}/skola/{A}/"
    expect(page.get_by_role("heading", level=1)).to_have_text("Skolan 1")
    page.get_by_role("button", name="Logga ut").click()
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()
    assert page.url.startswith(f"{desk.base}/logga-in/")
    # By the page itself: the browser's own way back is refused while it changes its process.
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_url(f"{desk.base}/logga-in/?next=**")
    expect(page.get_by_role("heading", name="Logga in")).to_be_visible()


def test_the_forms_work_without_any_script(base: str, chromium: Browser, town: Town) -> None:
    context = chromium.new_context(java_script_enabled=False)
    cookie = town.client(MO).cookies["trappan"].value
    context.add_cookies([{"name": "trappan", "value": cookie, "url": base}])
    page = context.new_page()
    page.goto(f"{base}/mina/")
    page.locator("li.row").filter(has_text=ALM).locator("button.quick").click()
    assert page.url.endswith("#uppfoljning")
    assert Event.objects.get().value == "contact_made"
    context.close()
