"""What a process that reads a file may take and send back; both sides know it.

It imports the standard library only, so that such a process starts in a moment.
"""

from __future__ import annotations

#: Exit code of a process that refuses a file; the reason stands on its standard error.
REFUSED = 3
#: Letters of a cell: what a spreadsheet has room for.
LONGEST_CELL = 32_767
#: Bytes of a line of an answer.
LONGEST_LINE = 32 << 20
# An export unpacks to four or five times its size. A small one may be packed better.
_TIMES_THE_FILE = 10
_LEAST = 64 << 20


def most_bytes(size: int) -> int:
    """Return how many bytes may be said of a file of so many bytes."""
    return max(_LEAST, _TIMES_THE_FILE * size)
