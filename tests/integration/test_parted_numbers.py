"""Numbers that were joined by mistake are parted: each has again what was said of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from assets.exports.ingest import ingest_paths
from assets.exports.ledger.entries import RevokeError, find_file
from assets.exports.ledger.outcomes import FileReport
from assets.exports.revoke import revoke_file
from assets.exports.senders.releases import Releaser, release, waiting_lifts
from assets.exports.senders.senders import Sender, Senders
from assets.exports.unmerge import Unmerged, unmerge
from assets.flags.as_known_at import show_as_known
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from tests.conftest import emptied, settings_of
from tests.integration.conftest import trappan
from tests.integration.ingest_files import EVERY, ROSTER, USUAL, put, text_of
from tests.integration.ss12000_files import (
    ANNA,
    BO,
    CIVIC,
    attendance,
    event,
    person,
    put_page,
    put_school,
)
from tests.integration.test_changed_numbers import (
    NEW,
    NEWEST,
    OLD,
    OTHER,
    at,
    changes,
    listed,
    offer,
    state,
)

PERSON, SECOND = Releaser(1001, "anna"), Releaser(1002, "bo")
MARKED = "Sekretessmarkering"


def key_of(lake: Lake, number: str) -> UUID:
    return Sealer.of_home(lake.settings.home).key("pupil", number.replace("-", ""))


def part(lake: Lake, old: str, new: str, senders: Senders | None = None) -> Unmerged:
    pair = (key_of(lake, old), key_of(lake, new))
    return unmerge(lake, pair, PERSON, senders=senders)


def revoke(lake: Lake, report: FileReport, **how: Any) -> int:
    file = find_file(lake, Sealer.of_home(lake.settings.home), report.sha256)
    return revoke_file(lake, file, **how).kept_protected


def days(lake: Lake) -> list[tuple[Any, ...]]:
    """Return which number has a lesson on which day, with its invalid minutes."""
    return [row[:3] for row in state(lake)["lessons"]]


def protected(lake: Lake) -> set[str]:
    return {last for (last,) in state(lake)["protection"]}


def test_both_numbers_have_the_same_lesson_again(lake: Lake, tmp_path: Path) -> None:
    classmates = [at(5, OLD, invalid="5"), at(5, NEW, invalid="10")]
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of(classmates)))
    before = state(lake)
    (joined,) = offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    assert len(days(lake)) == 1
    later = [at(6, OLD), at(6, NEW, invalid="20")]
    offer(lake, put(tmp_path, "b_20261016T0500.csv", text_of(later)))
    revoke(lake, joined)
    after = [("9800", 6, 20), ("9807", 6, 0)]
    assert days(lake) == sorted([*(row[:3] for row in before["lessons"]), *after])
    counts = (
        "SELECT rows_read, rows_accepted, rows_rejected FROM files WHERE layout <> 'nummerbyten'"
    )
    assert set(lake.rows(counts)) == {(2, 2, 0)}


def test_a_chain_is_parted_where_its_link_was(lake: Lake, tmp_path: Path) -> None:
    rows = [at(5, OLD), at(6, NEW), at(7, NEWEST)]
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of(rows)))
    offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW), (NEW, NEWEST)))
    assert {row[0] for row in days(lake)} == {"9818"}
    part(lake, OLD, NEW)
    assert [row[:2] for row in days(lake)] == [("9807", 5), ("9818", 6), ("9818", 7)]
    part(lake, NEW, NEWEST)
    assert [row[:2] for row in days(lake)] == [("9800", 6), ("9807", 5), ("9818", 7)]


def test_of_a_circle_the_other_word_counts_then(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW)])))
    offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    offer(lake, changes(tmp_path, "1016T0500", (NEW, OLD), (OTHER, NEWEST)))
    assert {row[0] for row in days(lake)} == {"9800"}
    assert part(lake, OLD, NEW).are_still_one
    assert {row[0] for row in days(lake)} == {"9807"}
    assert not part(lake, NEW, OLD).are_still_one
    assert [row[:2] for row in days(lake)] == [("9800", 6), ("9807", 5)]


def test_a_pair_that_two_files_say_is_theirs_until_both_are_revoked(
    lake: Lake, tmp_path: Path
) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW)])))
    reports = [
        *offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW))),
        *offer(lake, changes(tmp_path, "1016T0500", (OLD, NEW), (OTHER, NEWEST))),
    ]
    revoke(lake, reports[1])
    assert {row[0] for row in days(lake)} == {"9800"}
    revoke(lake, reports[0])
    assert {row[0] for row in days(lake)} == {"9800", "9807"}


def test_parted_numbers_stay_so_until_a_newer_file_says_it(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(6, NEW)])))
    said = changes(tmp_path, "1015T0500", (OLD, NEW))
    offer(lake, said)
    part(lake, OLD, NEW)
    with pytest.raises(RevokeError, match="taken back before"):
        part(lake, OLD, NEW)
    again = put(tmp_path, "nummerbyten_20261020T0500.csv", said.read_bytes())
    older = changes(tmp_path, "1014T0500", (OLD, NEW), (OTHER, NEWEST))
    for path in (said, again, older):
        offer(lake, path)
        assert {row[0] for row in days(lake)} == {"9800", "9807"}, path.name
    assert set(lake.rows("SELECT code FROM row_problems")) == {("new_civic_no.parted",)}
    offer(lake, changes(tmp_path, "1021T0500", (OLD, NEW), (OTHER, NEWEST)))
    assert {row[0] for row in days(lake)} == {"9800"}


def two_strangers(lake: Lake, folder: Path, senders: Senders | None = None) -> FileReport:
    """Join a marked pupil with a stranger, and return the file that did."""
    rows = [USUAL | {"civic": OLD, "protected": MARKED}, USUAL | {"civic": NEW, "protected": ""}]
    inbox = folder / "kommunen" if senders else folder
    inbox.mkdir(exist_ok=True)
    paths = [
        put(inbox, "elever_20261014T0500.csv", text_of(rows, ROSTER)),
        changes(inbox, "1015T0500", (OLD, NEW)),
    ]
    reports = ingest_paths(lake, [folder] if senders else paths, senders=senders)
    assert protected(lake) == {"9800", "9807"}
    return next(report for report in reports if report.layout == "nummerbyten")


@pytest.mark.parametrize("two_persons", [False, True])
def test_who_was_protected_by_anothers_number_stays_so_until_released(
    lake: Lake, tmp_path: Path, *, two_persons: bool
) -> None:
    town = Sender(name="kommunen", is_declared=True)
    senders = Senders(named=(town,), folders=(tmp_path,), two_persons=two_persons)
    two_strangers(lake, tmp_path, senders)
    assert part(lake, OLD, NEW, senders).kept_protected == 1
    assert protected(lake) == {"9800", "9807"}
    sealer = Sealer.of_home(lake.settings.home)
    for somebody in (PERSON, SECOND) if two_persons else (PERSON,):
        assert protected(lake) == {"9800", "9807"}
        (lift,) = waiting_lifts(lake, sealer)
        assert (lift.pupils, lift.needed) == ((str(key_of(lake, NEW)),), 1 + two_persons)
        release(lake, lift, somebody)
    assert protected(lake) == {"9807"}
    assert waiting_lifts(lake, sealer) == []


def test_the_past_hides_who_was_one_with_a_protected_pupil(lake: Lake, tmp_path: Path) -> None:
    """Then the rows of both stood under the number of the one who is shown today."""
    joined = two_strangers(lake, tmp_path)
    then = datetime.now(UTC)
    assert revoke(lake, joined, with_protection=True) == 0
    now = datetime.now(UTC)
    assert protected(lake) == {"9807"}
    for moment, hidden in ((then, {OLD, NEW}), (now, {OLD})):
        past = lake.beside()
        show_as_known(past, moment)
        found = {key for (key,) in past.rows("SELECT pupil_key FROM protected_pupils")}
        past.connection.close()
        assert found == {key_of(lake, number) for number in hidden}


def test_a_marked_pupil_stays_protected_by_the_own_mark(lake: Lake, tmp_path: Path) -> None:
    """What was said of the later number lifted the mark of the older one: not of a stranger's."""
    rows = [USUAL | {"civic": OLD, "protected": MARKED}, USUAL | {"civic": NEW}]
    offer(lake, put(tmp_path, "elever_20261014T0500.csv", text_of(rows, ROSTER)))
    (joined,) = offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    lifts = text_of([USUAL | {"civic": NEW, "protected": "Ingen"}], ROSTER)
    offer(lake, put(tmp_path, "elever_20261020T0500.csv", lifts))
    assert protected(lake) == set()
    assert revoke(lake, joined) == 0
    assert protected(lake) == {"9807"}


def test_only_with_protection_it_ends_at_once_and_never_by_one_of_two_people(
    lake: Lake, tmp_path: Path
) -> None:
    joined = two_strangers(lake, tmp_path)
    with pytest.raises(RevokeError, match="two different people"):
        revoke(lake, joined, with_protection=True, senders=Senders(two_persons=True))
    assert revoke(lake, joined, with_protection=True) == 0
    assert protected(lake) == {"9807"}


def test_persons_of_a_server_are_parted_without_its_files(lake: Lake, tmp_path: Path) -> None:
    """Two classmates have the same events; while they are one, both are said again."""
    later = "2026-10-07T04:00:00Z"
    again = [person(ANNA, modified=later), person(BO, modified=later)]
    hour = {"startTime": "2026-10-06T08:20:00+02:00", "endTime": "2026-10-06T09:20:00+02:00"}
    more = [event("event-3", **hour)]
    came = [attendance("event-3", student) for student in (ANNA, BO)]
    found = []
    for is_joined in (False, True):
        emptied(lake)
        ingest_paths(lake, put_school(tmp_path))
        if is_joined:
            pair = changes(tmp_path, "1007T0500", (CIVIC[ANNA], CIVIC[BO]))
            (joined,) = ingest_paths(lake, [pair])
            assert lake.rows("SELECT count(*) FROM lessons") == [(2,)]
        for name, objects in (("p", again), ("e", more), ("a", came)):
            ingest_paths(lake, [put_page(tmp_path, name, objects, "20261008T0500")])
        if is_joined:
            revoke(lake, joined)
        found.append(
            {
                table: lake.rows(f"SELECT {columns} FROM {table} ORDER BY ALL")
                for table, columns in SERVERS.items()
            }
        )
    assert found[0] == found[1]
    assert len(found[0]["lessons"]) == 6


#: A seal differs each time.
SERVERS = {
    "lessons": "*",
    "enrolments": "*",
    "identity_sources": "*",
    "ss12000_persons": "* EXCLUDE (sealed, sealed_staff)",
    "pupil_numbers": "*",
}


def test_what_was_published_goes_back_to_its_number(lake: Lake, tmp_path: Path) -> None:
    rows = [at(1, OLD), at(2, NEW)]
    offer(lake, put(tmp_path, "lektioner_20261002T0500.csv", text_of(rows)))
    old, new = key_of(lake, OLD), key_of(lake, NEW)
    listed(lake, old, 2, "new")
    listed(lake, new, 1, "continuing")
    before = lake.rows("SELECT pupil_key, level, state FROM listed_pupils ORDER BY ALL")
    offer(lake, changes(tmp_path, "1005T0500", (OLD, NEW)))
    assert lake.rows("SELECT pupil_key, level FROM listed_pupils") == [(new, 2)]
    offer(lake, changes(tmp_path, "1006T0500", (NEW, NEWEST)))
    assert lake.rows("SELECT level FROM listed_pupils") == [(2,)]
    part(lake, OLD, NEW)
    newest = key_of(lake, NEWEST)
    assert lake.rows("SELECT pupil_key, level FROM listed_pupils ORDER BY level") == [
        (newest, 1), (old, 2)
    ]  # fmt: skip
    part(lake, NEW, NEWEST)
    assert lake.rows("SELECT pupil_key, level, state FROM listed_pupils ORDER BY ALL") == before
    assert lake.rows("SELECT count(*) FROM superseded_listed_pupils") == [(0,)]


def test_no_night_goes_on_from_a_parting_that_was_stopped(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(5, NEW)])))
    offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("assets.exports.rereading.opened_originals", stopped)
        with pytest.raises(KeyboardInterrupt):
            part(lake, OLD, NEW)
    with pytest.raises(RevokeError, match="trappan unmerge --unfinished"):
        ingest_paths(lake, [tmp_path])
    unmerge(lake, None, PERSON)
    assert [row[:2] for row in days(lake)] == [("9800", 5), ("9807", 5)]
    ingest_paths(lake, [tmp_path])
    with pytest.raises(RevokeError, match="none to go on with"):
        unmerge(lake, None, PERSON)


def test_nothing_is_changed_where_an_original_is_missing(lake: Lake, tmp_path: Path) -> None:
    offer(lake, put(tmp_path, "a_20261014T0500.csv", text_of([at(5, OLD), at(5, NEW)])))
    (joined,) = offer(lake, changes(tmp_path, "1015T0500", (OLD, NEW)))
    before = state(lake)
    for original in (lake.settings.home / "archive").rglob("*.age"):
        original.unlink()
    for attempt in (lambda: part(lake, OLD, NEW), lambda: revoke(lake, joined)):
        with pytest.raises(RevokeError, match="Nothing was changed"):
            attempt()
    assert state(lake) == before


def test_the_command_asks_on_standard_input_and_prints_no_number(tmp_path: Path) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    inbox.mkdir()
    put(inbox, "a_20261014T0500.csv", text_of([at(5, OLD, protected=MARKED), at(6, NEW)], EVERY))
    changes(inbox, "1015T0500", (OLD, NEW))
    assert trappan("--home", home, "ingest", inbox).status == 0
    on_the_line = trappan("--home", home, "unmerge", OLD, NEW, "--reason", "x")
    assert on_the_line.status == 2
    asked = ("--home", home, "unmerge", "-", "-", "--reason", "ärende 17")
    wrong_way = trappan(*asked, typed=f"{NEW}\n{OLD}")
    assert wrong_way.status == 1
    said = trappan(*asked, typed=f"{OLD}\n{NEW}")
    assert said.status == 0, said.err
    assert "two pupils" in said.err
    assert "1 pupil was protected by another's number" in said.err
    waits = trappan("--home", home, "release")
    assert "parted" in waits.out
    log = (home / "access.log").read_text(encoding="utf-8")
    (line,) = [json.loads(one) for one in log.splitlines() if "ärende 17" in one][1:]
    assert line["command"] == "unmerge"
    for printed in (on_the_line, wrong_way, said, waits):
        for number in (OLD, NEW):
            assert number[-4:] not in printed.out + printed.err
    assert OLD[-4:] not in log
    with Lake.open(settings_of(home)) as lake:
        assert [row[:2] for row in days(lake)] == [("9800", 6), ("9807", 5)]
