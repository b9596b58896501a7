"""In a home that asks for grants nobody opens identities without one that runs."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from assets.exports.files.archive import Archive
from assets.lake.encryption import Sealer
from assets.lake.sealed_places import FILE_NAME, HELD_NAME, SealedPlace
from pipelines.cli import home as home_module
from pipelines.cli.app import command_of
from pipelines.cli.trust import grant as grant_module
from pipelines.cli.trust import grants as grants_module
from tests.integration.conftest import AS_OF, Said, trappan
from tests.integration.every_command import (
    HASH,
    INBOX,
    LOGGED,
    NUMBER,
    UNLOGGED,
    called,
    every_command,
    filled,
    lines_of,
    refused_file,
)
from tests.integration.ingest_files import USUAL

ME = pwd.getpwuid(os.getuid()).pw_name
OUT = "{inbox}/../written"
#: How each command is called that opens identities; all its ways.
OPENING: dict[str, tuple[tuple[object, ...], ...]] = {
    "rates": (("--month", "2026-11", "--identities"), ("--month", "2026-11")),
    "flags": (("--as-of", AS_OF, "--all", "--identities"), ("--as-of", AS_OF, "--all")),
    "restate": (("--week", "2026-W46", "--identities"), ("--week", "2026-W46", "--all")),
    "forecast": (("--as-of", AS_OF, "--all", "--identities"), ("--as-of", AS_OF, "--all")),
    "explain": (("-", "--as-of", AS_OF), ("-", "--as-of", AS_OF, "--identities")),
    "consult": (("-", "--as-of", AS_OF), ("-", "--as-of", AS_OF, "--out", OUT)),
    "files": (("--rejected", "--identities"), ("--identities",)),
    "changes": (("--file", HASH, "--identities"),),
    "archive open": ((HASH, "--out", OUT),),
    "access": (("--pupil", "-"), ("--who", "mo.mentor@example.org")),
}
#: Jobs: what they make is for those who may read the lists, and they print no name.
JOBS = frozenset(
    [
        "nightly",
        "ingest",
        "retry",
        "revoke",
        "unmerge",
        "erase",
        "retain",
        "rotate-key",
        "publish",
        "deliver",
        "pull",
        "backfill",
        "reevaluate",
        "backup",
        "restore",
        "rebuild",
    ]
)
#: The rest, each a way that must show nobody: without a grant, and without opening a value.
OTHERS: dict[str, tuple[object, ...]] = {
    "coverage": ("--as-of", AS_OF),
    "whatif": ("--as-of", AS_OF, "--set", "mentor_followup.threshold=15"),
    "backtest": ("--from", "2026-11-01", "--to", AS_OF),
    "status": (),
    "doctor": (),
    "verify": (),
    "maintain": ("--dry-run",),
    "upgrade": (),
    "release": (),
    "grant": ("--list",),
    "archive remove": ("000000",),
    "rules show": (),
    "rules check": (),
    "rules diff": ("stockholm@2026-01-01", "stockholm@2026-11-01"),
}
#: They open values and show figures only: whether each fits, and groups by sex, which is sealed.
COUNTING = frozenset({"verify", "doctor", "whatif", "backtest"})
#: No home is asked.
HOMELESS = frozenset({"simulate", "portal", "ui", "daemon", "layout check", "layout new"})
WAYS = [(command, words) for command, ways in OPENING.items() for words in ways]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("granted")
    home, _ = filled(folder)
    shutil.rmtree(home / "tmp", ignore_errors=True)
    for words in (("nightly", "--as-of", AS_OF, "--inbox", folder / "inbox"),
                  ("publish", "--week", "2026-W46")):  # fmt: skip
        said = trappan("--home", home, *words)
        assert said.status in {0, 3}, said.err
    ask_for_grants(home)
    return folder


def ask_for_grants(home: Path, text: str = "grants: required\n") -> None:
    path = home / "access.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@pytest.fixture
def place(pristine: Path) -> Iterator[Path]:
    """The folder of home and inbox, without a grant before and after."""
    yield pristine
    (pristine / "home" / "grants.jsonl").unlink(missing_ok=True)
    (pristine / "written").unlink(missing_ok=True)
    ask_for_grants(pristine / "home")


def give(home: Path, hours: int = 1, to: str = ME) -> Said:
    return trappan(
        "--home", home, "grant", "--to", to, "--hours", hours, "--reason", "a parent asks"
    )


#: By home; it is the same all the time.
hash_of = cache(refused_file)


def ask(place: Path, command: str, words: tuple[object, ...]) -> Said:
    (place / "written").unlink(missing_ok=True)
    sha256 = hash_of(place / "home")
    return called(place / "home", place / "inbox", command, words, sha256)


def later(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    moment = grants_module.now() + timedelta(hours=hours)
    monkeypatch.setattr(grants_module, "now", lambda: moment)
    monkeypatch.setattr(grant_module, "now", lambda: moment)


def test_every_command_opens_identities_is_a_job_or_shows_nobody() -> None:
    groups = [set(OPENING), set(JOBS), set(OTHERS), set(HOMELESS)]
    assert set().union(*groups) == every_command() == set(LOGGED) | set(UNLOGGED)
    assert sum(map(len, groups)) == len(every_command())


def test_a_command_that_offers_identities_is_one_that_opens_them() -> None:
    offering = set()
    for name in every_command():
        group, _, below = name.partition(" ")
        command = command_of(group)
        command = command.commands[below] if below else command
        if any(parameter.name == "identities" for parameter in command.params):
            offering.add(name)
    assert offering
    assert offering <= set(OPENING)


@pytest.mark.parametrize(("command", "words"), WAYS)
def test_identities_open_with_a_grant_that_runs_and_not_else(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: tuple[object, ...]
) -> None:
    home = place / "home"
    refused(place, command, words, "no grant")
    given = give(home)
    assert given.status == 0, given.err
    said = ask(place, command, words)
    assert said.status == 0, said.err
    assert said.out or (place / "written").exists()
    (line,) = [one for one in lines_of(home)[-1:] if one["command"] == command]
    assert line["asked"]["grant"] == json.loads((home / "grants.jsonl").read_text())["id"]
    later(monkeypatch, 1)
    refused(place, command, words, "no grant")


def refused(place: Path, command: str, words: tuple[object, ...], why: str) -> None:
    said = ask(place, command, words)
    assert said.status == 1
    assert said.out == ""
    assert "trappan grant --to" in said.err
    assert not (place / "written").exists()
    line = lines_of(place / "home")[-1]
    assert (line["command"], line["asked"]["refused"]) == (command, why)
    assert line["uid"] == os.getuid()
    assert NUMBER not in json.dumps(line)


@pytest.mark.parametrize("command", [*OPENING, *OTHERS, "files"])
def test_without_a_grant_no_value_that_names_a_pupil_is_opened(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """At the one door to what is sealed, whatever the command asks of the lake."""
    opened: list[str] = []
    unseal = Sealer.unseal_text

    def watched(sealer: Sealer, of: SealedPlace, row: Any, sealed: bytes) -> str:
        opened.append(of.name)
        return unseal(sealer, of, row, sealed)

    sha256 = hash_of(place / "home")
    monkeypatch.setattr(Sealer, "unseal_text", watched)
    monkeypatch.setattr(Archive, "write_original", lambda *_: opened.append("original"))
    ways = OPENING.get(command, (OTHERS.get(command, ()),))
    for words in ways:
        said = called(place / "home", place / "inbox", command, words, sha256)
        assert said.status != 2, said.err
        text = said.out + said.err
        assert not [word for word in (NUMBER, str(USUAL["given"]), ".csv") if word in text]
    # A file is found by its name's row.
    if command not in COUNTING:
        assert set(opened) <= {FILE_NAME.name, HELD_NAME.name}


@pytest.mark.parametrize("command", ["files", "ingest", "nightly"])
def test_a_file_has_no_name_for_who_has_no_grant(place: Path, command: str) -> None:
    home = place / "home"
    words = {"ingest": (INBOX,), "nightly": ("--inbox", INBOX, "--as-of", AS_OF)}.get(command, ())
    late = place / "inbox" / "Qvist.csv"
    name = "lektioner_2026" if command == "files" else "Qvist"
    for is_granted in (False, True):
        late.write_text(f"Okänd\n{is_granted}\n", encoding="utf-8")
        if is_granted:
            assert give(home).status == 0
        said = ask(place, command, words)
        assert (name in said.out + said.err) is is_granted, said
    late.unlink()


def moved(moment: str, days: int) -> str:
    return (datetime.fromisoformat(moment) + timedelta(days)).isoformat()


#: What a line is changed to, from what it says.
EDITS: dict[str, Callable[[str], str]] = {
    "until": partial(moved, days=9),
    "since": partial(moved, days=-9),
    "uid": lambda said: str(int(said) - 1),
    "account": str.upper,
    "reason": str.upper,
    "by": str.title,
    "by_uid": lambda said: f"{said}1",
    "id": lambda said: said[::-1],
    "mac": lambda said: said[::-1],
}


@pytest.mark.parametrize("name", EDITS)
def test_a_grant_that_was_changed_counts_for_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = place / "home"
    if name == "uid":
        # Another's grant, made one's own.
        monkeypatch.setattr(grant_module, "_uid_of", lambda _: os.getuid() + 1)
    assert give(home, hours=2).status == 0
    path = home / "grants.jsonl"
    line = json.loads(path.read_text("utf-8"))
    assert path.stat().st_mode & 0o777 == 0o600
    before = line[name]
    line[name] = EDITS[name](before)
    assert line[name] != before
    path.write_text(f"{json.dumps(line)}\n", encoding="utf-8")
    refused(place, "rates", OPENING["rates"][0], "no grant")
    assert "1 lines of grants.jsonl were changed" in trappan("--home", home, "grant", "--list").err
    assert "WRONG  grants" in trappan("--home", home, "doctor").out


@pytest.mark.parametrize("line", ["", "{}", "[]", "no JSON", '{"mac": 1}', '{"mac": "å"}'])
def test_a_line_that_is_no_grant_is_none(place: Path, line: str) -> None:
    path = place / "home" / "grants.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    path.chmod(0o600)
    refused(place, "rates", OPENING["rates"][0], "no grant")


def test_a_grant_of_another_home_counts_for_nothing(place: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    ask_for_grants(other)
    assert give(other).status == 0
    shutil.copy(other / "grants.jsonl", place / "home")
    refused(place, "rates", OPENING["rates"][0], "no grant")


def test_another_accounts_grant_opens_nothing_for_me(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_module, "_uid_of", lambda _: os.getuid() + 1)
    assert give(place / "home", to="somebody").status == 0
    refused(place, "rates", OPENING["rates"][0], "no grant")


def test_whose_grant_it_is_says_the_login_and_not_the_process(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert give(place / "home").status == 0
    (tmp_path / "loginuid").write_text(str(os.getuid() + 1))
    monkeypatch.setattr(home_module, "_LOGIN", tmp_path / "loginuid")
    refused(place, "rates", OPENING["rates"][0], "no grant")


def test_a_grant_that_was_ended_is_over(place: Path) -> None:
    home = place / "home"
    give(home)
    found = json.loads(trappan("--home", home, "grant", "--list", "--format", "json").out)
    assert [(one["account"], one["state"]) for one in found] == [(ME, "runs")]
    assert trappan("--home", home, "grant", "--end", found[0]["id"]).status == 0
    refused(place, "rates", OPENING["rates"][0], "no grant")
    found = json.loads(trappan("--home", home, "grant", "--list", "--format", "json").out)
    assert [one["state"] for one in found] == ["ended"]
    assert trappan("--home", home, "grant", "--end", found[0]["id"]).status == 1
    asked = [one["asked"] for one in lines_of(home) if one["command"] == "grant"]
    assert any(one.get("reason") == "a parent asks" and one["to"] == ME for one in asked)


@pytest.mark.parametrize("two_persons", [False, True])
def test_who_gives_it_to_oneself_is_refused_where_two_persons_are_asked_for(
    place: Path, *, two_persons: bool
) -> None:
    home = place / "home"
    path = home / "senders.yaml"
    text = (
        f"senders:\n  - {{name: a, school_units: all}}\ntwo_persons: {str(two_persons).lower()}\n"
    )
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    try:
        said = give(home)
    finally:
        path.unlink()
    assert (said.status == 0) is not two_persons
    assert (home / "grants.jsonl").exists() is not two_persons
    assert not two_persons or "Somebody else has to" in said.err


def test_a_lost_access_file_opens_nothing_for_everybody(place: Path) -> None:
    home = place / "home"
    give(home)
    (home / "access.yaml").unlink()
    said = trappan("--home", home, "rates", "--month", "2026-11", "--identities")
    assert (said.status, said.out) == (1, "")
    assert "access.yaml is gone" in said.err
    ask_for_grants(home, "grants: optional\n")
    said = trappan("--home", home, "rates", "--month", "2026-11", "--identities")
    assert NUMBER in said.out


@pytest.mark.parametrize(
    ("text", "mode"),
    [("", 0o600), ("grants: off\n", 0o600), ("grant: required\n", 0o600), ("- a\n", 0o600),
     ("grants: required\n", 0o640)],
)  # fmt: skip
def test_a_wrong_access_file_opens_nothing(place: Path, text: str, mode: int) -> None:
    home = place / "home"
    ask_for_grants(home, text)
    (home / "access.yaml").chmod(mode)
    said = trappan("--home", home, "rates", "--month", "2026-11", "--identities")
    assert (said.status, said.out) == (1, "")
    assert "access.yaml" in said.err


def test_a_home_that_says_nothing_of_grants_opens_identities_and_doctor_says_so(
    place: Path,
) -> None:
    home = place / "home"
    (home / "access.yaml").unlink()
    said = trappan("--home", home, "rates", "--month", "2026-11", "--identities")
    assert NUMBER in said.out
    assert "grants: not asked for" in trappan("--home", home, "doctor").out
    said = give(home)
    assert said.status == 1
    assert "grants: required" in said.err
    assert not (home / "grants.jsonl").exists()


@pytest.mark.parametrize("hours", ["0", "73", "-1"])
def test_a_grant_runs_for_an_hour_to_three_days(place: Path, hours: str) -> None:
    said = trappan("--home", place / "home", "grant", "--to", ME, "--hours", hours, "--reason", "x")
    assert said.status == 2
