"""The key file of a home, `HOME/pupil.key`: read, made once, and written again for a new key.

It is a key file of age. A home that never had a new key has one identity, and everything is derived
from it. One that had has a comment line more, which age passes over: the secret that keyed hashes
are made with, as it was derived of the home's first identity, so that every pupil goes by the same
key as before. While `trappan rotate-key` is under way there is a second identity, the one before;
age tries both, and so does `encryption.py`. Afterwards the identity stands there twice: a program
from before there was a new key passes over the comment too, would take a single identity, and make
every pupil a stranger. Two it refuses. The file is replaced as a whole: what seals, what still
opens and what keys can't come apart.

Where pupils got new keys too, the comment line has a second secret behind the first one, and so on:
each makes the keys before it into those of now (`encryption.py`). A program that knows one secret
only refuses the longer line. While that is under way another line says so, and all but who does it
are refused: half of the home knows pupils by the one key and half by the other.

Whoever copies the identity alone would lose the comment line, and every pupil would be a stranger.
So `HOME/key-changes.json` has a check of the secret, which tells nothing of it.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyrage import IdentityError, x25519

from assets.lake.whole_files import sync_folder, write_whole
from rules.errors import TrappanError

KEY_FILE = "pupil.key"
#: When a home got a new key, and a check of the secret of keyed hashes; nobody's data.
CHANGES = "key-changes.json"
#: The key was made before there was a lake: the portal, or a pull, was started first. Without it a
#: key tells of a lake, and where that is gone no other one is begun.
NO_LAKE_YET = "no-lake-yet"
_SECRET_BYTES = 32
_HASHES = "# keyed hashes: "
_HASHES_LINE = re.compile(rf"{_HASHES}((?:[0-9a-f]{{{2 * _SECRET_BYTES}}})+)")
_PUPILS_CHANGE = (
    "# Pupils get new keys: nothing but `trappan rotate-key` may run until it has ended."
)
_CHECKED = b"trappan: which secret of keyed hashes"
_HEAD = """# The key of this home. Whoever has it can read what is kept of every pupil; without
# it nobody can. Back it up apart from the home. `age -d -i` opens originals with it.
"""
_MORE = """# The next line belongs to the key as well: every pupil is known by it. Copy all lines.
{hashes}
"""
_FORMER = """# The key before, until `trappan rotate-key` has ended:
{identity}
"""
_AGAIN = """# The same once more: programs that know no `trappan rotate-key` refuse a file with two.
{identity}
"""


class KeyFileError(TrappanError):
    """The key file is missing, unreadable or open to others; the message says what to do."""


@dataclass(frozen=True)
class HomeKeys:
    """The secrets of a home.

    Attributes:
        identity: seals, and opens.
        former: opens what was sealed before, while a new key is under way; else None.
        hashes: what keyed hashes and marks are derived from: 32 bytes, and 32 more for each time
            that pupils got new keys.
        pupils_change: whether they get new ones just now.
    """

    identity: x25519.Identity
    former: x25519.Identity | None
    hashes: bytes = field(repr=False)
    pupils_change: bool = False

    @property
    def identities(self) -> tuple[x25519.Identity, ...]:
        """All that open, the one that seals first."""
        return (self.identity,) if self.former is None else (self.identity, self.former)

    @property
    def hashes_before(self) -> bytes:
        """The secret of keyed hashes that pupils have keys of while they get new ones."""
        return self.hashes[:-_SECRET_BYTES] if self.pupils_change else self.hashes

    def with_new_pupil_keys(self, identity: x25519.Identity) -> HomeKeys:
        """Return them with a new identity and a new secret of keyed hashes, under way."""
        return HomeKeys(identity, self.identity, self.hashes + os.urandom(_SECRET_BYTES), True)


def parts_of(hashes: bytes) -> list[bytes]:
    """Return the secrets that keyed hashes are made with, the first first.

    Raises:
        ValueError: their length is no multiple of 32.
    """
    parts = [hashes[at : at + _SECRET_BYTES] for at in range(0, len(hashes), _SECRET_BYTES)]
    if not parts or len(parts[-1]) != _SECRET_BYTES:
        raise ValueError(f"secrets of keyed hashes of {len(hashes)} bytes, expected 32 each")
    return parts


def hashes_of(identity: x25519.Identity) -> bytes:
    """Return what keyed hashes are derived from in a home that never had another identity.

    It is what HKDF (RFC 5869) extracts of the identity; no original opens with it.
    """
    return hmac.digest(bytes(_SECRET_BYTES), str(identity).encode(), "sha256")


def read_keys(home: Path, *, while_pupils_change: bool = False) -> HomeKeys:
    """Read the key file of a home that has one.

    Args:
        home: the home.
        while_pupils_change: also while pupils get new keys; for who gives them.

    Raises:
        KeyFileError: the file can be read by others, is no key file, or lacks a line; or pupils get
            new keys just now.
        OSError: it can't be read.
    """
    path = home / KEY_FILE
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyFileError(
            f"{path} has mode {mode:04o}: others on this machine can read it. Expected 0600. "
            f"Run: chmod 600 {path}"
        )
    keys = _parsed(path.read_bytes().decode("utf-8", "replace").splitlines())
    if keys is None:
        raise KeyFileError(
            f"{path} is no key file. Expected one line that begins with AGE-SECRET-KEY-1. "
            "Restore it from the backup."
        )
    said = changes_of(home)
    known = {str(said.get(name) or "") for name in ("check", "check_before")} - {""}
    if known and check_of(keys.hashes) not in known:
        raise KeyFileError(
            f"{path} lacks the line that begins with '{_HASHES.strip()}', or has another one: it "
            "is another home's key, or not all of its lines were copied. Nothing was done, because "
            "every pupil would be a stranger. Put the whole file back, with every line."
        )
    if keys.pupils_change and not while_pupils_change:
        raise KeyFileError(
            "Pupils get new keys in this home, and that has not ended: some places know them by "
            "the new key and some by the one before. Nothing was done, and the lists that are out "
            "still stand. If it is not running now, go on with it: trappan rotate-key --pupil-keys "
            "--reason … (without --pupil-keys it is given up, if the lake has no new keys yet)."
        )
    return keys


def _parsed(lines: list[str]) -> HomeKeys | None:
    secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    kept = [line.strip() for line in lines if line.startswith(_HASHES.strip())]
    try:
        identities = [x25519.Identity.from_str(secret) for secret in secrets]
    except (ValueError, IdentityError):
        return None
    if not kept and len(identities) == 1:
        return HomeKeys(identities[0], None, hashes_of(identities[0]))
    said = _HASHES_LINE.fullmatch(kept[0]) if len(kept) == 1 else None
    if said is None or len(identities) not in {1, 2}:
        return None
    # A single one wrote who did not know yet that older programs would take it.
    others = [one for one in identities[1:] if str(one) != str(identities[0])]
    former = others[0] if others else None
    if _PUPILS_CHANGE in lines and former is None:
        return None
    return HomeKeys(identities[0], former, bytes.fromhex(said[1]), _PUPILS_CHANGE in lines)


def write_keys(home: Path, keys: HomeKeys) -> None:
    """Put other secrets in the place of those that are there.

    A process that is killed leaves the file as it was, or as it is to be. Nothing of what was there
    before is left on the disk, as far as the disk writes where it is told to.

    Raises:
        OSError: no room or no permission; the file is as it was.
    """
    # Where the file is a link, what it points to is replaced.
    path = (home / KEY_FILE).resolve()
    content = _HEAD + _MORE.format(hashes=f"{_HASHES}{keys.hashes.hex()}")
    content += f"{_PUPILS_CHANGE}\n" if keys.pupils_change else ""
    content += f"{keys.identity}\n"
    second = _AGAIN if keys.former is None else _FORMER
    content += second.format(identity=keys.former or keys.identity)
    with path.open("r+b") as before:
        write_whole(path, content.encode())
        sync_folder(path.parent)
        status = os.fstat(before.fileno())
        # Not where somebody's copy is a second name of the same file.
        if status.st_nlink == 0:
            before.write(bytes(status.st_size))
            before.flush()
            os.fsync(before.fileno())


def write_new_key(home: Path) -> None:
    """Write a first key beside its place and link it there, so that two first runs agree on one."""
    path = home / KEY_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (home / "lake" / "catalog.sqlite").exists():
        # Before the key: killed in between, there is a note of a key that is not there.
        (home / NO_LAKE_YET).touch(mode=0o600)
    beside = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(f"{_HEAD}{x25519.Identity.generate()}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()


def forget_no_lake(home: Path) -> None:
    """Note that there is a lake now, so that the key tells of it from here on.

    Raises:
        OSError: no permission.
    """
    (home / NO_LAKE_YET).unlink(missing_ok=True)


def tells_of_a_lake(home: Path) -> bool:
    """Whether there is a key that only a home with a lake can have."""
    return (home / KEY_FILE).exists() and not (home / NO_LAKE_YET).exists()


def changes_of(home: Path) -> dict[str, Any]:
    """Return what is known of the new keys of a home: `check`, and a list of `changes`.

    Raises:
        KeyFileError: the file is damaged.
    """
    path = home / CHANGES
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {"changes": []}
    except ValueError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("changes"), list):
        raise KeyFileError(
            f"{path} says which key this home has, and is damaged. Restore it from the newest "
            "backup."
        )
    return said


def change_under_way(home: Path) -> str:
    """Return since when a new key is under way, UTC, as text; "" when none is.

    Raises:
        KeyFileError: what is known of changes is damaged.
    """
    changes = changes_of(home)["changes"]
    return "" if not changes or changes[-1].get("ended_at") else str(changes[-1].get("begun_at"))


def write_changes(home: Path, keys: HomeKeys, changes: list[dict[str, Any]]) -> None:
    """Write what is known of the new keys of a home, whole or not at all.

    Args:
        home: the home.
        keys: those of now; while pupils get new ones the key file before it fits as well, because
            this is written first.
        changes: every one.

    Raises:
        OSError: no room or no permission.
    """
    said: dict[str, Any] = {"check": check_of(keys.hashes), "changes": changes}
    if keys.pupils_change:
        said["check_before"] = check_of(keys.hashes_before)
    write_whole(home / CHANGES, (json.dumps(said, indent=1) + "\n").encode())


def check_of(hashes: bytes) -> str:
    """Return what tells secrets of keyed hashes apart, and tells nothing of them."""
    return hmac.digest(hashes, _CHECKED, "sha256").hex()[:32]
