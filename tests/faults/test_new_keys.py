"""A new key: killed anywhere all opens, and at the end nothing opens with the old one."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pyrage import x25519

from assets.exports.pupils.tombstones import Tombstones
from assets.follow_up.portal_database import PortalDatabase
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.key_file import HomeKeys, change_under_way, read_keys
from assets.lake.sealed_places import EVENT_TEXT
from assets.upkeep.backup.backing_up import BackupPlan, back_up
from assets.upkeep.backup.manifest import BackupError
from assets.upkeep.backup.restoring import bring_back
from assets.upkeep.keys import rotate as rotating
from assets.upkeep.keys.resealing import KeyChangeError, Resealing
from assets.upkeep.keys.rotate import HomeToReseal, KeyChange, rotate
from rules.personal_data import PLACES, places_of
from rules.personal_data_store import REFUSED, SEALED_AGAIN
from tests.conftest import settings_of
from tests.examples import examples
from tests.integration.aged_home import copied
from tests.integration.conftest import trappan
from tests.integration.sealed_home import (
    KEY,
    NOTE,
    PORTAL,
    by_place,
    found_in_bytes,
    openings,
    sealed_bytes,
    sealed_home,
    text_of_list,
)
from tests.ready_processes import run_ready

ROOT = Path(__file__).resolve().parents[2]
_RUN = """
import os, signal, sys
from pathlib import Path
from assets.follow_up.portal_database import PortalDatabase
from assets.upkeep.keys import rotate as rotating
from tests.conftest import settings_of
home = Path(sys.argv[1])
def run():
    given = rotating.HomeToReseal(
        settings_of(home), PortalDatabase(home), latest_seconds=0,
        pupil_keys="pupil keys" in sys.argv,
    )
    rotating.rotate(given)
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
"""
#: Ends the process before, or after, a step has done its work, as the machine would.
KILLED = (
    _RUN
    + """
name, after = sys.argv[2], sys.argv[3] == "after"
def killed_at(step):
    def killed(*given, **more):
        if after:
            step(*given, **more)
        kill()
    return killed
steps = dict(rotating.STEPS)
if name in steps:
    rotating.STEPS = tuple((one, killed_at(step) if one == name else step)
                           for one, step in rotating.STEPS)
elif name == "the lake, before it is noted":
    change = rotating.in_lake_with_keys
    def in_lake_with_keys(lake, resealing, *, is_done, done):
        return change(lake, resealing, is_done=is_done, done=kill)
    rotating.in_lake_with_keys = in_lake_with_keys
elif name == "the key file, at the end":
    write = rotating.write_keys
    def write_keys(home, keys):
        (write if keys.former else killed_at(write))(home, keys)
    rotating.write_keys = write_keys
else:
    setattr(rotating, name, killed_at(getattr(rotating, name)))
run()
"""
)
#: Ends the process when it is about to move or remove its n-th file; told no n, it counts them.
KILLED_AT_A_FILE = (
    _RUN
    + """
number, seen = int(sys.argv[2]), 0
def look(event, given):
    global seen
    if event in ("os.rename", "os.remove"):
        seen += 1
        if seen == number:
            kill()
sys.addaudithook(look)
run()
print("files:", seen)
"""
)
#: In this order, so the moment after one is the moment before the next.
MOMENTS = (
    *("write_changes", "write_keys"),
    *(name for name, _ in rotating.STEPS),
    *("expire_everything_but_now", "keep_rows", "_wait_for_the_latest"),
    "the key file, at the end",
)
#: Of all files; TRAPPAN_ORACLE_EXAMPLES asks for more.
_TIMES = examples(2)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something sealed in every place; nobody changes it."""
    return sealed_home(tmp_path_factory.mktemp("keys"))


def new_key(home: Path) -> KeyChange:
    return rotate(HomeToReseal(settings_of(home), PortalDatabase(home), latest_seconds=0))


def run(program: str, *words: object) -> subprocess.CompletedProcess[str]:
    return run_ready(program, *words)


def only(keys: HomeKeys, identity: x25519.Identity) -> Sealer:
    """Return what opens with one identity, whatever the key file says."""
    return Sealer(identity, hashes=keys.hashes)


def unopened(home: Path, sealer: Sealer) -> list[str]:
    return [name for _, name, opens in openings(home, sealer) if not opens]


def assert_new(home: Path, before: HomeKeys) -> HomeKeys:
    """Assert that the new key opens everything, and the old one nothing."""
    now = read_keys(home)
    assert str(now.identity) != str(before.identity)
    assert (now.former, now.hashes) == (None, before.hashes)
    assert unopened(home, Sealer.of_home(home)) == []
    assert [name for _, name, opens in openings(home, only(now, before.identity)) if opens] == []
    assert change_under_way(home) == ""
    return now


def test_nothing_opens_with_the_old_key_and_all_with_the_new(sealed: Path, home: Path) -> None:
    before, was = read_keys(home), sealed_bytes(home)
    everything = openings(home, only(before, before.identity))
    assert all(opens for _, _, opens in everything)
    assert set(by_place(everything)) == {
        place.name for place in PLACES if place.rotation.startswith(SEALED_AGAIN)
    }
    assert set(found_in_bytes(home, was)) != set()
    modes = {path: path.stat().st_mode for path in home.glob("archive/*/*.zst.age")}
    list_before = text_of_list(home, Sealer.of_home(home))
    done = new_key(home)
    now = assert_new(home, before)
    assert by_place(openings(home, only(now, now.identity))) == by_place(everything)
    # Not a byte of what was sealed is left, in the lake's past or a freed page.
    assert found_in_bytes(home, was) == []
    assert text_of_list(home, Sealer.of_home(home)) == list_before
    assert {path: path.stat().st_mode for path in modes} == modes
    assert (home / "pupil.key").stat().st_mode & 0o777 == 0o600
    assert (done.before, done.now) == (
        str(before.identity.to_public()),
        str(now.identity.to_public()),
    )
    assert done.unopened == {}
    assert sum(done.sealed.values()) == len(everything)
    # What age itself reads of the file is one identity, twice, which opens an original.
    lines = (home / "pupil.key").read_text().splitlines()
    assert [one for one in lines if one and one[0] != "#"] == [str(now.identity)] * 2
    # What was planted is nobody's, and verify says so before and after.
    looked = [trappan("--home", one, "verify", "--quick").out for one in (home, sealed)]
    wrong, wrong_before = ([line for line in out.splitlines() if "WRONG" in line] for out in looked)
    assert wrong == wrong_before


def test_every_pupil_keeps_the_key_and_who_was_erased_stays_so(home: Path) -> None:
    before = Sealer.of_home(home)
    hashes = Tombstones.of_home(home, before).stones
    with Lake.open(settings_of(home)) as lake:
        pupils = lake.rows("SELECT * FROM pupil_numbers ORDER BY ALL")
    new_key(home)
    after = Sealer.of_home(home)
    assert after.key("pupil", "201203149800") == before.key("pupil", "201203149800")
    assert after.pads("word of protection") == before.pads("word of protection")
    assert after.passing_text("portal", "sessions") != before.key_text("portal", "sessions")
    assert Tombstones.of_home(home, after).stones == hashes
    assert Tombstones.of_home(home, after).has_number("201203149898", "")
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows("SELECT * FROM pupil_numbers ORDER BY ALL") == pupils
    said = trappan("--home", home, "ingest", home / "inbox")
    assert said.status in {0, 3}, said.err
    new_key(home)
    assert Sealer.of_home(home).key("pupil", "x") == before.key("pupil", "x")


@pytest.mark.parametrize(
    ("moment", "when"), [*((moment, "before") for moment in MOMENTS), (MOMENTS[-1], "after")]
)
def test_killed_at_any_step_all_opens_and_the_next_call_ends_it(
    home: Path, moment: str, when: str
) -> None:
    before = read_keys(home)
    done = run(KILLED, home, moment, when)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert_goes_on(home, before)


@pytest.fixture(scope="module")
def files_moved(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """So many files are moved or removed while a key changes."""
    return files_moved_in(copied(sealed, tmp_path_factory.mktemp("counted")))


def files_moved_in(home: Path, *words: str) -> int:
    """Give a home a new key, and return how many files are moved or removed meanwhile."""
    done = run(KILLED_AT_A_FILE, home, 0, *words)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rpartition("files: ")[2])


@pytest.mark.parametrize("time", range(_TIMES))
def test_killed_at_any_file_all_opens_and_the_next_call_ends_it(
    home: Path, files_moved: int, time: int
) -> None:
    before = read_keys(home)
    number = 1 + time * (files_moved - 1) // _TIMES
    assert run(KILLED_AT_A_FILE, home, number).returncode == -signal.SIGKILL
    assert_goes_on(home, before)


def assert_goes_on(home: Path, before: HomeKeys) -> None:
    # Every reader goes by the key file alone.
    assert unopened(home, Sealer.of_home(home)) == []
    if read_keys(home).former is not None:
        assert change_under_way(home)
        assert trappan("--home", home, "status").out.count("rotate-key") == 1
    new_key(home)
    assert_new(home, before)
    assert [path.name for path in home.rglob(".*") if path.is_file()] == []


def test_what_was_sealed_before_and_written_late_is_sealed_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request of the portal had sealed a note when the key changed, and writes it at the end."""
    before = read_keys(home)
    row = ("late", KEY, "note")
    late = only(before, before.identity).seal_text(EVENT_TEXT, row, NOTE)

    def wait(*_: object) -> None:
        with closing(sqlite3.connect(home / PORTAL)) as portal, portal:
            if not portal.execute("SELECT 1 FROM portal_event WHERE public_id = 'late'").fetchall():
                portal.execute("INSERT INTO portal_event VALUES (?, ?, ?, ?)", (*row, late))

    monkeypatch.setattr(rotating, "_wait_for_the_latest", wait)
    new_key(home)
    assert_new(home, before)
    assert "portal_event.sealed_text late/" in " ".join(
        name for _, name, _ in openings(home, Sealer.of_home(home))
    )


def test_the_old_key_stays_while_something_is_sealed_with_it_on_and_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_keys(home)
    old, count = only(before, before.identity), 0

    def wait(*_: object) -> None:
        nonlocal count
        count += 1
        row = (f"late{count}", KEY, "note")
        sealed = old.seal_text(EVENT_TEXT, row, NOTE)
        with closing(sqlite3.connect(home / PORTAL)) as portal, portal:
            portal.execute("INSERT INTO portal_event VALUES (?, ?, ?, ?)", (*row, sealed))

    with monkeypatch.context() as patch:
        patch.setattr(rotating, "_wait_for_the_latest", wait)
        with pytest.raises(KeyChangeError, match="both keys are at hand"):
            new_key(home)
    assert unopened(home, Sealer.of_home(home)) == []
    new_key(home)
    assert_new(home, before)


def test_a_process_that_runs_meanwhile_seals_with_the_new_key(home: Path) -> None:
    running, before = Sealer.of_home(home), read_keys(home)
    row = ("e77", KEY, "note")
    old = running.seal_text(EVENT_TEXT, row, NOTE)
    new_key(home)
    now = read_keys(home)
    sealed = running.seal_text(EVENT_TEXT, row, NOTE)
    assert only(now, now.identity).unseal_text(EVENT_TEXT, row, sealed) == NOTE
    # What it had read before, it can still open.
    assert running.unseal_text(EVENT_TEXT, row, old) == NOTE
    assert str(running.identity) == str(now.identity) != str(before.identity)


@pytest.mark.parametrize(
    "name", ["lake.lost-1", "lake.rebuild", "restore.unfinished", "portal/portal.pgdump"]
)
def test_no_key_is_changed_over_what_would_be_lost_with_it(home: Path, name: str) -> None:
    below = name if name.endswith("dump") else f"{name}/something"
    assert [one.rotation for one in places_of(below)] == [REFUSED]
    key = (home / "pupil.key").read_bytes()
    (home / name).touch() if name.endswith("dump") else (home / name).mkdir()
    with pytest.raises(KeyChangeError, match="Nothing was done"):
        new_key(home)
    assert (home / "pupil.key").read_bytes() == key
    assert unopened(home, Sealer.of_home(home)) == []


def test_a_damaged_original_keeps_the_old_key_until_somebody_says(home: Path) -> None:
    before = read_keys(home)
    path = max(home.glob("archive/*/*.zst.age"), key=lambda one: one.stat().st_size)
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:-9])
    with pytest.raises(KeyChangeError, match=path.name):
        new_key(home)
    assert read_keys(home).former is not None
    path.unlink()
    path.with_name(f"{path.name.partition('.')[0]}.removed").touch(0o600)
    new_key(home)
    assert_new(home, before)


def test_a_backup_of_before_comes_back_with_the_old_key_only(home: Path, tmp_path: Path) -> None:
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())

    def saved(name: str) -> Path:
        back_up(BackupPlan(settings_of(home), tmp_path / name, recipient))
        return tmp_path / name

    def brought(key: bytes, name: str, folder: Path) -> Path:
        other = tmp_path / name
        other.mkdir(mode=0o700)
        (other / "pupil.key").touch(0o600)
        (other / "pupil.key").write_bytes(key)
        bring_back(settings_of(other), folder, identity)
        return other

    before, old_key = read_keys(home), (home / "pupil.key").read_bytes()
    folder = saved("backup")
    shutil.copytree(folder, tmp_path / "of before")
    new_key(home)
    key = (home / "pupil.key").read_bytes()
    again = back_up(BackupPlan(settings_of(home), folder, recipient))
    assert again.changed == ()
    public = str(before.identity.to_public())
    with pytest.raises(BackupError, match=rf"rotate-key.*{public}"):
        brought(key, "refused", tmp_path / "of before")
    with pytest.raises(BackupError, match="rotate-key"):
        brought(old_key, "refused too", folder)
    of_before = brought(old_key, "before", tmp_path / "of before")
    assert unopened(of_before, Sealer.of_home(of_before)) == []
    of_now = brought(key, "now", folder)
    assert_new(of_now, before)
    # Who copied the identity alone is told, before every pupil is a stranger.
    now = read_keys(home)
    (of_now / "pupil.key").write_text(f"{now.identity}\n")
    said = trappan("--home", of_now, "rates", "--month", "2026-10")
    assert said.status == 1
    assert "every pupil would be a stranger" in said.err


def test_no_backup_is_made_of_two_keys(home: Path, tmp_path: Path) -> None:
    recipient = str(x25519.Identity.generate().to_public())
    assert run(KILLED, home, "lists", "before").returncode == -signal.SIGKILL
    with pytest.raises(BackupError, match="rotate-key"):
        back_up(BackupPlan(settings_of(home), tmp_path / "backup", recipient))
    said = trappan("--home", home, "doctor")
    assert "a new key is under way" in said.out


def test_a_rebuild_after_it_makes_the_same_lake(home: Path) -> None:
    with Lake.open(settings_of(home)) as lake:
        select = "SELECT pupil_key, lesson_date, count(*) FROM lessons GROUP BY ALL ORDER BY ALL"
        lessons = lake.rows(select)
    new_key(home)
    shutil.rmtree(home / "lake")
    said = trappan("--home", home, "rebuild")
    assert said.status in {0, 3}, said.err
    with Lake.open(settings_of(home)) as lake:
        assert lake.rows(select) == lessons != []


def test_the_command_says_what_it_would_do_and_what_it_did(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "_wait_for_the_latest", lambda *_: None)
    before = read_keys(home)
    planned = trappan("--home", home, "rotate-key", "--plan")
    assert planned.status == 0, planned.err
    said = {line[10:]: int(line[:10]) for line in planned.out.splitlines()}
    assert str(read_keys(home).identity) == str(before.identity)
    done = trappan("--home", home, "rotate-key", "--reason", "somebody left")
    assert done.status == 0, done.err
    assert json.loads(done.out)["sealed"] == said
    for secret in (str(before.identity), str(read_keys(home).identity), before.hashes.hex()):
        assert secret not in done.out + done.err + planned.out + planned.err
    log = (home / "access.log").read_text()
    assert "rotate-key" in log.splitlines()[-1]
    assert "somebody left" in log
    below = [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()]
    assert [path for path in below if len(places_of(path)) != 1] == []
    assert_new(home, before)
    empty = home.parent / "empty"
    empty.mkdir()
    assert trappan("--home", empty, "rotate-key").status == 1
    assert list(empty.iterdir()) == []


def test_a_look_changes_nothing(home: Path) -> None:
    before = {path: path.read_bytes() for path in home.glob("archive/*/*")}
    keys = read_keys(home)
    with Lake.open(settings_of(home)) as lake:
        looked = Resealing(only(keys, keys.identity), Sealer.unkept(), changes=False)
        given = HomeToReseal(settings_of(home), PortalDatabase(home))
        found = {place: step(given, lake, looked) for place, step in rotating.STEPS}
    assert all(one.of_old and not one.of_new for one in found.values())
    assert {path: path.read_bytes() for path in before} == before
    assert unopened(home, Sealer.of_home(home)) == []


def test_a_server_that_others_may_write_to_is_asked_about(home: Path) -> None:
    shared = replace(settings_of(home), catalog="postgres:host=nowhere")
    given = HomeToReseal(shared, PortalDatabase(home))
    with pytest.raises(KeyChangeError, match="--alone"):
        rotating.refuse_shared(given)
