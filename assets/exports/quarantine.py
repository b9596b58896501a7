"""Files that can't be read as a whole: why, beside the hash of the original in the archive.

No copy of its own is kept: an original names pupils in clear, so it is in the archive only
(`archive.py`). Not here: rows that are refused one by one (`row_problems`).
"""

from __future__ import annotations

from pathlib import Path

from assets.exports.archive import Archive


class Quarantine:
    """The notes of one home.

    Args:
        home: the home.
        archive: where the originals are.
    """

    def __init__(self, home: Path, archive: Archive) -> None:
        self._folder = home / "quarantine"
        self._archive = archive

    def note(self, sha256: str, reason: str | None) -> None:
        """Write why a file could not be read, and how to get the original.

        Args:
            sha256: of the file; a name of its own may name a pupil.
            reason: in words, without personal data.

        Raises:
            OSError: no room or no permission in the home.
        """
        self._folder.mkdir(exist_ok=True)
        where = (
            f"The original: trappan archive open {sha256[:12]} --out FILE"
            if self._archive.holds(sha256)
            else "The original was not kept (TRAPPAN_ARCHIVE is off)."
        )
        note = self._place(sha256)
        beside = note.with_name(f".{note.name}")
        beside.write_text(f"{reason or ''}\n{where}\n", encoding="utf-8")
        beside.replace(note)

    def release(self, sha256: str) -> None:
        """Remove the note on a file that could be read after all."""
        self._place(sha256).unlink(missing_ok=True)

    def _place(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.reason.txt"
