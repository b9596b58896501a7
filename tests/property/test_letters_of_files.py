"""What the look at a file says of its letters is what Python's own decoder says of the whole."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from assets.exports.files import received

LETTERS = st.sampled_from(["a", ";", "\n", "å", "Ö", "Ã", "\u0306", "\ufeff", "€", "😀"])
# Beginnings of letters, ends without one, and what no letter has.
BROKEN = st.sampled_from(
    [b"\xc3", b"\x83", b"\xe2\x82", b"\xe0\x80", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xff", b"\xe5"]
)
CONTENTS = st.lists(LETTERS.map(str.encode) | BROKEN, max_size=12).map(b"".join)


@given(content=CONTENTS, chunk=st.integers(4, 9))
def test_letters_are_found_however_they_are_cut(content: bytes, chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(received, "_CHUNK", chunk):
        path = Path(folder, "a.csv")
        path.write_bytes(content)
        found = received.look_at(path)
    whole = content.decode("utf-8", "ignore")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data" and not whole.isascii()
        assert found.encoding == ("utf-8" if is_cut else "cp1252")
        assert not found.is_plain
        return
    assert found.encoding == "utf-8"
    odd = any(letter >= "\u0300" for letter in whole.removeprefix("\ufeff")) or "Ã" in whole
    assert found.is_plain == (not odd)
