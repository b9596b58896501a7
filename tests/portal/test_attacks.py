"""Who tries to get at what is not theirs: by an address, a form, a session, a name, a header."""

from __future__ import annotations

import logging
import re
from html import unescape
from html.parser import HTMLParser
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings

from portal.login.keeping import WithoutData
from portal.models import Event, Person
from portal.views import pupil as pupil_view
from tests.portal.towns import (
    ALM,
    ALM_2,
    HOSTILE,
    KURATOR,
    MIA,
    MIAS,
    MO,
    NOBODY,
    OF_B,
    OPERATOR,
    REKTOR,
    TEAM,
    WEEK,
    A,
    B,
    Town,
)

COOKIE = "trappan"
SCRIPT = "<script>alert('x')</script>"
TEMPLATE = "{{7777*1111}}{{'qwxz'|upper}}{% debug %}"
QUESTION = "'; DROP TABLE portal_event; --"
NUMBER_LIKE = re.compile(r"\d{6,}")


class Addresses(HTMLParser):
    """Every address of a page, its scripts and its styles."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src", "action", "hx-post", "formaction"}:
                self.addresses.append(value or "")
            if name == "id":
                self.addresses.append(f"#{value}")
            if name.startswith("on") or name == "style":
                self.handlers.append(f"{tag} {name}")


def looked_at(answer: HttpResponse) -> Addresses:
    found = Addresses()
    found.feed(answer.content.decode())
    return found


def pages(town: Town) -> list[tuple[str, str]]:
    """Every page of every role, with something on each."""
    return [
        ("", "/logga-in/"),
        ("", "/finns-inte/"),
        (NOBODY, "/"),
        (REKTOR[A], f"/skola/{A}/"),
        (REKTOR[A], f"/skola/{A}/?vecka={WEEK}"),
        (REKTOR[A], f"/skola/{A}/delegeringar/"),
        (REKTOR[A], f"/skola/{A}/logg/"),
        (REKTOR[A], town.url(ALM)),
        (REKTOR[A], town.url(HOSTILE)),
        (REKTOR[A], town.url(ALM, "utskrift/")),
        (MO, "/mina/"),
        (MO, town.url(ALM)),
        (TEAM, "/team/"),
        (TEAM, town.url(ALM)),
        (OPERATOR, "/drift/logg/"),
        (REKTOR[A], f"/skola/{B}/"),
    ]


def filled(town: Town) -> None:
    """Let there be something on every page."""
    town.raise_case(ALM)
    town.raise_case(HOSTILE)
    town.said(MO, ALM, note="Ringde hem", mentor_status="contact_made")
    town.said(TEAM, ALM, goal="Hela veckor", goal_date="2026-12-01")
    town.lend(KURATOR, [ALM])


def test_no_address_of_a_page_tells_who_a_pupil_is(town: Town) -> None:
    filled(town)
    keys = {town.key(one) for one in (ALM, ALM_2, MIAS, HOSTILE)}
    numbers = {str(one.pk) for one in Event.objects.all()}
    for who, page in pages(town):
        answer: Any = town.client(who).get(page)
        text = answer.content.decode()
        assert not any(key in text for key in keys), page
        for address in looked_at(answer).addresses:
            without = address.replace(A, "").replace(B, "")
            assert "/statiskt/" in address or not NUMBER_LIKE.search(without), (page, address)
            assert "Alms" not in address
            parts = {part for part in re.split(r"[/#?=]", without) if part}
            assert not parts & numbers, (page, address)


def test_a_pupil_is_not_reached_by_the_lakes_key(town: Town) -> None:
    """Whoever knows a key from elsewhere, of a protected pupil too, comes nowhere with it."""
    browser = town.client(REKTOR[A])
    for key in (town.protected_key(), town.key(ALM), town.key(ALM).replace("-", "")):
        for page in ("", "utskrift/", "konsultation/"):
            assert browser.get(f"/elev/{key}/{page}").status_code == 404
        assert browser.post(f"/elev/{key}/uppfoljning/", {"note": "x"}).status_code == 404
    assert Event.objects.count() == 0


def test_names_of_pupils_in_addresses_are_random(town: Town) -> None:
    first = {town.reference(one) for one in (ALM, ALM_2, MIAS)}
    town.begin()
    second = {town.reference(one) for one in (ALM, ALM_2, MIAS)}
    assert len(first | second) == 6
    assert all(len(one) == 22 for one in first | second)


def test_every_page_forbids_frames_strangers_and_keeping(town: Town) -> None:
    filled(town)
    for who, page in pages(town):
        answer: Any = town.client(who).get(page)
        headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
        assert answer.status_code in {200, 404}, page
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store, private"
        assert "noindex" in headers["X-Robots-Tag"]
        said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert said["default-src"] == said["form-action"] == "'self'"
        assert said["frame-ancestors"] == said["object-src"] == said["base-uri"] == "'none'"
        assert "unsafe" not in policy
        assert "*" not in policy
        found = looked_at(answer)
        assert found.handlers == [], page
        for address in found.addresses:
            assert not address.startswith(("http", "//", "javascript:", "data:")), (page, address)


def test_answers_to_forms_and_refusals_are_kept_nowhere_either(town: Town) -> None:
    mo = town.client(MO)
    answers: list[Any] = [
        mo.post(town.url(ALM, "uppfoljning/"), {"note": ""}),
        mo.post(town.url(ALM, "uppfoljning/"), {"note": "Ringde"}),
        mo.post("/mina/"),
        town.client().get("/"),
        town.client(enforce_csrf_checks=True).post("/logga-ut/"),
        Client(HTTP_HOST="ond.example").get("/"),
        mo.get("/mina"),
    ]
    assert [one.status_code for one in answers] == [422, 302, 405, 302, 403, 400, 301]
    for one in answers:
        assert one.headers["Cache-Control"] == "no-store, private", one.status_code


def test_a_form_from_elsewhere_changes_nothing(town: Town) -> None:
    forms = [
        (MO, town.url(ALM, "uppfoljning/"), {"note": "Ringde"}),
        (REKTOR[A], f"/skola/{A}/delegeringar/ny/", {"receiver": KURATOR}),
        (REKTOR[A], "/logga-ut/", {}),
        ("", "/valj-person/", {"person": town.person(REKTOR[A]).key}),
    ]
    for who, address, typed in forms:
        browser = town.client(who, enforce_csrf_checks=True)
        answer: Any = browser.post(address, typed)
        assert answer.status_code == 403
        assert "Formuläret är för gammalt" in answer.content.decode()
        if who:
            assert browser.get("/").status_code == 200 or browser.get("/").headers["Location"]
    assert Event.objects.count() == 0


def test_the_token_of_another_session_is_no_token(town: Town) -> None:
    mo, mia = (town.client(one, enforce_csrf_checks=True) for one in (MO, MIA))
    page: Any = mia.get(town.url(MIAS))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    typed = {"note": "Ringde", "csrfmiddlewaretoken": token[1]}
    assert mo.post(town.url(ALM, "uppfoljning/"), typed).status_code == 403
    assert mia.post(town.url(MIAS, "uppfoljning/"), typed).status_code == 302


def test_a_session_that_somebody_planted_is_not_the_one_after_the_login(town: Town) -> None:
    browser = town.client()
    store = browser.session
    store["planted"] = True
    store.save()
    planted = str(store.session_key)
    browser.cookies[COOKIE] = planted
    assert browser.post("/valj-person/", {"person": town.person(MO).key}).status_code == 302
    assert browser.cookies[COOKIE].value != planted
    thief = Client(HTTP_HOST="127.0.0.1")
    thief.cookies[COOKIE] = planted
    assert thief.get("/mina/").status_code == 302
    # Somebody else at the same desk has nothing of the one before.
    before = browser.cookies[COOKIE].value
    browser.post("/valj-person/", {"person": town.person(MIA).key})
    thief.cookies[COOKIE] = before
    assert thief.get("/mina/").status_code == 302


def test_a_cookie_is_of_this_portal_alone_and_not_for_scripts(town: Town) -> None:
    browser = town.client()
    browser.get("/logga-in/")
    browser.post("/valj-person/", {"person": town.person(MO).key})
    assert set(browser.cookies) == {COOKIE, "trappan-csrf"}
    for cookie in browser.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_who_logs_out_or_is_shut_out_is_out_at_the_next_request(town: Town) -> None:
    browser = town.client(MO)
    key = browser.cookies[COOKIE].value
    assert browser.post("/logga-ut/").status_code == 302
    browser.cookies[COOKIE] = key
    assert browser.get("/mina/").status_code == 302
    other = town.client(MO)
    Person.objects.update(is_active=False)
    assert other.get("/mina/").status_code == 302


@pytest.mark.parametrize(
    "place",
    [
        "https://ond.example/",
        "//ond.example/",
        "///ond.example",
        "/\\ond.example",
        "\\\\ond.example",
        "/\t/ond.example",
        "http:ond.example",
        "http:///ond.example",
        "https:ond.example",
        "javascript:alert(1)",
        " //ond.example",
        "//127.0.0.1@ond.example/",
        "\x00//ond.example",
    ],
)
def test_a_login_leads_to_no_other_place(town: Town, place: str) -> None:
    page: Any = town.client().get("/logga-in/", {"next": place})
    assert "ond.example" not in page.content.decode()
    answer: Any = town.client().post(
        "/valj-person/", {"person": town.person(MO).key, "next": place}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("place", ["/%2f%2fond.example", "/%5cond.example", "/mina/?a=//b", "/å"])
def test_a_place_of_our_own_stays_one(town: Town, place: str) -> None:
    answer: Any = town.client().post(
        "/valj-person/", {"person": town.person(MO).key, "next": place}
    )
    where = answer.headers["Location"]
    # One slash and then a name of ours: no browser takes that for another host.
    assert re.match(r"/(?![/\\])", where), where
    assert town.client().get("//ond.example/").status_code in {302, 404}


FIELDS = ("note", "reason", "next_date", "on_date", "responsible", "mentor_status", "seen", "week",
          "list_key", "view", "consent", "goal", "goal_date", "measure", "place")  # fmt: skip


@pytest.mark.parametrize("text", [SCRIPT, TEMPLATE, QUESTION])
def test_what_is_typed_into_a_form_is_text_and_nothing_else(town: Town, text: str) -> None:
    browser, address = town.client(MO), town.url(ALM, "uppfoljning/")
    for number, field in enumerate(FIELDS):
        form = {"mentor_status": "no_action", "reason": "Frisk", "place": "row"} | {field: text}
        # A page and a row in turn.
        header = {"HTTP_HX_REQUEST": "true"} if number % 2 else {}
        answer: Any = browser.post(address, form, **header)
        assert answer.status_code in {200, 302, 422, 409}, field
        _is_text(answer)
    for page in (town.url(ALM), town.url(ALM, "utskrift/")):
        _is_text(town.client(REKTOR[A]).get(page))


def _is_text(answer: Any) -> None:
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert "8640247" not in page
    assert "QWXZ" not in page
    assert "SECRET_KEY" not in page


@pytest.mark.parametrize("text", [SCRIPT, TEMPLATE, QUESTION])
def test_what_is_typed_is_read_again_letter_by_letter(town: Town, text: str) -> None:
    town.raise_case(ALM)
    town.said(MO, ALM, note=text, mentor_status="no_action", reason=text)
    town.said(TEAM, ALM, goal=text)
    assert unescape(town.client(MO).get(town.url(ALM)).content.decode()).count(text) == 2
    assert text in unescape(town.client(TEAM).get("/team/").content.decode())
    typed = {"receiver": KURATOR, "purpose": text, "until": "2026-12-01", "scope": "school"}
    assert town.client(REKTOR[A]).post(f"/skola/{A}/delegeringar/ny/", typed).status_code == 302
    page = town.client(REKTOR[A]).get(f"/skola/{A}/delegeringar/").content.decode()
    assert text in unescape(page)
    assert SCRIPT not in page


def test_a_hostile_name_of_the_roster_is_text_on_every_page(town: Town) -> None:
    town.raise_case(HOSTILE)
    for who, page in (
        (REKTOR[A], f"/skola/{A}/"),
        (REKTOR[A], f"/skola/{A}/delegeringar/"),
        (REKTOR[A], f"/skola/{A}/logg/"),
        (REKTOR[A], town.url(HOSTILE)),
        (MO, "/mina/"),
        (TEAM, "/team/"),
        (TEAM, town.url(HOSTILE)),
    ):
        answer: Any = town.client(who).get(page)
        text = answer.content.decode()
        assert HOSTILE in unescape(text), page
        assert "<script>" not in text, page
        assert looked_at(answer).tags.count("script") == 2, page


@pytest.mark.parametrize("field", ["sida", "vecka", "next", "misslyckad", "<script>alert(1)"])
def test_what_stands_in_an_address_is_never_part_of_a_page(town: Town, field: str) -> None:
    for who, page in pages(town):
        answer: Any = town.client(who).get(page.split("?")[0], {field: SCRIPT + TEMPLATE})
        _is_text(answer)


WORDS = (ALM, "Almsson", "Ringde mamma", MO, "stad.example")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the portal's own handler writes; others are not asked."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(WithoutData())
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    for name in ("", "django"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("django"), "propagate", False)
    return written


# --- the demo ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "header",
    [
        {"REMOTE_ADDR": "10.0.0.5"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "portal.stad.example"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_the_demo_answers_no_other_machine(town: Town, header: dict[str, str]) -> None:
    for address in ("/logga-in/", "/", "/mina/"):
        answer: Any = town.client(MO).get(address, **header)
        assert answer.status_code == 403
        assert answer.content.decode() == "Demon svarar bara den egna datorn."
    chosen: Any = town.client().post("/valj-person/", {"person": town.person(MO).key}, **header)
    assert chosen.status_code == 403
    assert COOKIE not in chosen.cookies


@pytest.mark.parametrize("host", ["ond.example", "10.0.0.5:8100", "127.0.0.1.ond.example"])
def test_the_demo_answers_by_no_other_name(town: Town, host: str) -> None:
    answer: Any = Client(HTTP_HOST=host).get("/logga-in/")
    assert answer.status_code == 400
    assert host not in answer.content.decode()


def test_nobody_is_somebody_whom_the_demo_does_not_know(town: Town) -> None:
    for key in ("", "x", town.person("helt.okand@stad.example").key, "\x00"):
        assert town.client().post("/valj-person/", {"person": key}).status_code == 404


# --- errors and logs -----------------------------------------------------------------------------
def test_a_fault_of_ours_tells_nobody_of_whom(
    town: Town, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> HttpResponse:
        raise RuntimeError(f"{ALM} {MO} 20120314-9800")

    browser, address = town.client(MO), town.url(ALM)
    browser.raise_request_exception = False
    monkeypatch.setattr(pupil_view, "pupil_page", broken)
    answer: Any = browser.get(address, {"q": "Ringde mamma"})
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Något gick fel hos oss" in page
    said = log.getvalue()
    assert "RuntimeError" in said
    for word in (*WORDS, "20120314", town.reference(ALM), "Traceback", "RuntimeError"):
        assert word not in page
        assert word not in said or word == "RuntimeError"


def test_refusals_tell_nobody_what_was_asked_for(town: Town, log: StringIO) -> None:
    mo = town.client(MO)
    answers: list[Any] = [
        mo.get("/elev/Almsson00/", {"q": "Almsson00"}),
        mo.get("/Almsson00/"),
        mo.post("/mina/", {"note": "Ringde mamma"}),
        town.client(MO, enforce_csrf_checks=True).post(
            town.url(ALM, "uppfoljning/"), {"note": "Ringde mamma"}
        ),
        Client(HTTP_HOST="almsson00.example").get("/"),
        mo.post(town.url(ALM, "uppfoljning/"), {f"Almsson{n}": "x" for n in range(300)}),
        mo.post(town.url(ALM, "uppfoljning/"), {"note": "Almsson00" * 40_000}),
    ]
    assert [one.status_code for one in answers] == [404, 404, 405, 403, 400, 400, 400]
    for one in answers:
        for word in (*WORDS, "almsson00"):
            assert word not in one.content.decode()
    said = log.getvalue()
    assert said
    for word in (*WORDS, "almsson00", "/elev/", "uppfoljning"):
        assert word not in said


def test_the_settings_let_no_other_handler_write() -> None:
    said: dict[str, Any] = settings.LOGGING
    assert said["loggers"]["django"] == {
        "handlers": ["console"],
        "level": "WARNING",
        "propagate": False,
    }
    assert said["handlers"]["console"]["filters"] == ["without_data"]
    assert settings.DEBUG is False


def test_even_with_a_debugger_on_no_page_shows_a_setting(town: Town) -> None:
    request = HttpRequest()
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=False):
        answer = town.client().get("/x/")
    assert settings.SECRET_KEY not in answer.content.decode()
    assert request.method is None


def test_pupils_of_others_are_in_no_list_of_mine(town: Town) -> None:
    for who, theirs, others in (
        (MO, ALM, (MIAS, OF_B)),
        (MIA, MIAS, (ALM, OF_B)),
    ):
        page = town.client(who).get("/mina/").content.decode()
        assert theirs in page
        assert not any(one in page for one in others)
    rektor = town.client(REKTOR[A]).get(f"/skola/{A}/").content.decode()
    assert OF_B not in rektor
    assert "Skyddadotter" not in rektor
    assert "1 elev med skyddade uppgifter" in rektor
