"""The year wheel: a calendar of the district, and the pupils whom the next steps are about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from icalendar import Calendar

from rules import year_wheels
from rules.year_wheels import WheelStep, YearWheel, slug_of
from tests.portal.small_home import (
    DISTRICT,
    OTHER_SCHOOL,
    OTHER_TEAM,
    SCHOOL,
    TEAM,
    enrol,
    forget,
    mentor_of,
    names_of,
    opened_by,
    pupils_of,
    reference_of,
    rektor_of,
    say,
)

SHIPPED = year_wheels.wheel_in_force("Spånga-Tensta", date(2026, 11, 23))


def wheel(first: str, second: str) -> YearWheel:
    """A wheel whose next two steps, in November, point at what is asked."""
    steps = tuple(
        WheelStep.model_validate(
            {"month": month, "sv": words, "who": "Teamet", "is_certain": False, "points_at": at}
        )
        for month, words, at in (
            (11, "Sista månaden att aktualisera åk 9", first),
            (12, "Avsluta elever i åk 9", second),
            (None, "Någon gång", None),
        )
    )
    return YearWheel(district=DISTRICT, valid_from=date(2026, 8, 1), source="Prov", steps=steps)


@pytest.fixture(autouse=True)
def _own_wheel(nothing_said: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made = wheel("grade_9", "grade_9_open_cases")
    monkeypatch.setattr(year_wheels, "_wheels", lambda: (made,))
    yield
    forget()


def listed_in_grade_9() -> str:
    """The key of the one pupil of grade 9 at the school."""
    (pupil,) = pupils_of(SCHOOL, 9)
    return pupil


def wheel_of_page(content: bytes) -> str:
    return content.decode().partition('class="wheel"')[2].partition("</section>")[0]


def test_the_calendar_says_the_steps_every_year_and_is_read_by_others() -> None:
    answer = opened_by(rektor_of(SCHOOL)).get("/arshjul/sodermalm.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    assert str(calendar["X-WR-CALNAME"]) == "Årshjul Södermalm"
    assert "Någon gång" in str(calendar["X-WR-CALDESC"]), "a step without a month is said, not lost"
    events = calendar.walk("VEVENT")
    assert [(str(event["SUMMARY"]), event.decoded("DTSTART")) for event in events] == [
        ("Sista månaden att aktualisera åk 9", date(2026, 11, 1)),
        ("Avsluta elever i åk 9", date(2026, 12, 1)),
    ]
    for event in events:
        assert event["RRULE"] == {"FREQ": ["YEARLY"]}
        assert "inte säker i källan" in str(event["DESCRIPTION"])
    assert len({str(event["UID"]) for event in events}) == 2
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


def test_the_calendar_is_the_same_when_it_is_fetched_again() -> None:
    browser = opened_by(TEAM)
    once, again = (browser.get("/arshjul/sodermalm.ics").content for _ in range(2))
    assert once == again


def test_the_calendar_is_for_the_district_and_no_other() -> None:
    for address, status in (
        (rektor_of(SCHOOL), 200),
        (TEAM, 200),
        (rektor_of(OTHER_SCHOOL), 404),
        (OTHER_TEAM, 404),
        (mentor_of(pupils_of(OTHER_SCHOOL, 6)[0]), 404),
    ):
        assert opened_by(address).get("/arshjul/sodermalm.ics").status_code == status, address
    assert opened_by(TEAM).get("/arshjul/nagonstans.ics").status_code == 404


def test_the_principal_sees_whom_the_next_steps_are_about(monkeypatch: pytest.MonkeyPatch) -> None:
    pupil = listed_in_grade_9()
    browser, page = opened_by(rektor_of(SCHOOL)), f"/skola/{SCHOOL}/"
    link = f'href="/elev/{reference_of(pupil)}/"'
    from portal.views import rules as view_rules
    from portal.views.rows import rows_of_list
    from tests.portal.small_home import visit_as

    visit = visit_as(rektor_of(SCHOOL))
    shown = view_rules.the_lists().of_school(SCHOOL, visit.today)
    assert shown is not None
    is_listed = any(row.level and row.pupil_key == pupil for row in rows_of_list(visit, shown))
    seen = wheel_of_page(browser.get(page).content)
    assert (link in seen) is is_listed
    enrol(pupil)
    first, second = wheel_of_page(browser.get(page).content).split("Avsluta elever")
    assert link not in first, "who is raised is not asked for again"
    assert link in second, "a case that goes on is to be ended"
    say(pupil, "team_step", "step_7_completed")
    assert link not in wheel_of_page(browser.get(page).content).split("Avsluta elever")[1]


def test_who_is_listed_in_grade_9_and_not_raised_is_pointed_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the pupils of the list, whatever grade the sample has on it."""
    from portal.views import wheel as view
    from portal.views.rows import rows_of_list
    from portal.views.rules import the_lists
    from tests.portal.small_home import visit_as

    monkeypatch.setattr(view, "_LAST_GRADE", 8)
    visit = visit_as(rektor_of(SCHOOL))
    shown = the_lists().of_school(SCHOOL, visit.today)
    assert shown is not None
    rows = rows_of_list(visit, shown)
    here = set(pupils_of(SCHOOL, 8))
    listed = [row for row in rows if row.level and row.pupil_key in here]
    assert len(listed) > 2
    (first, _) = view.steps_of_school(visit, DISTRICT, SCHOOL, rows)
    assert first.pupils is not None
    assert {one.reference for one in first.pupils} == {row.reference for row in listed}
    say(listed[0].pupil_key, "team_step", "step_2_raised")
    say(listed[1].pupil_key, "team_step", "step_1_noticed")
    (first, second) = view.steps_of_school(visit, DISTRICT, SCHOOL, rows)
    assert first.pupils is not None
    assert {one.reference for one in first.pupils} == {row.reference for row in listed[1:]}
    assert second.pupils == (), "consent waits, so no case goes on"


def test_a_team_sees_its_own_cases_and_nobody_who_is_not_raised() -> None:
    pupil = listed_in_grade_9()
    link = f'href="/elev/{reference_of(pupil)}/"'
    seen = wheel_of_page(opened_by(TEAM).get("/team/").content)
    assert link not in seen
    assert names_of(pupil).family not in seen
    enrol(pupil)
    assert link in wheel_of_page(opened_by(TEAM).get("/team/").content)
    assert link not in opened_by(OTHER_TEAM).get("/team/").content.decode()


def test_the_shipped_wheel_has_a_step_in_every_month_and_says_what_is_not_sure() -> None:
    assert SHIPPED is not None
    months = [step.month for step in SHIPPED.steps]
    assert sorted(set(months), key=lambda month: month or 0) == list(range(1, 13))
    assert [step.sv for step in SHIPPED.steps if step.is_certain] == ["Skolavslutning"]
    assert {step.points_at for step in SHIPPED.steps} == {None, "grade_9", "grade_9_open_cases"}


def test_a_district_has_a_name_that_an_address_can_have() -> None:
    assert slug_of("Spånga-Tensta") == "spanga-tensta"
    assert slug_of("Enskede-Årsta-Vantör") == "enskede-arsta-vantor"
    assert slug_of("  Östermalm / Gärdet ") == "ostermalm-gardet"
