"""`make demo` and `make demo-city` end with what to open and what to ask, and each is worth it."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.conftest import Said, trappan

ROOT = Path(__file__).resolve().parents[2]
DAY = {"demo": "2026-11-22", "demo-city": "2026-03-29"}
PLACE = {"demo": "DEMO_HOME", "demo-city": "CITY_HOME"}
LEAST_ROWS = 2
OUTER_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@dataclass(frozen=True)
class Made:
    """What a target printed, and the home that it left."""

    home: Path
    said: str


@pytest.fixture(scope="module", params=list(DAY))
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    home = tmp_path_factory.mktemp("made") / "home"
    said = subprocess.run(
        # What is set up stays as it is, and the `make` that these tests may run in says nothing.
        [
            "make",
            "--no-print-directory",
            "-o",
            "setup",
            request.param,
            f"{PLACE[request.param]}={home}",
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in OUTER_MAKE},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    yield Made(home, said.stdout)
    shutil.rmtree(home)


def questions(made: Made) -> list[tuple[str, str | None]]:
    """The commands after `Ask:`, and what each is told on standard input."""
    lines = made.said.rpartition("Ask:\n")[2].splitlines()
    asked = [re.split(r"\s{3,}", line.strip())[0] for line in lines if "trappan" in line]
    assert len(asked) > 4
    found = []
    for line in asked:
        told = re.fullmatch(r"(?:echo (\S+) \| )?\S*trappan (.+)", line)
        assert told, line
        found.append((told[2], told[1]))
    return found


def test_what_to_open_is_there(made: Made) -> None:
    named = made.said.rpartition("Open in")[2].partition("Ask:")[0]
    paths = [Path(word) for word in named.split() if word.startswith(str(made.home))]
    assert len(paths) >= 2
    assert [path for path in paths if not (ROOT / path).exists()] == []
    if "demo-city" in made.said:
        assert "say what you did: make portal" in made.said


def test_every_question_has_an_answer_worth_seeing(made: Made) -> None:
    """No table without rows, no row of figures that are all hidden, nothing WRONG."""
    for words, typed in questions(made):
        said = asked(words, typed)
        assert said.status == 0, (words, said.err)
        if " doctor" in words:
            assert "WRONG" not in said.out
        elif " explain " in words:
            assert said.out.startswith("On the list of")
        else:
            rows = list(csv.DictReader(io.StringIO(asked(f"{words} --format csv", typed).out)))
            assert len(rows) >= LEAST_ROWS, words
            assert not any(is_hidden(row) for row in rows), words


def is_hidden(row: dict[str, str]) -> bool:
    """Whether a row of counts has more that are hidden than that are seen."""
    values = [value for value in row.values() if value]
    return values.count("..") * 2 > len(values)


def asked(words: str, typed: str | None) -> Said:
    return trappan(*words.split(), typed=typed)
