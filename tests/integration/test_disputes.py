"""Two schools say that a pupil is theirs: who has the pupil, from when on, and what is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from assets.exports.files.arrivals import Intake
from assets.exports.files.received import look_at
from assets.exports.ingest import ingest_paths, read_again
from assets.exports.senders.senders import Right, Sender, Senders
from assets.flags.answers import identities_of
from assets.lake.connection import Lake
from assets.lake.standing import find_standing
from tests.integration.ingest_files import PUPILS, ROSTER, USUAL, put, text_of

OLD, NEW = "99999902", "99999901"
SENDERS = {
    "new": Sender("new", frozenset({NEW}), rights=frozenset(), is_declared=True),
    "old": Sender("old", frozenset({OLD}), rights=frozenset(), is_declared=True),
    "register": Sender("register", rights=frozenset(Right), is_declared=True),
}
DAY = date(2026, 10, 15)


class Home:
    """A home whose senders each say one record of the same pupil."""

    def __init__(self, lake: Lake, inbox: Path) -> None:
        self.lake, self.inbox, self._runs = lake, inbox, 0

    def put(self, sender: str, school: str, **cells: object) -> Path:
        """Put a roster into a sender's folder, made a minute later than the one before."""
        self._runs += 1
        row = USUAL | {"school": school, "civic": PUPILS[0], "given": sender, "starts": "", **cells}
        name = f"elever_20261016T04{self._runs:02d}.csv"
        return put(self.inbox / sender, name, text_of([row], ROSTER))

    def run(self) -> None:
        """Take what is new."""
        clock = datetime(2026, 10, 17, 4, self._runs, tzinfo=UTC).timestamp()
        senders = Senders(named=tuple(SENDERS.values()), folders=(self.inbox,))
        ingest_paths(self.lake, [self.inbox], senders=senders, intake=Intake(now=lambda: clock))

    def say(self, sender: str, school: str, **cells: object) -> Path:
        path = self.put(sender, school, **cells)
        self.run()
        return path

    def schools(self, day: date = DAY) -> set[str]:
        """Return where the pupil is enrolled on a day."""
        find_standing(self.lake)
        return {
            code
            for (code,) in self.lake.rows(
                "SELECT school_unit_code FROM standing_days "
                "WHERE $day BETWEEN first_date AND last_date",
                day=day,
            )
        }


def test_a_pupil_stays_until_the_old_school_says_an_end(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    home.say("old", OLD, starts="2026-08-17")
    home.say("new", NEW, starts="2019-08-15")
    assert home.schools() == {OLD}
    home.say("old", OLD, starts="2026-08-17", ends="2026-10-14")
    assert (home.schools(date(2026, 10, 14)), home.schools()) == ({OLD}, {NEW})


def test_a_record_that_is_opened_again_takes_nobody_back(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    home.say("old", OLD)
    home.say("old", OLD, ends="2026-10-01")
    home.say("new", NEW, starts="2026-10-02")
    assert home.schools() == {NEW}
    home.say("old", OLD)
    assert (home.schools(), home.schools(date(2026, 10, 1))) == ({NEW}, {OLD})


def test_the_register_moves_a_pupil_also_by_an_older_file(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    home.say("old", OLD)
    before = home.put("register", NEW)
    late = home.put("new", NEW)
    assert before.name < late.name
    home.run()
    assert home.schools() == {NEW}


def test_of_one_run_names_and_dates_of_files_decide_nothing(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    home.put("old", OLD, starts="2019-08-15")
    home.put("new", NEW)
    home.run()
    assert home.schools() == {NEW}


def test_a_file_that_is_read_again_loses_no_pupil(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    path = home.say("old", OLD)
    home.say("new", NEW)
    read_again(lake, replace(look_at(path), sender=SENDERS["old"]))
    assert home.schools() == {OLD}
    assert lake.rows("SELECT count(*) FROM enrolment_claims") == [(2,)]


def test_a_new_schools_names_stand_behind_those_of_the_old(lake: Lake, tmp_path: Path) -> None:
    home = Home(lake, tmp_path)
    home.say("old", OLD)
    home.say("new", NEW)
    (person,) = identities_of(lake, as_of=DAY).values()
    assert person["given_name"] == "old"
