"""Every command that shows or writes who a pupil is leaves a line in the log, with who ran it."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import home as home_module
from pipelines.cli.app import COMMANDS, command_of
from tests.integration.conftest import AS_OF, trappan
from tests.integration.ingest_files import EVERY, PUPILS, REGISTER, USUAL, lesson, put, text_of

NUMBER = PUPILS[0].replace("-", "")
INBOX = "{inbox}"
HASH = "{hash}"
#: How a command is called that shows or writes identities or names of files.
LOGGED: dict[str, tuple[object, ...]] = {
    "nightly": ("--inbox", INBOX, "--as-of", AS_OF),
    "ingest": (INBOX,),
    "deliver": ("--dry-run",),
    "publish": ("--week", "2026-W46"),
    "rates": ("--month", "2026-11", "--identities"),
    "flags": ("--as-of", AS_OF, "--identities"),
    "restate": ("--week", "2026-W46", "--identities"),
    "explain": ("-", "--as-of", AS_OF),
    "consult": ("-", "--as-of", AS_OF),
    "forecast": ("--as-of", AS_OF, "--identities"),
    "files": (),
    "changes": ("--file", HASH, "--identities"),
    "retry": (HASH,),
    "archive open": (HASH, "--out", "{inbox}/../original.csv"),
    "archive remove": (HASH,),
    "release": (),
    "revoke": (HASH, "--reason", "wrong school"),
    "unmerge": ("--unfinished", "--reason", "two pupils"),
}
#: The others, and why they need no line.
UNLOGGED = {
    "pull": "counts of objects; the files that it writes are taken in by an ingest",
    "backfill": "sums of months",
    "coverage": "lessons of classes that nobody reported",
    "whatif": "counts, small groups hidden",
    "reevaluate": "counts of flags",
    "backtest": "figures of all pupils",
    "simulate": "an invented city",
    "ui": "Dagster's own pages: counts, names of tables, no identities",
    "doctor": "counts",
    "verify": "counts",
    "layout check": "patterns of a file that the person has",
    "layout new": "the same",
    "rules show": "values",
    "rules check": "values",
    "rules diff": "values",
}


def every_command() -> set[str]:
    """Return the names of all commands and of those below a group."""
    names: set[str] = set()
    for name in COMMANDS:
        below = getattr(command_of(name), "commands", None)
        names |= {f"{name} {one}" for one in below} if below else {name}
    return names


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with a month of lessons of which one was refused, and its inbox."""
    folder = tmp_path_factory.mktemp("logged")
    rows = [
        lesson(n) | {"civic": civic, "date": f"2026-11-{day:02d}"}
        for n, civic in enumerate(PUPILS)
        for day in range(2, 14)
    ]
    put(
        folder / "inbox",
        "lektioner_20261114T0500.csv",
        text_of([*rows, lesson(1, civic="x")], EVERY),
    )
    put(folder / "inbox", "skolor_20261114T0400.csv", text_of([USUAL], REGISTER))
    assert trappan("--home", folder / "home", "ingest", folder / "inbox").status == 0
    return folder / "home", folder / "inbox"


def lines_of(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "access.log").read_text("utf-8").splitlines()]


def test_every_command_is_logged_or_has_a_reason_why_not() -> None:
    assert set(LOGGED) | set(UNLOGGED) == every_command()
    assert not set(LOGGED) & set(UNLOGGED)


@pytest.mark.parametrize("command", LOGGED)
def test_a_command_that_names_somebody_leaves_a_line_with_who_ran_it(
    taken: tuple[Path, Path], command: str
) -> None:
    home, inbox = taken
    ledger = json.loads(trappan("--home", home, "files", "--format", "json").out)
    (sha256,) = {row["file_sha256"] for row in ledger if int(row["rows_rejected"])}
    before = len(lines_of(home))
    words = [str(word).format(inbox=inbox, hash=sha256) for word in LOGGED[command]]
    typed = NUMBER if "-" in words else None
    said = trappan("--home", home, *command.split(), *words, typed=typed)
    assert said.status != 2, said.err
    (line,) = lines_of(home)[before:]
    assert line["command"] == command
    assert line["uid"] == os.getuid()
    assert line["pid"] == os.getpid()
    assert line["process"]
    assert "login_uid" in line
    assert NUMBER not in json.dumps(line)


@pytest.mark.parametrize("name", ["LOGNAME", "USER", "USERNAME", "LNAME"])
def test_who_it_was_does_not_say_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "somebody else")
    trappan("files", "--home", tmp_path / "home")
    (line,) = lines_of(tmp_path / "home")
    assert line["user"] == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    ("kept", "told"), [("1001\n", 1001), ("4294967295", None), ("", None), (None, None)]
)
def test_who_logged_in_is_noted_where_the_system_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str | None, told: int | None
) -> None:
    path = tmp_path / "loginuid"
    if kept is not None:
        path.write_text(kept)
    monkeypatch.setattr(home_module, "_LOGIN", path)
    trappan("files", "--home", tmp_path / "home")
    assert lines_of(tmp_path / "home")[-1]["login_uid"] == told


def test_a_log_that_is_a_link_is_not_followed_and_nothing_is_shown(
    taken: tuple[Path, Path], tmp_path: Path
) -> None:
    home, _ = taken
    log, aside = home / "access.log", tmp_path / "aside.log"
    log.rename(aside)
    try:
        log.symlink_to(tmp_path / "elsewhere")
        said = trappan("files", "--home", home)
    finally:
        log.unlink()
        aside.rename(log)
    assert said.status == 1
    assert said.out == ""
    assert not (tmp_path / "elsewhere").exists()


def test_a_line_is_added_and_none_is_taken_away(tmp_path: Path) -> None:
    log = tmp_path / "home" / "access.log"
    log.parent.mkdir()
    log.write_text('{"at": "before"}\n', encoding="utf-8")
    trappan("files", "--home", tmp_path / "home")
    assert [line["at"] for line in lines_of(tmp_path / "home")][:1] == ["before"]
    assert len(lines_of(tmp_path / "home")) == 2
