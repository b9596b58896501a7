"""The week after: what the two schools of lesson files send before the lists of 2026-W47.

Each planted pupil here shows one thing that can happen from one week's list to the next
(README.md). Everybody else has the week before once more.
"""

import datetime as dt

from assets.simulator.run import ROSTER_COLUMNS
from data_samples.planted_pupils import NORTH, PLANTED, SOUTH, Planted
from data_samples.sample_files import csv_bytes
from data_samples.sample_inbox import Samples, values
from data_samples.sample_rows import (
    COLUMNS,
    STARTS,
    Cells,
    lesson_cells,
    mentor_email,
    place_of,
    with_minutes,
    with_parallel,
)

AS_OF = dt.date(2026, 11, 22)
MONDAY, FRIDAY = dt.date(2026, 11, 16), dt.date(2026, 11, 20)
DAYS = [MONDAY + dt.timedelta(days=n) for n in range(5)]
EXPORTED, CORRECTED, ROSTER = "20261121T0500", "20261119T0500", "20261121T0445"
# Minutes away in the week: 500 of 4,500 is over 10 %; 241 + 1,500 are 38.7 %.
AWAY = {"20131201-9894": 500, "20120314-9818": 1500}
MOVES = {"20130815-9878": (SOUTH, "7C", "Zoë Nowak")}
ENDS = {"20131010-9887": dt.date(2026, 11, 18)}
NOOR, SAGA = "20130101-TF01", "20120421-9842"


def build(first: Samples, background: list[Cells], names: dict[str, str]) -> Samples:
    """The files of the week.

    Args:
        first: the inbox before, for what is corrected and for its rosters.
        background: lesson rows of the simulated pupils.
        names: names of the schools.
    """
    samples = Samples()
    rows = [_again(row) for row in background if "2026-11-09" <= row["Datum"] <= "2026-11-13"]
    rows += [row for pupil in PLANTED for row in _week_of(pupil, names)]
    rows.sort(key=lambda r: (r["Datum"], r["Klass"], r["Personnummer"], r["Starttid"]))
    for school in (NORTH, SOUTH):
        _add_lessons(samples, school, "2026-v47", EXPORTED, rows)
    october = [cells for stamp, cells in first.lessons if stamp == "20261101T0500"]
    _add_lessons(samples, NORTH, "2026-10-rattelser", CORRECTED, _corrections(october))
    for school, encoding in ((NORTH, "utf-8-sig"), (SOUTH, "cp1252")):
        roster = [row for row in _roster(first.roster) if row["Skolenhetskod"] == school]
        content = csv_bytes(ROSTER_COLUMNS, values(roster, ROSTER_COLUMNS), encoding)
        samples.add(f"elever_{school}_{ROSTER}.csv", content, len(roster))
        samples.roster += roster
    return samples


def _add_lessons(samples: Samples, school: str, label: str, stamp: str, rows: list[Cells]) -> None:
    mine = [row for row in rows if row["Skolenhetskod"] == school]
    name = f"lektionsfranvaro_{school}_{label}_{stamp}.csv"
    samples.add(name, csv_bytes(COLUMNS, values(mine), "utf-8-sig"), len(mine))
    samples.lessons += [(stamp, row) for row in mine]


def _again(row: Cells) -> Cells:
    day = dt.date.fromisoformat(row["Datum"]) + dt.timedelta(days=7)
    return row | {"Datum": day.isoformat()}


def _week_of(pupil: Planted, names: dict[str, str]) -> list[Cells]:
    """Lessons of a planted pupil who is still there, with the minutes away from Monday on."""
    if pupil.last_day < dt.date(2026, 11, 13):
        return []
    school, group = MOVES.get(pupil.civic_no, (*place_of(pupil, MONDAY), ""))[:2]
    left, rows = AWAY.get(pupil.civic_no, 0), []
    for day in DAYS:
        if day > ENDS.get(pupil.civic_no, FRIDAY):
            continue
        for slot in range(len(STARTS)):
            cells = lesson_cells(pupil, school, group, day, slot, names=names)
            away = min(left, 60)
            left -= away
            # Nobody has reported a lesson of 9B since 1 October.
            if group == "9B":
                rows.append(_silent(cells))
            else:
                rows += with_parallel(pupil, with_minutes(cells, invalid=away))
    return rows


def _silent(cells: Cells) -> Cells:
    minutes = ("Närvaro (min)", "Giltig frånvaro (min)", "Ogiltig frånvaro (min)")
    blank = dict.fromkeys((*minutes, "Annat skoluppdrag (min)"), "")
    return cells | blank | {"Rapporterad": "Nej"}


def _corrections(october: list[Cells]) -> list[Cells]:
    """Noor was there all the time; Saga missed one lesson more than October's file said."""
    noor = [row for row in october if row["Personnummer"] == NOOR]
    there = [with_minutes(row) for row in noor if row["Giltig frånvaro (min)"] not in ("", "0")]
    saga = [row for row in october if row["Personnummer"] == SAGA]
    attended = [row for row in saga if row["Ogiltig frånvaro (min)"] in ("", "0")]
    return [*there, with_minutes(attended[0], invalid=60)]


def _roster(before: list[Cells]) -> list[Cells]:
    """The rosters a week later: one record ended, one pupil at another school."""
    rows = []
    for row in before:
        number = row["Personnummer"]
        if number in ENDS:
            rows.append(row | {"Slutdatum": ENDS[number].isoformat()})
        elif number in MOVES:
            school, group, mentor = MOVES[number]
            rows.append(row | {"Slutdatum": "2026-11-13"})
            rows.append(
                row
                | {
                    "Skolenhetskod": school,
                    "Klass": group,
                    "Mentor": mentor,
                    "Mentor e-post": mentor_email(mentor, school),
                    "Startdatum": MONDAY.isoformat(),
                }
            )
        else:
            rows.append(row)
    rows.sort(key=lambda r: (r["Klass"], r["Personnummer"], r["Startdatum"]))
    return rows
