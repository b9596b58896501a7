"""Every command that a page shows is one: examples are played, and print what stands there.

Examples begin with `$ trappan`, or with settings before it, and stand in the order in which the
pages tell them; what is long is left out there with `…`. A server is ended where `^C` stands, after
it was asked once at the address that it prints. Calls that begin without `$` say which words a
command takes.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from pipelines.cli.app import command_of
from tests.integration.conftest import Said, trappan
from tests.integration.every_command import every_command
from tests.integration.scale_out_servers import free_port

ROOT = Path(__file__).resolve().parents[2]
#: In the order in which somebody would read them; the first makes the home that the others ask.
PAGES = (
    "command-line-nights.md",
    "command-line-questions.md",
    "command-line-pupil.md",
    "command-line-files.md",
    "command-line.md",
    "command-line-upkeep.md",
    "operators-erasure.md",
    "operators-retention.md",
    "operators-keys.md",
)
#: Pages whose examples have a home, a folder or a shell of their own, and where they are played.
PLAYED_ELSEWHERE = {
    "layouts.md": "tests/integration/test_layout_tools.py",
    "tutorial.md": "tests/integration/test_tutorial.py",
}
#: Examples that need another machine, or a file of one's own, and where they are played instead.
ELSEWHERE = {
    "pull": "tests/integration/test_pull_command.py",
    "layout": "tests/integration/test_layout_tools.py",
}
#: Options that every command has, or every answer.
COMMON = {"--home", "--help", "--wide", "--format"}
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"\$ ((?:[A-Z_]+=\S+ )*)trappan (.+)")
#: An example, wherever it stands and whatever is before the command.
_SHOWN = re.compile(r"^ *[$#] .*\btrappan (?=\S)", re.MULTILINE)
#: What ends a server in a page, as it does in a terminal.
_END = "^C"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_SECONDS_TO_ANSWER, _SECONDS_TO_END = 240.0, 120.0
_TRAPPAN = "from pipelines.command import main; main()"
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Example:
    """A call in a page, what is typed after it, and what it is said to print."""

    page: str
    words: str
    settings: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def is_server(self) -> bool:
        """Whether it runs until somebody ends it."""
        return _END in self.lines

    @property
    def typed(self) -> str | None:
        """The first line below a command that reads standard input."""
        return self.lines[0] if " - " in f"{self.words} " else None

    @property
    def printed(self) -> list[str]:
        return self.lines[1:] if self.typed else self.lines


def blocks(page: str) -> list[str]:
    return _FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


def examples(page: str) -> Iterator[Example]:
    for block in blocks(page):
        found: Example | None = None
        for line in block.splitlines():
            if call := _CALL.fullmatch(line):
                if found:
                    yield found
                settings = dict(one.split("=", 1) for one in call[1].split())
                found = Example(page, call[2], settings)
            elif found:
                found.lines.append(line)
        if found:
            yield found


def fits(shown: str, line: str) -> bool:
    """Whether a line was printed as it is shown: keys differ, and `…` stands for anything."""
    parts = (re.escape(_KEY.sub("KEY", part)) for part in shown.split("…"))
    return bool(re.fullmatch(".*".join(parts), _KEY.sub("KEY", line)))


def lacking(shown: list[str], said: Said) -> list[str]:
    """The lines that are shown and were not printed, in this order, on either way out."""
    printed = [line.rstrip() for line in (*said.err.splitlines(), *said.out.splitlines())]
    printed = [line.replace("\u00a0", " ") for line in printed]
    return [
        line
        for line in shown
        if line.strip() not in {"", "…"} and not any(fits(line.rstrip(), one) for one in printed)
    ]


def served(example: Example) -> Said:
    """Run a server until it says where it is, ask it once, end it as a terminal does.

    The port of the page may be somebody else's here: it is started at a free one, and what it
    prints is told with the port of the page.
    """
    words, port = shlex.split(example.words), str(free_port())
    shown = words[words.index("--port") + 1]
    words[words.index("--port") + 1] = port
    process = subprocess.Popen(
        [sys.executable, "-c", _TRAPPAN, *words],
        env={**os.environ, **example.settings, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    printed: list[str] = []
    reading = threading.Thread(target=printed.extend, args=[process.stdout])
    reading.start()
    try:
        answered = _asked_once(process, printed, port)
    finally:
        # One that has ended by itself has nobody left to tell.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        reading.join()
    out = "".join(printed).replace(f":{port}", f":{shown}")
    return Said(0 if answered else 1, out, "" if answered else "it did not answer")


def _asked_once(process: subprocess.Popen[str], printed: list[str], port: str) -> bool:
    """Whether it printed its address, and answered there."""
    until = time.monotonic() + _SECONDS_TO_ANSWER
    while time.monotonic() < until and process.poll() is None:
        addresses = [found[0] for line in [*printed] if (found := _ADDRESS.search(line))]
        if addresses:
            assert addresses[0].endswith(f":{port}")
            try:
                return requests.get(addresses[0], timeout=_SECONDS_TO_ANSWER).ok
            except requests.ConnectionError:
                # The portal says where it is before it listens there.
                pass
        time.sleep(0.2)
    return False


def test_every_example_prints_what_its_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "var" / "demo"
    (home / "inbox").mkdir(parents=True, mode=0o700)
    home.chmod(0o700)
    (tmp_path / "data_samples").symlink_to(ROOT / "data_samples")
    monkeypatch.chdir(tmp_path)
    wrong, played = {}, 0
    for example in (example for page in PAGES for example in examples(page)):
        words = shlex.split(example.words)
        if set(words) & set(ELSEWHERE):
            continue
        if example.is_server:
            said = served(example)
        else:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in example.settings.items():
                    patch.setenv(name, value)
                said = trappan(*words, typed=example.typed)
        played += 1
        if said.status not in {0, 3}:
            wrong[example.words] = [f"status {said.status}: {said.err}"]
        elif lost := lacking([line for line in example.printed if line != _END], said):
            wrong[example.words] = [*lost, "printed:", *said.out.splitlines()[-5:]]
    assert played > 12
    assert wrong == {}


def test_a_server_that_does_not_come_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portal refuses to start where nobody could log in."""
    monkeypatch.chdir(tmp_path)
    said = served(Example("made up", "--home x portal --port 8100", {}, [_END]))
    assert said.status == 1
    assert lacking(["http://127.0.0.1:8100/"], said) == ["http://127.0.0.1:8100/"]


def test_the_two_servers_are_played() -> None:
    played = [one for page in PAGES for one in examples(page) if one.is_server]
    assert {shlex.split(one.words)[2] for one in played} == {"ui", "portal"}


def test_what_is_not_played_here_is_played_where_it_says() -> None:
    for command, file in (*ELSEWHERE.items(), *PLAYED_ELSEWHERE.items()):
        assert f'"{command}"' in (ROOT / file).read_text(encoding="utf-8")


def test_no_page_shows_a_command_that_nobody_plays() -> None:
    """Whoever writes an example into another page adds the page, or says where it is played."""
    shown = {
        path.relative_to(ROOT / "docs").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if _SHOWN.search(path.read_text(encoding="utf-8"))
    }
    assert not {*PAGES} & {*PLAYED_ELSEWHERE}
    # One page tells commands without what they print; they are looked at as calls.
    assert shown == ({*PAGES} - {"command-line-files.md"}) | {*PLAYED_ELSEWHERE}
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        assert not _SHOWN.search(path.read_text(encoding="utf-8")), path.name
    for page in PAGES:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert len(_SHOWN.findall(text)) == sum(1 for _ in examples(page)), page


def synopses() -> Iterator[tuple[str, str, str]]:
    """Yield page, command and words of every call that says what a command takes."""
    for path in sorted((ROOT / "docs").glob("*.md")):
        for block in blocks(path.name):
            joined = re.sub(r"\n\s+", " ", block)
            for line in joined.splitlines():
                words = line.removeprefix("$ ").removeprefix(".venv/bin/").split()
                if len(words) < 2 or words[0] != "trappan":
                    continue
                plain = [word for word in words[1:] if re.fullmatch(r"[a-z]+(?:-[a-z]+)*", word)]
                name = " ".join(plain[:2]) if " ".join(plain[:2]) in every_command() else plain[:1]
                if name and (isinstance(name, str) or name[0] in every_command()):
                    yield path.name, name if isinstance(name, str) else name[0], line


def options_of(command: str) -> set[str]:
    first, *below = command.split()
    loaded = command_of(first)
    for name in below:
        loaded = loaded.commands[name]
    return {option for p in loaded.params for option in p.opts if option.startswith("--")} | COMMON


def test_every_call_that_a_page_shows_has_options_that_are_there() -> None:
    found = list(synopses())
    assert {command for _, command, _ in found} >= every_command() - {"revoke", "unmerge"}
    unknown = {
        (page, line): options
        for page, command, line in found
        if (options := set(re.findall(r"--[a-z-]+", line)) - options_of(command))
    }
    assert unknown == {}


def test_every_option_stands_on_a_page() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs").glob("*.md"))
    lost = {
        (command, option)
        for command in every_command()
        for option in options_of(command)
        if not re.search(rf"{option}(?![a-z-])", text)
    }
    assert lost == set()
