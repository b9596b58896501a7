"""New keys of pupils: killed anywhere it goes on, nothing runs beside it, no old key is left."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pytest

from assets.delivery.delivery_log import DeliveryLog
from assets.exports.ingest import ingest_paths
from assets.exports.pupils.tombstones import Tombstones
from assets.exports.senders.marked_lines import GRANTS_FILE, fitting, marked_line
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import KeyFileError, Sealer
from assets.lake.key_file import change_under_way, read_keys
from assets.lake.sealed_places import EVENT_TEXT, IDENTITY, LIST
from assets.lake.tables import TABLES
from assets.upkeep.keys import pupil_keys
from assets.upkeep.keys import rotate as rotating
from assets.upkeep.keys.pupil_keys import KEYED, OF_ANY_OBJECT, TOTALS, UNKEYED
from assets.upkeep.keys.resealing import KeyChangeError
from assets.upkeep.keys.rotate import HomeToReseal, KeyChange, rotate
from tests.conftest import settings_of
from tests.examples import examples
from tests.faults.test_new_keys import (
    KILLED,
    KILLED_AT_A_FILE,
    MOMENTS,
    files_moved_in,
    run,
    unopened,
)
from tests.integration.aged_home import copied
from tests.integration.conftest import trappan
from tests.integration.erased_home import SCHOOL
from tests.integration.every_command import LOGGED, called, filled, refused_file
from tests.integration.ingest_files import ROSTER, USUAL, is_protected, put, text_of
from tests.integration.sealed_home import (
    KEY,
    NOTE,
    PORTAL,
    found_in_bytes,
    openings,
    sealed_bytes,
    sealed_home,
    text_of_list,
)

#: Where a process is killed: at what a new key does anyway, and at what pupils' keys add. After one
#: is before another.
_MOMENTS = (
    *(name for name in MOMENTS if name not in {"values of the lake", "deliveries", "portal"}),
    *("in_lake_with_keys", "in_deliveries_with_keys", "in_portal_with_keys"),
    *("in_grants", "in_rewritten"),
    *("the lake, before it is noted", "forget_portal_mark"),
)
_TIMES = examples(2)
MARKED = "Sekretessmarkering"
_SAID = {"id": "g1", "account": "anna", "reason": "prov"}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something sealed in every place, and a grant; nobody changes it."""
    home = sealed_home(tmp_path_factory.mktemp("keys"))
    sealer = Sealer.of_home(home)
    lines = [marked_line(sealer, _SAID), marked_line(sealer, _SAID)[:-9] + 'x"}', "no line"]
    (home / GRANTS_FILE).write_text("\n".join(lines) + "\n")
    (home / GRANTS_FILE).chmod(0o600)
    (home / "access.yaml").write_text("grants: optional\n")
    with closing(sqlite3.connect(home / "delivery.sqlite")) as log, log:
        for reason in (sealer.key_text("crossing", "m\x1fp\x1f1"), "2026-W40"):
            log.execute("INSERT INTO notices VALUES ('a', ?)", (reason,))
    return home


def new_keys(home: Path) -> KeyChange:
    given = HomeToReseal(settings_of(home), PortalDatabase(home), latest_seconds=0, pupil_keys=True)
    return rotate(given)


def keyed_values(home: Path) -> set[str]:
    """Return every key of the lake, and the one of the portal."""
    with Lake.open(settings_of(home)) as lake:
        found = {
            str(value)
            for table in TABLES
            for column in table.columns
            if column.name in KEYED
            for (value,) in lake.rows(f"SELECT DISTINCT {column.name} FROM {table.name}")
            if value is not None
        }
    return found | {KEY, Sealer.of_home(home).key_text("crossing", "m\x1fp\x1f1")}


def words_of(home: Path) -> Iterator[tuple[str, str]]:
    """Yield everything that stands in a home, opened: where, and as text."""
    sealer = Sealer.of_home(home)
    for path in sorted(home.rglob("*")):
        below = path.relative_to(home).as_posix()
        if not path.is_file() or path.is_symlink() or below.startswith(("inbox/", "lake/")):
            continue
        content = path.read_bytes()
        if path.name == "list.sealed":
            of_list = (path.parts[-3], path.parts[-4])
            content = zlib.decompress(sealer.unseal_bytes(LIST, of_list, content))
        yield below, content.decode("utf-8", "replace")
    with DeliveryLog.looked_at(home, sealer) as log:
        yield "deliveries", " ".join(key for named in log.all_named() for key in named)
    with closing(sqlite3.connect(home / PORTAL)) as portal:
        for (table,) in portal.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            yield table, str(portal.execute(f'SELECT * FROM "{table}"').fetchall())
    with Lake.open(settings_of(home)) as lake:
        for table in TABLES:
            yield table.name, str(lake.rows(f"SELECT * FROM lake.{table.name}"))


def assert_new_keys(home: Path, sealed: Path) -> None:
    """Assert that all of a home knows its pupils by the new keys, and nothing by those before."""
    before, now = read_keys(sealed), read_keys(home)
    assert now.hashes.startswith(before.hashes)
    assert len(now.hashes) == len(before.hashes) + 32
    assert (now.former, now.pupils_change, change_under_way(home)) == (None, False, "")
    sealer, old = Sealer.of_home(home), Sealer.of_home(sealed)
    assert unopened(home, sealer) == []
    assert [name for _, name, opens in openings(home, old) if opens] == []
    keys = keyed_values(sealed)
    left = [(where, key) for where, text in words_of(home) for key in keys if key in text]
    assert left == []
    in_bytes = {uuid.UUID(key).bytes for key in keys} | {key.encode() for key in keys}
    assert found_in_bytes(home, in_bytes | sealed_bytes(sealed)) == []
    # What the key makes of a number is what the lake has.
    with Lake.open(settings_of(home)) as lake, Lake.open(settings_of(sealed)) as lake_before:
        count = 0
        for key, sealed_text in lake.rows("SELECT content_key, sealed FROM identities"):
            civic_no = sealer.unseal(IDENTITY, (key,), sealed_text)["civic_no"]
            select = f"SELECT pupil_key FROM identity_sources WHERE content_key = '{key}'"
            assert {found for (found,) in lake.rows(select)} == {sealer.key("pupil", civic_no)}
            count += 1
        assert count
        for table in TABLES:
            select = f"SELECT count(*) FROM {table.name}"
            if table.name != TOTALS:
                assert lake.rows(select) == lake_before.rows(select), table.name
    with closing(sqlite3.connect(home / "delivery.sqlite")) as log:
        told = {reason for (reason,) in log.execute("SELECT reason_key FROM notices")}
    # Nobody is mailed of the same once more.
    assert told == {sealer.key_text("crossing", "m\x1fp\x1f1"), "2026-W40"}
    lines = (home / GRANTS_FILE).read_text().splitlines()
    assert [fitting(sealer, line) for line in lines] == [_SAID, None, None]
    assert fitting(old, lines[0]) is None
    tables = {where for where, _ in words_of(home)}
    assert "trappan_pupil_keys" not in tables
    wrong = [
        [line for line in trappan("--home", one, "verify", "--quick").out.splitlines()
         if "WRONG" in line]
        for one in (home, sealed)
    ]  # fmt: skip
    assert wrong[0] == wrong[1]


def test_every_column_of_keys_is_known_to_be_keyed_or_not() -> None:
    named = {column.name for table in TABLES for column in table.columns if column.type == "UUID"}
    known = KEYED | UNKEYED | {OF_ANY_OBJECT, "mark_key", "total_key"}
    assert named == known
    assert KEYED.isdisjoint(UNKEYED)


def test_no_key_of_before_is_left_and_every_number_is_found_again(home: Path, sealed: Path) -> None:
    list_before = json.loads(text_of_list(home, Sealer.of_home(home)))
    done = new_keys(home)
    assert (done.pupil_keys, done.unopened.get("portal")) == (True, None)
    assert_new_keys(home, sealed)
    sealer, old = Sealer.of_home(home), Sealer.of_home(sealed)
    list_after = json.loads(text_of_list(home, sealer))
    for rows in ("pupils", "insufficient", "at_risk", "cleared", "thin"):
        for pupil in list_after[rows]:
            pupil |= {
                name: sealer.first_text(pupil[name])
                for name in ("pupil_key", "mentor_key")
                if pupil.get(name)
            }
    assert list_after == list_before
    # Mentors' folders and what cases are called stay; what makes marks does not.
    assert sealer.key("mentor", "x") == old.key("mentor", "x")
    assert sealer.key("portal case", "x") == old.key("portal case", "x")
    assert sealer.key("pupil", "x") != old.key("pupil", "x")
    assert sealer.pads("word of protection") != old.pads("word of protection")
    # Who was erased stays so, by number and by key.
    stones = Tombstones.of_home(home, sealer)
    assert stones.has_number("201203149898", str(sealer.key("pupil", "201203149898")))
    said = trappan("--home", home, "ingest", home / "inbox")
    assert said.status in {0, 3}, said.err


def test_twice_is_once_more(home: Path, sealed: Path, tmp_path: Path) -> None:
    new_keys(home)
    once = tmp_path / "once"
    shutil.copytree(home, once, symlinks=True)
    new_keys(home)
    assert_new_keys(home, once)
    assert Sealer.of_home(home).first_text(
        Sealer.of_home(home).key_text("pupil", "201203149800")
    ) == Sealer.of_home(sealed).key_text("pupil", "201203149800")


@pytest.mark.parametrize(
    ("moment", "when"), [*((moment, "before") for moment in _MOMENTS), (_MOMENTS[-1], "after")]
)
def test_killed_at_any_step_it_goes_on_where_it_was(
    home: Path, sealed: Path, moment: str, when: str
) -> None:
    done = run(KILLED, home, moment, when, "pupil keys")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert_goes_on(home, sealed)


@pytest.fixture(scope="module")
def files_moved(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """So many files are moved or removed while pupils get new keys."""
    return files_moved_in(copied(sealed, tmp_path_factory.mktemp("counted")), "pupil keys")


@pytest.mark.parametrize("time", range(_TIMES))
def test_killed_at_any_file_it_goes_on_where_it_was(
    home: Path, sealed: Path, files_moved: int, time: int
) -> None:
    number = 1 + time * (files_moved - 1) // _TIMES
    assert run(KILLED_AT_A_FILE, home, number, "pupil keys").returncode == -signal.SIGKILL
    assert_goes_on(home, sealed)


def assert_goes_on(home: Path, sealed: Path) -> None:
    keys = read_keys(home, while_pupils_change=True)
    if keys.pupils_change:
        # Half of the home knows a pupil by the one key and half by the other: nobody may ask it.
        with pytest.raises(KeyFileError, match="Pupils get new keys"):
            Sealer.of_home(home)
    if len(keys.hashes) == len(read_keys(sealed).hashes):
        # It had not begun.
        assert unopened(home, Sealer.of_home(home)) == []
        new_keys(home)
    else:
        new_keys(home)
    assert_new_keys(home, sealed)
    assert [path.name for path in home.rglob(".*") if path.is_file()] == []


def test_no_command_works_on_a_home_that_is_half_changed(tmp_path: Path) -> None:
    home, inbox = filled(tmp_path)
    sha256 = refused_file(home)
    before = keyed_values(home) - {KEY}
    assert len(before) > 10
    assert run(KILLED, home, "lists", "before", "pupil keys").returncode == -signal.SIGKILL
    contents = contents_of(home)
    others = {
        "coverage": (),
        "backfill": ("--from", "2026-11", "--to", "2026-11"),
        "verify": (),
        "doctor": (),
        "status": (),
        "maintain": (),
    }
    wrong = {}
    for command, words in (LOGGED | others).items():
        if command != "rotate-key":
            said = called(home, inbox, command, words, sha256)
            if said.status != 1 or "rotate-key" not in said.err + said.out:
                wrong[command] = said
    # Of a home without grants, portal and decision these ask nothing.
    assert set(wrong) == {"grant", "access", "retain"}
    assert contents_of(home) == contents
    done = trappan("--home", home, "rotate-key", "--pupil-keys", "--reason", "it goes on")
    assert done.status == 0, done.err
    assert [key for key in keyed_values(home) if key in before] == []
    assert called(home, inbox, "rates", LOGGED["rates"], sha256).status == 0


def contents_of(home: Path) -> dict[str, bytes]:
    """Return what a home's files hold, but for what says that somebody asked."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for place in ("lake", "lists", "archive", "erasures", "portal", "pupil.key")
        for path in [home / place, *(home / place).rglob("*")]
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".sum"))
    }


def test_what_runs_meanwhile_writes_nothing_with_the_keys_before(home: Path, sealed: Path) -> None:
    running = Sealer.of_home(home)
    with Lake.open(settings_of(home)) as lake:
        new_keys(home)
        with pytest.raises(KeyFileError, match="Pupils got new keys"), lake.writing():
            pass
        with pytest.raises(KeyFileError, match="Pupils got new keys"):
            running.seal_text(EVENT_TEXT, ("e77", KEY, "note"), NOTE)
    assert_new_keys(home, sealed)


def test_a_change_that_keeps_pupils_keys_ends_before_they_get_new_ones(
    home: Path, sealed: Path
) -> None:
    assert run(KILLED, home, "lists", "before").returncode == -signal.SIGKILL
    with pytest.raises(KeyChangeError, match="Let it end first"):
        new_keys(home)
    rotate(HomeToReseal(settings_of(home), PortalDatabase(home), latest_seconds=0))
    assert read_keys(home).hashes == read_keys(sealed).hashes
    new_keys(home)
    assert_new_keys(home, sealed)


def test_a_lake_that_would_protect_others_or_lose_a_row_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are noticed before anything is committed."""
    home = tmp_path / "home"
    said = [("marked", "20261101T0400", MARKED), ("lifted", "20261102T0400", "Ingen")]
    with Lake.open(settings_of(home)) as lake:
        for name, stamp, word in said:
            text = text_of([USUAL | {"protected": word}], ROSTER)
            ingest_paths(lake, [put(tmp_path, f"{name}_{stamp}.csv", text)])
        assert not is_protected(lake)
        snapshot = lake.snapshot()
    keys = [read_keys(home)]
    for name, damaged, words in (
        ("_fitting", _no_mark_fits, "other pupils would be protected"),
        ("_make_pairs", _every_pair_twice, "rows, and would have"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(pupil_keys, name, partial(damaged, getattr(pupil_keys, name)))
            with pytest.raises(KeyChangeError, match=f"Pupils have the keys .*{words}"):
                new_keys(home)
        # All else is sealed with a new key, and the home is open.
        keys.append(read_keys(home))
        assert (keys[-1].former, keys[-1].hashes) == (None, keys[0].hashes)
        assert str(keys[-1].identity) != str(keys[-2].identity)
        assert_known(home, snapshot)
    new_keys(home)
    assert read_keys(home).hashes != keys[0].hashes
    assert_known(home, snapshot)


def assert_known(home: Path, snapshot: int) -> None:
    """Assert that the one pupil is known by the number, is protected by nobody, and all opens."""
    sealer = Sealer.of_home(home)
    with Lake.open(settings_of(home)) as lake:
        assert not is_protected(lake)
        assert lake.snapshot() > snapshot
        number = str(USUAL["civic"]).replace("-", "")
        assert lake.rows("SELECT pupil_key FROM enrolments") == [(sealer.key("pupil", number),)]
    assert unopened(home, sealer) == []


def _no_mark_fits(
    fitting: Callable[..., int], connection: duckdb.DuckDBPyConnection, table: str
) -> int:
    fitting(connection, table)
    connection.execute(f"UPDATE marked_{table} SET is_fitting = FALSE")
    return 0


def _every_pair_twice(
    make: Callable[..., None],
    connection: duckdb.DuckDBPyConnection,
    resealing: pupil_keys.NewPupilKeys,
) -> None:
    make(connection, resealing)
    connection.execute("INSERT INTO new_keys FROM new_keys")


@pytest.mark.parametrize("table", sorted(pupil_keys.MARKS))
def test_a_made_up_row_with_a_copied_mark_gets_none_of_its_own(tmp_path: Path, table: str) -> None:
    """Who can write to the lake copies a row with its mark, and says more in it."""
    home = tmp_path / "home"
    with Lake.open(settings_of(home)) as lake:
        text = text_of([USUAL | {"protected": "Ingen"}], ROSTER)
        ingest_paths(lake, [put(tmp_path, "a_20261101T0400.csv", text)])
        columns = lake.rows(f"DESCRIBE lake.{table}")
        usual = {"UUID": f"'{uuid.uuid4()}'", "VARCHAR": "'x'", "TIMESTAMP": "now()::TIMESTAMP"}
        cells = ", ".join(
            f"{usual.get(kind, '1')}::{kind} AS {name}" for name, kind, *_ in columns
            if name not in {"mark_key", "is_protected"}
        )  # fmt: skip
        more = ", FALSE AS is_protected" if table == "protection_words" else ""
        mac = pupil_keys.MARKS[table]
        moment = next(name for name, kind, *_ in columns if kind == "TIMESTAMP")
        row = f"(SELECT *, {mac} AS mark_key FROM (SELECT {cells}{more}))"
        lake.write(lambda c: c.execute(f"INSERT INTO lake.{table} BY NAME FROM {row}"))
        forged = f"SELECT * REPLACE ({moment} + INTERVAL 70 YEAR AS {moment}) FROM lake.{table}"
        lake.write(lambda c: c.execute(f"INSERT INTO lake.{table} BY NAME {forged}"))
        ((fitting, rows),) = lake.rows(
            f"SELECT count(*) FILTER (mark_key = {mac}), count(*) FROM {table}"
        )
        assert fitting * 2 == rows
    new_keys(home)
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows(f"SELECT count(*) FILTER (mark_key = {mac}), count(*) FROM {table}") == [
            (fitting, rows)
        ]
        assert lake.rows(
            f"SELECT count(*) FROM {table} WHERE mark_key = {mac} AND {moment} > DATE '2090-01-01'"
        ) == [(0,)]


@pytest.mark.parametrize(
    ("moment", "has_new"),
    [("write_keys", False), ("in_lake_with_keys", False), ("the lake, before it is noted", True),
     ("lists", True)],
)  # fmt: skip
def test_without_the_option_new_keys_are_given_up_while_the_lake_has_none(
    home: Path, sealed: Path, moment: str, has_new: bool
) -> None:
    """A home whose lake can't be written once more, for want of room, is open again."""
    when = "after" if moment == "write_keys" else "before"
    assert run(KILLED, home, moment, when, "pupil keys").returncode == -signal.SIGKILL
    done = rotate(HomeToReseal(settings_of(home), PortalDatabase(home), latest_seconds=0))
    assert done.pupil_keys is has_new
    if has_new:
        assert_new_keys(home, sealed)
        return
    now = read_keys(home)
    assert (now.former, now.hashes, change_under_way(home)) == (None, read_keys(sealed).hashes, "")
    assert unopened(home, Sealer.of_home(home)) == []
    assert keyed_values(home) == keyed_values(sealed)
    new_keys(home)
    assert_new_keys(home, sealed)


def test_a_program_of_before_refuses_the_key_file(home: Path) -> None:
    """It knows one secret of keyed hashes of 64 digits, and would make every pupil a stranger."""
    new_keys(home)
    (line,) = (
        line for line in (home / "pupil.key").read_text().splitlines() if "keyed hashes" in line
    )
    digits = line.removeprefix("# keyed hashes: ")
    assert len(digits) == 128
    cut = (home / "pupil.key").read_text().replace(digits, digits[:64])
    (home / "pupil.key").write_text(cut)
    with pytest.raises(KeyFileError, match="every pupil would be a stranger"):
        Sealer.of_home(home)


def test_the_command_says_that_nothing_may_run_and_what_changed(
    home: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "_wait_for_the_latest", lambda *_: None)
    planned = trappan("--home", home, "rotate-key", "--pupil-keys", "--plan")
    assert planned.status == 0
    assert "stop the portal first" in planned.err
    done = trappan("--home", home, "rotate-key", "--pupil-keys", "--reason", "the key was stolen")
    assert done.status == 0, done.err
    assert "Pupils have new keys" in done.err
    assert json.loads(done.out)["pupil_keys"] is True
    for part in (read_keys(home).hashes.hex()[:64], read_keys(home).hashes.hex()[64:]):
        assert part not in done.out + done.err
    assert_new_keys(home, sealed)
    assert (home / "lists" / "current" / SCHOOL).exists()
