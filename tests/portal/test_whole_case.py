"""A pupil from the first worry to the end of a case: the seven steps, each by whom it is for.

Absence at enrolment and at the end is counted here of the files that came in, not of the lake.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from html import unescape
from typing import Any

import dagster as dg
import openpyxl

from assets.absence.sums import refresh_sums
from assets.flags.evaluate import evaluate_flags, store_flags
from assets.follow_up.assets import follow_up
from assets.lake.access import VALUE_TO_CALLER, LakeAccess
from assets.lake.connection import Lake
from assets.watchlists.release.releases import release_lists
from pipelines.run_results import ValuesAreNotStored
from portal.home import the_home
from portal.models import Event
from rules.registry import rule_set_on
from tests.conftest import settings_of
from tests.integration.ingest_files import BASIC, USUAL, text_of
from tests.portal.towns import ALM, KURATOR, MIA, MO, OTHER_TEAM, REKTOR, ROSTERED, TEAM, A, Town

FIRST, TOWNS_LAST, LAST = date(2026, 8, 24), date(2026, 10, 10), date(2026, 11, 25)
BREAK = (date(2026, 10, 26), date(2026, 10, 30))
ENROLLED, BETTER_FROM, ENDED = date(2026, 10, 15), date(2026, 11, 2), date(2026, 11, 25)
SHEET = "/team/deltagaruppfoljning/fil/"
GOAL, NOTE = "Hela förmiddagar i klassrummet", "Kanariefågelsanteckning"


@dataclass(frozen=True)
class Lesson:
    """An hour of one pupil."""

    day: date
    absent: int
    is_reported: bool = True


def lessons_of(family: str) -> Iterator[Lesson]:
    """Yield a pupil's lessons: half missed, then less; on dates that four divides none is told."""
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        if day.isoweekday() > 5 or BREAK[0] <= day <= BREAK[1]:
            continue
        if day < TOWNS_LAST:
            yield Lesson(day, next(one.absent for one in ROSTERED if one.family == family))
        else:
            away = 30 if day < BETTER_FROM else 9
            yield Lesson(day, away if family == ALM else 0, day.day % 4 != 0)


def new_lessons() -> str:
    """The lessons since the town was built, of every pupil, as a file has them."""
    return text_of(
        (
            USUAL
            | {"civic": one.civic, "given": "Kim", "family": one.family, "school": one.school}
            | {
                "school_name": f"Skolan {one.school[-1]}",
                "date": lesson.day.isoformat(),
                "mentor": "",
                "email": "",
            }
            | (
                {"present": str(60 - lesson.absent), "invalid": str(lesson.absent)}
                if lesson.is_reported
                else {"reported": "Nej", "present": "", "valid": "", "invalid": ""}
            )
            for one in ROSTERED
            for lesson in lessons_of(one.family)
            if lesson.day > TOWNS_LAST
        ),
        BASIC,
    )


def counted(before: date) -> tuple[int, Fraction, Fraction]:
    """Of the last sixty school days before a day: how many, share away, share reported."""
    days = [one for one in lessons_of(ALM) if one.day < before][-60:]
    told = [one for one in days if one.is_reported]
    away = sum(one.absent for one in told)
    return len(days), Fraction(away, 60 * len(told)), Fraction(len(told), len(days))


def cut(share: Fraction) -> float:
    """As the sheet has a share: tenths of a percent, cut."""
    return int(share * 1000) / 1000


def page_of(town: Town, address: str, place: str) -> str:
    answer: Any = town.client(address).get(place)
    assert answer.status_code == 200, (address, place)
    return unescape(answer.content.decode())


def status_of(town: Town, address: str, place: str) -> int:
    return int(town.client(address).get(place).status_code)


def sheet(town: Town, address: str) -> list[dict[str, Any]]:
    answer: Any = town.client(address).get(SHEET)
    assert answer.status_code == 200
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    headings, *rows = list(page.iter_rows(min_row=3, values_only=True))
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


@contextmanager
def lake_of(town: Town) -> Iterator[Lake]:
    the_home().close()
    with Lake.open(settings_of(town.path)) as lake:
        yield lake


def night(town: Town, day: date) -> None:
    """What a night does: lessons come in, the asset brings the follow-up, lists are made."""
    town.night(f"lektionsfranvaro_{day:%Y%m%d}T0500.csv", new_lessons())
    rules_on = partial(rule_set_on, "stockholm")
    with lake_of(town) as lake:
        refresh_sums(lake)
        store_flags(lake, evaluate_flags(lake, day, rules_on(day)))
    access = LakeAccess(settings_of(town.path), (), "stockholm", lambda: day, time.time)
    with closing(access):
        resources = {"lake": access, VALUE_TO_CALLER: ValuesAreNotStored()}
        run = dg.materialize([follow_up], resources=resources)
    assert run.success
    (made,) = run.asset_materializations_for_node("follow_up")
    assert made.metadata["rows_read"].value == Event.objects.count()
    assert made.metadata["rows_refused"].value == 0
    with lake_of(town) as lake:
        release_lists(lake, day, rules_on)


def raised(town: Town) -> None:
    """Steps 1 and 2: the school notices, looks into it, raises it; consent comes a day later."""
    town.on(date(2026, 10, 12))
    town.said(MO, ALM, mentor_status="contact_made", note=NOTE)
    town.said(MO, ALM, mentor_status="mapping_done")
    town.said(MO, ALM, mentor_status="handed_to_principal")
    assert town.say(MO, ALM, team_step="step_1_noticed").status_code == 422, "not a mentor's word"
    town.on(date(2026, 10, 13))
    town.said(REKTOR[A], ALM, principal_status="investigation_started", responsible=town_key(town))
    town.said(REKTOR[A], ALM, principal_status="reported_in_ulf", on_date="2026-10-13")
    town.said(REKTOR[A], ALM, team_step="step_1_noticed")
    town.on(date(2026, 10, 14))
    town.said(REKTOR[A], ALM, team_step="step_2_raised", consent="waiting")
    assert ALM not in page_of(town, TEAM, "/team/")
    assert status_of(town, TEAM, town.url(ALM)) == 404, "not before the consent"
    town.on(ENROLLED)
    town.said(REKTOR[A], ALM, consent="yes")
    assert ALM in page_of(town, TEAM, "/team/")
    assert status_of(town, OTHER_TEAM, town.url(ALM)) == 404


def town_key(town: Town) -> str:
    return str(town.person(MO).key)


def worked_with(town: Town) -> None:
    """Steps 3 to 6: the plan, the measures, the goals looked at, and what keeps the result."""
    town.on(date(2026, 10, 16))
    assert NOTE not in page_of(town, TEAM, town.url(ALM)), "what the school noted is not the team's"
    plan = {"goal": GOAL, "goal_date": "2026-11-20", "factor": "school", "measure": "structure_1"}
    for other in (REKTOR[A], MO):
        assert town.say(other, ALM, **plan).status_code == 422, "the team's to say"
    town.said(TEAM, ALM, **plan, extent="weekly", team_step="step_3_planned")
    town.said(TEAM, ALM, factor="family", measure="guardians_1", next_date="2026-11-16")
    town.on(date(2026, 11, 2))
    town.said(TEAM, ALM, team_step="step_4_carried_out")
    town.on(date(2026, 11, 16))
    assert "Uppföljning nu" in page_of(town, TEAM, "/team/"), "the planned day has come"
    town.said(TEAM, ALM, team_step="step_5_followed_up", goal_met="partly", next_date="2026-11-25")
    town.on(date(2026, 11, 23))
    town.said(TEAM, ALM, team_step="step_6_sustained")


def ended(town: Town) -> None:
    """Step 7, and what the school says of its own."""
    town.on(ENDED)
    town.said(
        TEAM, ALM, goal_met="yes", result="reached", pupil_satisfaction="satisfied",
        guardian_satisfaction="very_satisfied", team_step="step_7_completed",
    )  # fmt: skip
    town.said(REKTOR[A], ALM, principal_status="evaluated_in_ulf", on_date="2026-11-25")
    town.said(MO, ALM, mentor_status="followed_up", next_date="2026-12-10")


def test_a_pupil_goes_through_the_seven_steps_and_has_a_row_in_and_out(own_town: Town) -> None:
    town = own_town
    raised(town)
    worked_with(town)
    (going,) = sheet(town, TEAM)
    assert going["Utskriven"] is going["Frånvaro vid avslut"] is None
    ended(town)
    night(town, ENDED)
    town.on(ENDED + timedelta(days=1))
    _is_in_the_sheet(town)
    _is_in_the_lake(town)
    _is_on_the_list(town)
    # What was noted stays with whom it is for, also when the case is over.
    for other in (REKTOR[A], MO):
        assert GOAL not in page_of(town, other, town.url(ALM))
    for nobody in (MIA, KURATOR, OTHER_TEAM):
        assert status_of(town, nobody, town.url(ALM)) == 404


def _is_in_the_sheet(town: Town) -> None:
    (row,) = sheet(town, TEAM)
    assert sheet(town, OTHER_TEAM)[0]["Ärende"] == "Inget ärende."
    told = {name: row[name] for name in row if not name.startswith(("Frånvaro", "Rapporterat"))}
    born = date(2012, 3, 1)
    age = ENDED.year - born.year
    assert told | {"Ärende": "", "Läst till": 0} == {
        "Ärende": "", "Läst till": 0, "Skolenhetskod": A, "Skola": "Skolan 1", "Läge": "Avslutat",
        "Kön": "Uppgift saknas", "Inskriven": midnight(ENROLLED), "Årskurs vid inskrivning": 8,
        "Ålder vid inskrivning": age, "Skoldagar vid inskrivning": counted(ENROLLED)[0],
        "Orsaksgrupper": "Skolrelaterade faktorer; Familjrelaterade faktorer",
        "Insatser och omfattning": "Veckoplanering (varje vecka); Regelbundna samtal och sms",
        "Utskriven": midnight(ENDED), "Avslutsorsak": "Fullföljt", "Varför i förtid": None,
        "Årskurs vid avslut": 8, "Ålder vid avslut": age,
        "Skoldagar vid avslut": counted(ENDED)[0], "Resultat": "Önskat resultat",
        "Mål uppfyllda": "Ja", "Elevens nöjdhet": "Nöjd",
        "Vårdnadshavares nöjdhet": "Mycket nöjd",
    }  # fmt: skip
    for moment, day in (("inskrivning", ENROLLED), ("avslut", ENDED)):
        _, away, reported = counted(day)
        assert row[f"Frånvaro vid {moment}"] == cut(away), moment
        assert row[f"Rapporterat vid {moment}"] == cut(reported), moment
    # The figures differ, so that one can't stand in for the other.
    assert counted(ENROLLED)[0] < counted(ENDED)[0] == 60
    assert row["Frånvaro vid inskrivning"] > row["Frånvaro vid avslut"]
    assert row["Rapporterat vid avslut"] < row["Rapporterat vid inskrivning"] < 1
    assert ALM not in {str(value) for value in row.values()}


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _is_in_the_lake(town: Town) -> None:
    """The asset brought every event: of the team's only that something was done."""
    key = town.key(ALM)
    with lake_of(town) as lake:
        found = lake.rows(
            "SELECT event_number, kind, value, on_date, role FROM follow_up_events "
            "WHERE pupil_key = cast($key AS UUID) ORDER BY 1",
            key=key,
        )
        readings = lake.rows("SELECT rows_read, rows_brought, rows_refused FROM follow_up_readings")
    events = list(Event.objects.order_by("id"))
    assert readings == [(len(events), len(events), 0)]
    assert [number for number, *_ in found] == [event.pk for event in events]
    told = [row[1:] for row in found if row[1] != "act"]
    assert told == [
        ("mentor_status", "contact_made", None, "mentor"),
        ("mentor_status", "mapping_done", None, "mentor"),
        ("mentor_status", "handed_to_principal", None, "mentor"),
        ("principal_status", "investigation_started", None, "principal"),
        ("responsible", town_key(town), None, "principal"),
        ("principal_status", "reported_in_ulf", date(2026, 10, 13), "principal"),
        ("principal_status", "evaluated_in_ulf", date(2026, 11, 25), "principal"),
        ("mentor_status", "followed_up", None, "mentor"),
        ("next_date", "", date(2026, 12, 10), "mentor"),
    ]
    acts = {row[1:] for row in found if row[1] == "act"}
    assert acts == {("act", "", None, "")}, "nothing tells the team's acts apart"
    assert len(found) - len(told) > 15


def _is_on_the_list(town: Town) -> None:
    files = (town.path / "lists" / "current" / A).resolve()
    (page,) = files.glob("*.html")
    text = unescape(page.read_text(encoding="utf-8"))
    for words in (
        "Rektor: Uppföljd och utvärderad i ULF 2026-11-25", "Mentor: Följs upp 2026-11-25",
        "2026-12-10", "Ansvarig: Mo.Mentor",
    ):  # fmt: skip
        assert words in text, words
    for word in (GOAL, NOTE, "Avslut: fullföljt", "2026-11-16", "Önskat resultat"):
        assert word not in text, word
    mine = page_of(town, MO, "/mina/")
    assert ALM in mine
    assert "Mentor: Följs upp 2026-11-25" in mine
    assert "Nästa: 2026-12-10" in mine
