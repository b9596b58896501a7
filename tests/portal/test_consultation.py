"""The consultation sheet: for who may see the pupil, and nobody learns who it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connections

from assets.flags.consultation import consult_about, consultation_of
from assets.flags.evaluate import evaluate_flags
from assets.flags.explain import explain
from portal.views import consultation
from rules.registry import rule_set_on
from tests.portal.small_home import (
    OTHER_SCHOOL,
    OTHER_TEAM,
    SCHOOL,
    TEAM,
    enrol,
    mentor_of,
    names_of,
    opened_by,
    portal_home,
    pupils_of,
    reference_of,
    rektor_of,
)

pytestmark = pytest.mark.usefixtures("nothing_said")


def address(pupil: str) -> str:
    return f"/elev/{reference_of(pupil)}/konsultation/"


def sheet_of(content: bytes) -> str:
    """What is printed: without the page's head and the form."""
    return content.decode().partition("<h1>")[2].partition('<section class="noprint"')[0]


def test_who_may_see_the_pupil_gets_the_sheet_and_the_log_says_so() -> None:
    from portal.models import AccessEntry

    pupil = pupils_of(SCHOOL, 8)[0]
    enrol(pupil)
    for who in (rektor_of(SCHOOL), mentor_of(pupil), TEAM):
        answer = opened_by(who).get(address(pupil))
        assert answer.status_code == 200, who
        assert "Underlag för konsultation" in sheet_of(answer.content)
        assert "Årskurs 7–9" in sheet_of(answer.content)
    logged = AccessEntry.objects.filter(kind="consultation", pupil_key=pupil)
    assert {entry.role for entry in logged} == {"principal", "mentor", "team"}
    for who in (rektor_of(OTHER_SCHOOL), OTHER_TEAM):
        assert opened_by(who).get(address(pupil)).status_code == 404, who


def test_no_word_of_the_sheet_says_who_it_is() -> None:
    principal = opened_by(rektor_of(SCHOOL))
    today = portal_home().today()
    for pupil in pupils_of(SCHOOL)[:10]:
        said = sheet_of(principal.get(address(pupil)).content)
        named = names_of(pupil)
        placed = today.pupils[pupil]
        for word in (named.given, named.family, named.civic_no, placed.class_name, SCHOOL):
            assert word not in said, "nothing by which the pupil is known"
        assert "Exempelskolan" not in said


def test_what_tells_who_it_is_is_refused_in_swedish_and_still_there() -> None:
    pupil = pupils_of(SCHOOL, 8)[0]
    named, placed = names_of(pupil), portal_home().today().pupils[pupil]
    browser = opened_by(rektor_of(SCHOOL))
    for words, kind in (
        (f"Vi har ringt hem till {named.given}.", "elevens eller mentorns namn"),
        (f"Hela {placed.class_name} är berörd", "klassen eller skolan"),
        ("Mötet var 2026-11-02", "ett långt tal eller ett datum"),
        ("Mötet var i oktober", "ett datum"),
        ("Hon kommer sent", "elevens kön"),
    ):
        for field in ("done", "question"):
            answer = browser.post(address(pupil), {field: words})
            page = answer.content.decode()
            assert answer.status_code == 422, words
            assert kind in page
            assert f">{words}</textarea>" in page, "what was typed is still there"
            assert words not in sheet_of(answer.content), "and not on the sheet"


def test_words_that_fit_many_pupils_stand_on_the_sheet_and_are_kept_nowhere() -> None:
    from portal.models import Event

    pupil = pupils_of(SCHOOL, 8)[0]
    said = {"done": "Samtal med eleven\nMöte med vårdnadshavare", "question": "Vad gör vi nu?"}
    answer = opened_by(rektor_of(SCHOOL)).post(address(pupil), said)
    assert answer.status_code == 200
    sheet = sheet_of(answer.content)
    for words in (
        "<dd>Samtal med eleven</dd>",
        "<dd>Möte med vårdnadshavare</dd>",
        "Vad gör vi nu?",
    ):
        assert words in sheet
    assert not Event.objects.exists()


def test_script_in_the_words_is_text() -> None:
    pupil = pupils_of(SCHOOL, 8)[0]
    words = "<script>alert(1)</script>{{ visit.person }}"
    answer = opened_by(rektor_of(SCHOOL)).post(address(pupil), {"question": words})
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ visit.person }}" in sheet_of(answer.content)


def test_one_pupils_sheet_is_that_of_the_whole_lake() -> None:
    """Evaluated of the pupil's schools only, and the same for everybody."""
    day = date(2026, 11, 22)
    rules = rule_set_on("stockholm", day)
    keys = [*pupils_of(SCHOOL), *pupils_of(OTHER_SCHOOL), *pupils_of("99999903")]

    def whole(lake):  # type: ignore[no-untyped-def]
        import uuid

        evaluation = evaluate_flags(lake, day, rules)
        found = {}
        for key in keys:
            explanation = explain(lake, evaluation, uuid.UUID(key))
            found[key] = None if explanation.place.has_left else consultation_of(explanation)
        return found

    of_all = portal_home().look(whole)
    alone = portal_home().look(
        lambda lake: {key: consult_about(lake, key, day, rules) for key in keys}
    )
    assert alone == of_all
    assert len({said.steps for said in of_all.values() if said}) > 2, "and they differ"


def test_what_is_asked_of_one_pupil_leaves_the_lake_as_it_is() -> None:
    home = portal_home()
    count = "SELECT count(*) FROM absence_daily"
    before = home.look(lambda lake: lake.rows(count))
    opened_by(rektor_of(SCHOOL)).get(address(pupils_of(SCHOOL)[0]))
    assert home.look(lambda lake: lake.rows(count)) == before


def test_nobody_waits_for_the_sheet_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of a whole process would stand still for as long as one sheet is worked out."""
    pupil, other = pupils_of(SCHOOL, 8)[:2]
    place, mine = address(pupil), f"/elev/{reference_of(other)}/"
    browsers = [opened_by(rektor_of(SCHOOL)) for _ in range(2)]
    begun, may_end = threading.Event(), threading.Event()

    def slow(*asked: Any) -> Any:
        begun.set()
        assert may_end.wait(30)
        return consult_about(*asked)

    monkeypatch.setattr(consultation, "consult_about", slow)
    # Nothing is kept of sheets that were asked for before.
    portal_home().close()
    with ThreadPoolExecutor(1) as pool:
        sheet = pool.submit(in_a_thread, lambda: browsers[0].get(place))
        try:
            assert begun.wait(30)
            for page in ("/", f"/skola/{SCHOOL}/", mine):
                assert browsers[1].get(page, follow=True).status_code == 200
            assert browsers[1].post(f"{mine}uppfoljning/", {"note": "Ringde"}).status_code == 302
            assert not sheet.done(), "the sheet is worked out still"
        finally:
            may_end.set()
        answer = sheet.result()
    assert answer.status_code == 200
    assert "Underlag för konsultation" in sheet_of(answer.content)


def in_a_thread(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    finally:
        connections.close_all()


def test_a_sheet_is_worked_out_once_a_night(monkeypatch: pytest.MonkeyPatch) -> None:
    pupil, times = pupils_of(SCHOOL, 8)[2], list[str]()

    def counted(*asked: Any) -> Any:
        times.append(asked[1])
        return consult_about(*asked)

    monkeypatch.setattr(consultation, "consult_about", counted)
    portal_home().close()
    browser = opened_by(rektor_of(SCHOOL))
    first = sheet_of(browser.get(address(pupil)).content)
    assert sheet_of(browser.post(address(pupil), {"question": "Vad gör vi?"}).content) != first
    assert sheet_of(browser.get(address(pupil)).content) == first
    assert times == [pupil]
