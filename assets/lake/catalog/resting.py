"""What a file of SQLite was when a run left it: a bit that is flipped in it then is noticed.

SQLite's own check looks at how pages hang together, and sees a bit that is flipped in a value of
one as little as anybody. A checksum does; but a catalog changes with each write, and who opens its
file in a process that has it open already takes that one's locks away. So the sum is taken after a
run, when everything was let go, in a process of its own: this module, run as a program. It needs
Python's own library only.

With the sum stands when the file was last written to, and how large it was. Of one that somebody
has written to since nothing can be said, and nothing is. It is for disks that forget, not against
people: who can write the file can write its sum.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

_BLOCK = 1 << 20
_NOTHING_BEGUN = ("-wal", "-journal")


def note_at_rest(paths: Iterable[Path]) -> None:
    """Note what files of SQLite are, of those that nobody has open; best effort.

    Args:
        paths: those that are looked at.
    """
    there = [str(path) for path in paths if path.is_file()]
    if there:
        subprocess.run(  # noqa: S603 - a module of our own
            [sys.executable, "-I", __file__, *there], capture_output=True, check=False
        )


def is_changed_at_rest(path: Path) -> bool:
    """Whether a file is another than a run left it, though nobody has written to it since.

    Args:
        path: of the file, which no connection of this process has open.
    """
    try:
        said = json.loads(_sum_of(path).read_text(encoding="ascii"))
        stamp = _stamp(path)
    except (OSError, ValueError):
        return False
    if not isinstance(said, dict) or said.get("stamp") != stamp or _is_open(path):
        return False
    return said.get("sha256") != _hash_of(path)


def _sum_of(path: Path) -> Path:
    return path.with_suffix(".sum")


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _is_open(path: Path) -> bool:
    """Whether there are changes that are not in the file yet."""
    return any(path.with_name(f"{path.name}{end}").exists() for end in _NOTHING_BEGUN)


def _hash_of(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _note(path: Path) -> None:
    """Write the sum of a file beside its place, and move it there."""
    before = _stamp(path)
    said = json.dumps({"stamp": before, "sha256": _hash_of(path)})
    if _is_open(path) or _stamp(path) != before:
        return
    beside = _sum_of(path).with_suffix(".sum.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(said)
    beside.replace(_sum_of(path))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        _note(Path(name))
