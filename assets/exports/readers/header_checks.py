"""Headers that fit a layout and must not be read: what they would hide is said, never their text.

A column that speaks of protection and that no layout knows would show the pupils whom it protects.
A header with a character that some systems end lines with has swallowed a row, of which every cell
would be taken for an unknown column. Not here: which layout fits (`layouts.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from assets.exports.files.received import UnreadableFileError
from assets.exports.readers.layouts import FoundHeader, HeaderMatch
from assets.exports.readers.unknown_headers import may_end_a_line, speaks_of_protection

_CIVIC = ("civic_no", "old_civic_no", "new_civic_no")


class UnreadProtectionError(UnreadableFileError):
    """A column speaks of protection, and the layout does not know it.

    Attributes:
        layout: the layout that fits, or comes nearest.
        header: the file's header when it fits, so that its rows can be read; else None.
    """

    def __init__(self, message: str, layout: str, header: FoundHeader | None) -> None:
        super().__init__(message)
        self.layout = layout
        self.header = header


def refuse_header(header: FoundHeader) -> None:
    """Look that a header that fits hides nothing.

    Raises:
        UnreadableFileError: it holds a control character, so that it may have swallowed a row.
        UnreadProtectionError: see there.
    """
    refuse_line_ends(header.match.header, header.line_number)
    refuse_unread_protection(header.match, header.line_number, header)


def refuse_line_ends(cells: Sequence[str], line_number: int) -> None:
    """Look that a header has not swallowed a row.

    Raises:
        UnreadableFileError: it holds a character that some systems end lines with.
    """
    for place, cell in enumerate(cells, start=1):
        odd = next((letter for letter in cell if may_end_a_line(letter)), None)
        if odd is not None:
            raise UnreadableFileError(
                f"line {line_number}, column {place}: the header holds the character "
                f"U+{ord(odd):04X}, which may be meant as the end of a line. Expected lines that "
                "end with CR LF, LF or CR. Export the file again."
            )


def refuse_unread_protection(
    match: HeaderMatch, line_number: int, header: FoundHeader | None = None
) -> None:
    """Look that every column that speaks of protection is one that the layout knows.

    Args:
        match: the layout that fits, or comes nearest.
        line_number: of the header.
        header: when it fits.

    Raises:
        UnreadProtectionError: one is not known, and the file is about pupils.
    """
    places = [place for place in match.unknown if speaks_of_protection(match.header[place])]
    if not places or not any(map(match.says, _CIVIC)):
        return
    listed = ", ".join(str(place + 1) for place in places)
    raise UnreadProtectionError(
        f"line {line_number}: column {listed} speaks of protection (skydd, sekretess), and the "
        f"layout '{match.layout.name}' does not know it, so nobody can say who is protected. "
        "Nothing was read, and the lists of its schools wait. Name the column 'Skyddad identitet', "
        "or add its name to 'protected' in a layout of your own (docs/layouts.md), and read the "
        "file again with `trappan retry`.",
        match.layout.name,
        header,
    )
