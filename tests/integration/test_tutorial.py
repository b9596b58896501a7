"""The tutorial is played as it stands: in bash, from a fresh clone, each command after the other.

A clone would install 1.4 GB first. Here its `.venv` has the programs and packages of the one that
runs the tests, by links, and is marked as set up; PYTHONPATH makes the code of the clone run, which
is asked first. So everything of the page is true but the download, which `make setup-small` is
tested for in `test_set_up.py`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pytest

from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
OUTER = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VIRTUAL_ENV", "TRAPPAN_HOME"}
SECONDS = 900
#: Printed before each command and after it, with its number and status.
_MARK = re.compile(r"^@@ (\d+) (\d+)\n", re.MULTILINE)
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "git", "make", "iconv"))), reason="a program is missing"
)


@dataclass
class Step:
    """A command of the page, what it is said to print, and what it printed."""

    command: str
    shown: list[str] = field(default_factory=list)
    printed: str = ""
    status: int = -1


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line.removeprefix("$ ")))
            else:
                found[-1].shown.append(line)
    return found


def fits(shown: list[str], printed: str) -> bool:
    """Whether this was printed, whole and in this order; `…` is anything, alone any lines."""
    parts = []
    for line in shown:
        if line == "…":
            parts.append(r"(?:[^\n]*\n)*")
        else:
            parts.append(".*".join(map(re.escape, line.split("…"))) + r"\n")
    text = printed.replace("\u00a0", " ").replace("\u202f", " ")
    return re.fullmatch("".join(parts), re.sub(r"[ \t]+$", "", text, flags=re.M)) is not None


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a repository to clone from: what is tracked here, and what is new."""
    folder = tmp_path_factory.mktemp("tutorial")
    source = folder / "repository"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    author = ["-c", "user.name=Test", "-c", "user.email=test@skola.example"]
    git = ["git", "-C", str(source), *author]
    subprocess.run(["git", "init", "-q", source], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "All"], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def script(commands: list[str]) -> str:
    """The commands with a mark before each and after the last; after the clone a `.venv`."""
    venv = shlex.quote(sys.prefix)
    link = (
        f"mkdir .venv && ln -s {venv}/bin {venv}/lib {venv}/pyvenv.cfg .venv/ && "
        "sleep 1 && touch .venv/.set-up .venv/.set-up-dev && export PYTHONPATH=$PWD"
    )
    lines = ["status=0"]
    for number, command in enumerate(commands):
        lines += [f"echo '@@ {number}' $status", command, "status=$?"]
        if command.startswith("git clone"):
            lines.append(link)
    return "\n".join([*lines, f"echo '@@ {len(commands)}' $status"])


def play(commands: list[str], place: Path) -> list[tuple[str, int]]:
    """Run them in one shell; return what each printed on either way out, and its status."""
    known = {name: value for name, value in os.environ.items() if name not in OUTER}
    done = subprocess.run(
        ["bash", "-c", script(commands)],
        cwd=place,
        env=known | {"FROM": str(place / "repository"), "COLUMNS": "200", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    parts = _MARK.split(done.stdout)
    assert len(parts) == 3 * len(commands) + 4, done.stdout
    return [(parts[3 * n + 3], int(parts[3 * n + 5])) for n in range(len(commands))]


@pytest.fixture(scope="module")
def played(place: Path) -> list[Step]:
    found = steps(PAGE.read_text(encoding="utf-8"))
    asked = "python -c 'import pipelines; print(pipelines.__file__)'"
    # The last one is ours: whose code ran.
    ends = play([*(step.command for step in found), asked], place)
    assert ends.pop()[0].strip() == str(place / "franvarotrappan" / "pipelines" / "__init__.py")
    for step, (printed, status) in zip(found, ends, strict=True):
        step.printed, step.status = printed, status
    return found


def test_every_command_of_the_tutorial_prints_what_the_page_shows(played: list[Step]) -> None:
    assert len(played) > 12
    # Only of an export that no layout fits a command says no.
    refused = [(step.command, step.printed) for step in played if step.status]
    assert len(refused) == 1, refused
    assert "none fits" in refused[0][1]
    wrong = [(step.command, step.printed) for step in played if not fits(step.shown, step.printed)]
    assert wrong == [], "\n".join(f"$ {command}\n{printed}" for command, printed in wrong)


def test_the_pupils_of_the_tutorial_are_on_its_page_and_in_its_workbook(
    played: list[Step], place: Path
) -> None:
    lists = place / "franvarotrappan" / "var" / "provstad" / "lists" / "current" / "99999921"
    (page,), (workbook,) = lists.glob("*.html"), lists.glob("*.xlsx")
    book = openpyxl.load_workbook(workbook)
    cells = {str(cell.value) for sheet in book for row in sheet for cell in row if cell.value}
    text = page.read_text(encoding="utf-8")
    for name in ("Celine", "Ebba"):
        assert name in text
        assert any(name in cell for cell in cells)
    for name in ("Inez", "Exempelgren", "Farid"):
        assert name not in text
        assert not any(name in cell for cell in cells)
    # Of her who is protected both say how many only.
    rows = [[cell.value for cell in row if cell.value is not None] for row in book["Översikt"]]
    assert [row[1] for row in rows if row and row[0] == "Skyddade uppgifter"] == [1]


def test_the_line_for_cron_runs_a_night(played: list[Step], place: Path) -> None:
    (block,) = re.findall(r"^```cron\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    night, week = [line.split(None, 5)[5].replace("\\%", "%") for line in block.splitlines()]
    clone = place / "franvarotrappan"
    here = night.replace("/srv/franvarotrappan", str(clone))
    here = here.replace("/srv/trappan", str(clone / "var" / "provstad"))
    # Whatever the day is on which this is tested, the page's last night was before that one.
    (said,) = play([f"export PYTHONPATH={clone}; {here} --as-of 2026-11-17"], place)
    assert said[1] == 0, said[0]
    assert "2 files offered, 0 rows accepted." in said[0]
    # A week whose Sunday had no night: nothing is frozen, and it says why.
    here = week.replace("/srv/franvarotrappan", str(clone))
    here = here.replace("/srv/trappan", str(clone / "var" / "provstad"))
    here = here.replace("date -d yesterday", "date -d 2026-11-22")
    (said,) = play([f"export PYTHONPATH={clone}; {here}"], place)
    assert (said[1], "2026-W47" in said[0]) == (1, True), said[0]


@pytest.mark.parametrize(
    ("shown", "printed", "is_so"),
    [
        (["a", "…", "b"], "a\nb\n", True),
        (["a", "…", "b"], "a\nx\ny\nb\n", True),
        (["1 … 3"], "1 2 3\n", True),
        ([], "", True),
        (["a"], "a\nb\n", False),
        (["a", "b"], "b\na\n", False),
        (["a.b"], "axb\n", False),
        ([], "something\n", False),
    ],
)
def test_a_page_that_shows_something_else_is_found(
    shown: list[str], printed: str, is_so: bool
) -> None:
    assert fits(shown, printed) == is_so
