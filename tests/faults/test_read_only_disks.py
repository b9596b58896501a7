"""A disk that nobody may write to: the checkout for nights, the home for everything.

Everything is mounted read-only but the home, or the home is too: what `ProtectSystem=strict` of a
unit and `--read-only` of a container do. A permission would not do, because root may all the same.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.faults.supervised import TRAPPAN
from tests.faults.test_no_network import OFFERED
from tests.integration.conftest import AS_OF, SAMPLES, trappan
from tests.integration.every_command import HASH, LOGGED, called, every_command
from tests.integration.ingest_files import lesson, text_of

# A folder that every machine has and that nothing of a test lies in.
_OWN_TMP = "/mnt"
WEEK = "2026-W46"
#: Stands for a pupil key in the words of a command.
PUPIL = "{pupil}"
_NUMBER = re.compile(r"\b(19|20)\d{6}-?\d{4}\b")
#: A command that waits instead of refusing ends the process.
_LONGEST = 120
_MOUNTS = ("unshare", "--map-root-user", "--mount", "--propagation", "private")


def is_permitted() -> bool:
    """Whether this user may make a namespace of mounts, and a read-only one in it."""
    try:
        tried = subprocess.run(
            [*_MOUNTS, "mount", "-o", "remount,ro,bind", "/"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


pytestmark = pytest.mark.skipif(not is_permitted(), reason="this user may mount nothing")


def mounted(path: Path) -> str:
    """Return where the file system of a path is mounted."""
    return str(next(one for one in (path, *path.parents) if one.is_mount()))


def where_only(
    writable: Path | None, *words: object, program: str = TRAPPAN
) -> subprocess.CompletedProcess[str]:
    """Run the command line where nothing but a folder may be written to, and a /tmp of its own."""
    may = f"mount --bind {shlex.quote(str(writable))} {shlex.quote(str(writable))}"
    command = shlex.join([sys.executable, "-c", program, *map(str, words)])
    # Tests may write into a file system of their own, in memory.
    closed = {mounted(ROOT), mounted(Path(sys.prefix)), mounted(Path(tempfile.gettempdir())), "/"}
    close = " && ".join(f"mount -o remount,ro,bind {shlex.quote(one)}" for one in sorted(closed))
    script = f"""
        {may if writable else ":"} && {close} || exit 90
        mount -t tmpfs -o mode=1777 none {_OWN_TMP} || exit 91
        (: > {shlex.quote(str(ROOT / "written"))}) 2> /dev/null && exit 92
        exec {command}
    """
    return subprocess.run(
        [*_MOUNTS, "sh", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": _OWN_TMP, "HOME": "/nonexistent",
             "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a night has filled, while nothing but it could be written to."""
    place = tmp_path_factory.mktemp("alone") / "home"
    (place / "inbox").mkdir(parents=True, mode=0o700)
    place.chmod(0o700)
    for pattern in OFFERED:
        for path in (SAMPLES / "inbox").glob(pattern):
            (place / "inbox" / path.name).write_bytes(path.read_bytes())
    said = where_only(place, "--home", place, "nightly", "--as-of", AS_OF)
    assert said.returncode == 0, said.stderr
    return place


def test_a_night_writes_into_its_home_only(home: Path) -> None:
    assert len(list((home / "lists" / "current").glob("*/*.xlsx"))) == 4
    assert (home / "dagster" / "dagster.yaml").read_bytes() == (ROOT / "dagster.yaml").read_bytes()


#: Each command, asked in a home that can't be written to: what answers, and what is refused. The
#: access log can't be written there, so who a pupil is stays unsaid.
ANSWERED: dict[str, tuple[tuple[object, ...], ...]] = {
    "rates": (("--month", "2026-11"),),
    "flags": (("--as-of", AS_OF), ("--as-of", AS_OF, "--known-at", "2026-12-31")),
    "coverage": (("--as-of", AS_OF),),
    "restate": (("--week", WEEK),),
    "explain": ((PUPIL, "--as-of", AS_OF), (PUPIL, "--as-of", AS_OF, "--full")),
    "whatif": (("--as-of", AS_OF, "--set", "mentor_followup.threshold=15"),),
    "forecast": (("--as-of", AS_OF),),
    "backtest": (("--from", "2026-10-01", "--to", "2026-10-31"),),
    "files": ((), ("--rejected",)),
    "changes": (("--file", HASH),),
    "status": ((),),
    "doctor": ((),),
    "verify": ((), ("--quick",)),
    "backfill": (("--from", "2026-11", "--to", "2026-11", "--plan"),),
    "simulate": (
        (
            *("--pupils", "20", "--schools", "1", "--from", "2026-11-02", "--to", "2026-11-06"),
            *("--seed", "7", "--out", f"{_OWN_TMP}/city"),
        ),
    ),
    "layout check": ((f"{_OWN_TMP}/lessons.csv",),),
    "layout new": ((f"{_OWN_TMP}/lessons.csv",),),
    "rules show": ((),),
    "rules check": ((),),
    "rules diff": (("stockholm@2026-01-01", "stockholm@2026-11-01"),),
}
REFUSED: dict[str, tuple[tuple[object, ...], ...]] = {
    **{name: (words,) for name, words in LOGGED.items() if name != "files"},
    "files": (("--identities",), ("--sender", HASH, "--out", f"{_OWN_TMP}/summary.csv")),
    "explain": (("-", "--as-of", AS_OF), (PUPIL, "--as-of", AS_OF, "--identities")),
    "deliver": (("--dry-run",), ()),
    "erase": (("--unfinished",), ("-",), ("-", "--plan"), ("--drill",)),
    "pull": ((),),
    "backfill": (("--from", "2026-11", "--to", "2026-11"),),
    "reevaluate": (("--from", "2026-11-01", "--to", AS_OF),),
    "maintain": ((), ("--dry-run",)),
    "upgrade": ((),),
    "restore": ((f"{_OWN_TMP}", "--identity", f"{_OWN_TMP}/lessons.csv"),),
    "ui": (("--port", "8199"),),
    "daemon": ((),),
    "portal": (("--port", "8198"),),
}
Calls = dict[str, list[tuple[list[str], int, str, str]]]


def play(home: str, sha256: str, pupil: str) -> None:
    """Call each command in this process, one after the other, and print what came of it."""
    Path(_OWN_TMP, "inbox").mkdir()
    lessons = Path(_OWN_TMP, "lessons.csv")
    lessons.write_text(text_of([lesson(1)]), encoding="utf-8")
    made: dict[str, Calls] = {}
    for which, commands in (("answered", ANSWERED), ("refused", REFUSED)):
        made[which] = {}
        for command, variants in sorted(commands.items()):
            for words in variants:
                given = [str(word).replace(PUPIL, pupil).replace(HASH, sha256) for word in words]
                signal.alarm(_LONGEST)
                said = called(Path(home), Path(_OWN_TMP, "inbox"), command, tuple(given), sha256)
                made[which].setdefault(command, []).append((given, said.status, said.out, said.err))
    left = [path.name for path in Path(_OWN_TMP).iterdir() if path.name.startswith("trappan-")]
    print(json.dumps({"made": made, "left": left}))


@pytest.fixture(scope="module")
def calls(home: Path) -> dict[str, Calls]:
    """What each command said in a home on a read-only disk, which no call has changed."""
    ledger = json.loads(trappan("--home", home, "files", "--format", "json").out)
    sha256 = next(row["file_sha256"] for row in ledger if row["outcome"] == "accepted")
    flagged = json.loads(trappan("--home", home, "flags", "--as-of", AS_OF, "--format", "json").out)
    assert trappan("--home", home, "publish", "--week", WEEK).status in {0, 3}
    before = content_of(home)
    driver = "import sys; from tests.faults.test_read_only_disks import play; play(*sys.argv[1:])"
    done = where_only(None, home, sha256, flagged[0]["pupil_key"], program=driver)
    assert done.returncode == 0, done.stderr
    assert content_of(home) == before
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["left"] == []
    return dict(said["made"])


def content_of(home: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in home.rglob("*")}


def test_every_command_is_asked_in_a_home_on_a_read_only_disk() -> None:
    assert {*ANSWERED, *REFUSED} == every_command()


@pytest.mark.parametrize("command", sorted(ANSWERED))
def test_a_question_is_answered_from_a_home_on_a_read_only_disk(
    calls: dict[str, Calls], command: str
) -> None:
    for words, status, out, err in calls["answered"][command]:
        # Of a home that can't be written to doctor and status have something to say.
        may = {0, 1, 3, 4} if command in {"doctor", "status"} else {0}
        assert status in may, (words, err)
        # What is written to files is told on the other way out.
        assert out.strip() or command == "simulate", (words, err)
        assert "Traceback" not in err
        # By key: nobody's number is shown where no line of the log says so.
        assert not _NUMBER.search(out), words


@pytest.mark.parametrize("command", sorted(REFUSED))
def test_what_writes_is_refused_in_words_in_a_home_on_a_read_only_disk(
    calls: dict[str, Calls], command: str
) -> None:
    for words, status, out, err in calls["refused"][command]:
        assert (status, out) == (1, ""), (words, err)
        assert "can't be written" in err, (words, err)
        assert "\ntrappan: " in f"\n{err}", (words, err)
        assert "Traceback" not in err


def test_names_of_files_are_not_shown_where_nobody_can_note_it(calls: dict[str, Calls]) -> None:
    for _, _, out, err in calls["answered"]["files"]:
        assert ".csv" not in out
        assert ".xlsx" not in out
        assert "Names of files are left out" in err


def test_questions_get_the_answers_of_a_home_that_can_be_written_to(
    home: Path, calls: dict[str, Calls]
) -> None:
    for command in ("rates", "flags", "explain", "coverage", "changes", "verify", "restate"):
        for words, _, out, _ in calls["answered"][command]:
            assert trappan("--home", home, *command.split(), *words).out == out, command
