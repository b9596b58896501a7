"""Originals that are gone for good: a mark beside where each lay, so that nobody misses it.

`archive/<two hex>/<sha256>.removed` is empty where a person removed the original, and says how
where a decision on retention did. Not here: the archive itself (`archive.py`), which originals go.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from assets.lake.whole_files import write_whole


class Removed(StrEnum):
    """How a decision on retention removed an original.

    `PAST`: no row of the lake was made of it any more. `EARLY`: a lake that is made again lacks
    what it said.
    """

    PAST = "past"
    EARLY = "early"


def note_removed(folder: Path, sha256: str, why: Removed | None) -> None:
    """Mark that an original is removed, before it is.

    Args:
        folder: of the archive.
        sha256: of the bytes that came.
        why: where a decision removes it; None where a person does.

    Raises:
        OSError: no room or no permission.
    """
    mark = _mark(folder, sha256)
    mark.parent.mkdir(parents=True, exist_ok=True)
    if why is None:
        mark.touch(0o600)
    else:
        write_whole(mark, f"{why}\n".encode())


def was_removed(folder: Path, sha256: str) -> bool:
    """Whether somebody removed an original, or a decision did."""
    return _mark(folder, sha256).exists()


def removed_by_decision(folder: Path, sha256: str) -> Removed | None:
    """Return how a decision on retention removed an original; None where none did."""
    try:
        return Removed(_mark(folder, sha256).read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        return None


def _mark(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / f"{sha256}.removed"
