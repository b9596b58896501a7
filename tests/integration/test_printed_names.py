"""Names from outside on a screen: nothing steers the terminal, and nobody's number is shown."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tests.integration.conftest import trappan
from tests.integration.ingest_files import BASIC, HEADERS, lesson, put, text_of

_STEERS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
BAD = "bad\x1b]0;pwn\x07\x1b[31m\u202e20120314-9800\udcffx_20261114T0502.csv"
HEADER = "Betyg\u202e\x1b[31m 201203149818"


def test_no_command_prints_a_name_that_steers_the_terminal_or_numbers_a_pupil(
    tmp_path: Path,
) -> None:
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    put(inbox, BAD, "x")
    put(inbox, f"part{BAD}.part", "x")
    strange = text_of([lesson(0)], (*BASIC, "strange")).replace("strange", HEADER)
    put(inbox, f"a{BAD}", strange)
    put(inbox, "copy.csv", strange.replace(HEADERS["length"], HEADER))
    said = [
        trappan("ingest", inbox, "--home", home),
        trappan("ingest", inbox / BAD, inbox / f"gone{BAD}", "--home", home),
        trappan("nightly", "--inbox", inbox, "--as-of", "2026-11-15", "--home", home),
        trappan("files", "--home", home),
        trappan("files", "--format", "csv", "--home", home),
        trappan("files", "--format", "json", "--home", home),
        trappan("layout", "check", inbox / f"a{BAD}", "--home", home),
        trappan("layout", "check", inbox / BAD, "--home", home),
        trappan("layout", "new", inbox / "copy.csv", "--home", home),
    ]
    texts = [text for one in said for text in (one.out, one.err)]
    texts += [note.read_text() for note in (home / "quarantine").iterdir()]
    for taken in (said[0], said[2]):
        assert "bad<U+001B>]0;pwn" in taken.err
        assert "99999999-9999<0xFF>x_20261114T0502.csv" in taken.err
    for text in texts:
        steering = {letter for letter in text if unicodedata.category(letter) in _STEERS}
        assert steering <= {"\n"}, text
        # Whole enough that no hash has them by chance.
        for digits in ("0314-9800", "201203149", "03149818"):
            assert digits not in text, text
