"""Every command that shows or writes who a pupil is leaves a line in the log, with who ran it."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from pipelines.cli import home as home_module
from tests.integration.conftest import trappan
from tests.integration.every_command import (
    LOGGED,
    NUMBER,
    UNLOGGED,
    called,
    every_command,
    filled,
    lines_of,
    refused_file,
)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with a month of lessons of which one was refused, and its inbox."""
    return filled(tmp_path_factory.mktemp("logged"))


def test_every_command_is_logged_or_has_a_reason_why_not() -> None:
    assert set(LOGGED) | set(UNLOGGED) == every_command()
    assert not set(LOGGED) & set(UNLOGGED)


@pytest.mark.parametrize("command", LOGGED)
def test_a_command_that_names_somebody_leaves_a_line_with_who_ran_it(
    taken: tuple[Path, Path], command: str
) -> None:
    home, inbox = taken
    sha256 = refused_file(home)
    before = len(lines_of(home))
    said = called(home, inbox, command, LOGGED[command], sha256)
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
