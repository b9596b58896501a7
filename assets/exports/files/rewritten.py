"""Originals that are not as they came, because a pupil was erased: what is known of each.

An original is named by the hash of the bytes that came, which the ledger and every row of the lake
know it by. When a pupil is erased, the lines of the pupil are made empty in it, so what lies there
has another hash. `archive/<two hex>/<sha256>.erased` says which, with a mark that only the home's
key makes; where it names none, the original was deleted. It also names what lay there before, when
another pupil had been erased: a process that is killed may leave that. It says nothing of whom. Not
here: what is left of a file (`without_pupil.py`), the archive itself (`archive.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.lake.encryption import Sealer
from assets.lake.whole_files import write_whole

_SUFFIX = ".erased"
_KIND = "rewritten original"


@dataclass(frozen=True)
class Rewritten:
    """What is known of an original that is not as it came.

    Attributes:
        sha256: of the bytes that came; its name.
        content_sha256: of what lies there now; "" when it was deleted.
        earlier: of what lay there after earlier erasures, sorted.
    """

    sha256: str
    content_sha256: str
    earlier: tuple[str, ...] = ()

    def may_be(self, found: str) -> bool:
        """Whether what lies there may have this hash."""
        return found in {self.content_sha256, *self.earlier}


def rewritten(folder: Path, sha256: str, sealer: Sealer) -> Rewritten | None:
    """Return what is known of an original; None of one that is as it came.

    Args:
        folder: of the archive.
        sha256: of the bytes that came.
        sealer: of the home.
    """
    try:
        said = json.loads(_place(folder, sha256).read_bytes())
        found = Rewritten(sha256, str(said["content_sha256"]), tuple(map(str, said["earlier"])))
        is_ours = said["mark"] == _mark(sealer, found)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if is_ours else None


def note_rewritten(folder: Path, sealer: Sealer, sha256: str, content_sha256: str) -> None:
    """Write it, before the original itself is replaced or deleted.

    Args:
        folder: of the archive.
        sealer: of the home.
        sha256: of the bytes that came.
        content_sha256: of what will lie there; "" when it will be deleted.

    Raises:
        OSError: no room or no permission.
    """
    known = rewritten(folder, sha256, sealer)
    earlier = {*known.earlier, known.content_sha256} - {""} if known else set[str]()
    _write(folder, Rewritten(sha256, content_sha256, tuple(sorted(earlier))), sealer)


def _write(folder: Path, found: Rewritten, sealer: Sealer) -> None:
    place = _place(folder, found.sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    said = {
        "content_sha256": found.content_sha256,
        "earlier": found.earlier,
        "mark": _mark(sealer, found),
    }
    write_whole(place, json.dumps(said).encode())


def mark_again(folder: Path, old: Sealer, new: Sealer, *, changes: bool) -> tuple[int, int]:
    """Mark with a new secret what is marked with the old one.

    Args:
        folder: of the archive.
        old: of the home, before.
        new: of the home, after.
        changes: whether it is written; else it is counted only.

    Returns:
        How many have a mark of the new secret now, and how many of the old one.

    Raises:
        OSError: no room or no permission.
    """
    of_new = of_old = 0
    for sha256 in list(all_rewritten(folder)):
        if rewritten(folder, sha256, new):
            of_new += 1
        elif found := rewritten(folder, sha256, old):
            if changes:
                _write(folder, found, new)
            of_new, of_old = of_new + changes, of_old + (not changes)
    return of_new, of_old


def all_rewritten(folder: Path) -> Iterator[str]:
    """Yield the hashes of all originals that are not as they came."""
    for path in sorted(folder.glob(f"*/*{_SUFFIX}")):
        if path.name[0] != ".":
            yield path.name.removesuffix(_SUFFIX)


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / f"{sha256}{_SUFFIX}"


def _mark(sealer: Sealer, found: Rewritten) -> str:
    return sealer.mark_text(
        _KIND, "\x1f".join((found.sha256, found.content_sha256, *found.earlier))
    )
