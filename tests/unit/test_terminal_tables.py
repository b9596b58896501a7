"""Tables fit the terminal, and no word of them is ever cut."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from pipelines.cli import printing, tables
from pipelines.cli.options import Format

KEY = "132171cf-2e39-a467-b2ac-bcd02839df69"
HASH = "ed666e11183e7b1c0d5d6bb4a8a3a3f7e0a1b2c3d4e5f60718293a4b5c6d7e8f"
WORDS = st.one_of(
    st.sampled_from([KEY, HASH, "99999901", "16.06", "åäö", "[bold]", "学校"]),
    st.text("abcåäö0123456789.-[]/", min_size=1, max_size=20),
)
CELLS = st.lists(WORDS, max_size=8).map(" ".join)


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[str], list[dict[str, str]]]:
    columns = [f"column_{n}" for n in range(draw(st.integers(1, 9)))]
    row = st.fixed_dictionaries(dict.fromkeys(columns, CELLS))
    return columns, draw(st.lists(row, max_size=5))


def printed(
    columns: list[str],
    rows: list[dict[str, str]],
    width: int | None,
    *,
    is_wide: bool = False,
) -> str:
    """What stands on a terminal of so many characters; None: in a pipe."""
    with pytest.MonkeyPatch.context() as patch:
        screen = _Screen(is_terminal=width is not None)
        patch.setattr(sys, "stdout", screen)
        patch.setenv("COLUMNS", str(width or 80))
        tables.be_wide(is_wide)
        try:
            printing.print_rows(columns, rows, Format.TABLE)
        finally:
            tables.be_wide(False)
        return re.sub(r"\x1b\[[0-9;]*m", "", screen.text)


class _Screen:
    encoding = "utf-8"

    def __init__(self, *, is_terminal: bool) -> None:
        self.text, self._is_terminal = "", is_terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        raise OSError


@example((["a"], [{"a": "0[/] [bold]"}]), 80)
@example((["a", "b", "c"], [{"a": KEY, "b": f"{KEY} {KEY}", "c": HASH}]), 146)
@given(answers(), st.integers(20, 240))
def test_every_word_of_an_answer_stands_whole_in_one_line(
    answer: tuple[list[str], list[dict[str, str]]], width: int
) -> None:
    columns, rows = answer
    text = printed(columns, rows, width)
    lines = text.splitlines()
    for row in rows:
        for cell in row.values():
            for word in cell.split():
                assert any(word in line for line in lines), (word, text)


@given(answers(), st.integers(20, 240))
def test_no_line_is_longer_than_the_terminal_but_for_one_word(
    answer: tuple[list[str], list[dict[str, str]]], width: int
) -> None:
    columns, rows = answer
    for line in printed(columns, rows, width).splitlines():
        assert cell_len(line) <= width or len(line.split()) == 1, line


@pytest.mark.parametrize(("width", "is_table"), [(80, True), (40, False), (None, True)])
def test_a_narrow_terminal_gets_a_record_a_row(width: int | None, is_table: bool) -> None:
    rows = [{"pupil_key": KEY, "reason": "the row is cut short"} for _ in range(2)]
    text = printed(["pupil_key", "reason"], rows, width)
    assert text.count(KEY) == 2
    assert ("┃" in text) == is_table
    if not is_table:
        assert text == (f"pupil_key\n  {KEY}\nreason     the row is cut short\n\n" * 2)[:-1]


def test_wide_asks_for_the_table_however_narrow_the_terminal_is() -> None:
    rows = [{"file_sha256": HASH, "reason": "words " * 40}]
    (line,) = (x for x in printed(["file_sha256", "reason"], rows, 40, is_wide=True).splitlines()
               if HASH in x)  # fmt: skip
    assert ("words " * 40).strip() in line
    assert "┃" not in printed(["file_sha256", "reason"], rows, 40)
