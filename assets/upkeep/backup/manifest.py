"""What a backup has: the manifest, which is written last, and the index, which is encrypted.

`DIR/manifest.json` names every file of the backup with its size and SHA-256, and no file of the
home: names of files can name pupils, and folders say how many there are. Which file of the home
each one is says the index, encrypted for the backup's recipient. A folder without a manifest, or
with one that was changed, is no backup. Not here: copying (`backing_up.py`, `restoring.py`).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from pyrage import DecryptError, IdentityError, RecipientError, decrypt, encrypt, x25519

from assets.lake.whole_files import write_whole
from rules.errors import TrappanError

#: Of what is written; a program refuses what it does not know.
FORMAT = 1
MANIFEST_NAME, OBJECTS = "manifest.json", "objects"
_BLOCK = 1 << 20


class BackupError(TrappanError):
    """A backup can't be made, read or brought back; the message says what to do."""


@dataclass(frozen=True)
class StoredObject:
    """A file of the backup.

    Attributes:
        size: in bytes.
        sha256: of its bytes, as they lie there.
    """

    size: int
    sha256: str


@dataclass(frozen=True)
class Kept:
    """A file of the home, or a link.

    Attributes:
        path: below the home, with `/`.
        stored: the name of its object; "" of a link.
        size: of the file in the home.
        sha256: of the file in the home.
        mode: its permissions.
        modified_ns: its modification time, nanoseconds since 1970.
        is_encrypted: whether the object is encrypted for the recipient, or lies as in the home.
        target: what a link points to.
    """

    path: str
    stored: str = ""
    size: int = 0
    sha256: str = ""
    mode: int = 0o600
    modified_ns: int = 0
    is_encrypted: bool = False
    target: str = ""


@dataclass(frozen=True)
class BackupManifest:
    """What a backup has.

    Attributes:
        made_at: when it was begun, UTC, ISO 8601.
        program: which version made it.
        home_key: the public half of the home's key: which `pupil.key` belongs to it.
        recipient: for whom it is encrypted.
        lake_snapshot: of the catalog in it; None without one.
        index: the name of the index's object.
        outside: in words, what lies outside the home and is not in it.
        objects: every file of it, by name.
    """

    made_at: str
    program: str
    home_key: str
    recipient: str
    lake_snapshot: int | None
    index: str
    outside: tuple[str, ...] = ()
    objects: Mapping[str, StoredObject] = field(default_factory=dict)


def recipient_of(text: str) -> x25519.Recipient:
    """Read a recipient.

    Raises:
        BackupError: it is none.
    """
    try:
        return x25519.Recipient.from_str(text.strip())
    except RecipientError:
        raise BackupError(
            f"'{text}' is no recipient of age. Expected the public key of the backups, which "
            "begins with age1; `age-keygen` makes one, and its private half belongs elsewhere."
        ) from None


def identity_of_file(path: Path) -> x25519.Identity:
    """Read the private key of the backups.

    Raises:
        BackupError: it is none.
        OSError: it can't be read.
    """
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        (secret,) = secrets
        return x25519.Identity.from_str(secret)
    except (ValueError, IdentityError):
        raise BackupError(
            f"{path} is no private key of age. Expected a file with one line that begins with "
            "AGE-SECRET-KEY-1, as age-keygen writes it."
        ) from None


def place_of(folder: Path, name: str) -> Path:
    """Return where an object of a backup lies."""
    return folder / OBJECTS / name[:2] / name


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    """Write the manifest; from then on the folder is this backup.

    Raises:
        OSError: no room or no permission; the manifest that was there stands.
    """
    said = {"format": FORMAT, **asdict(manifest)}
    text = json.dumps(said, sort_keys=True)
    whole = {"manifest": said, "sha256": sha256(text.encode()).hexdigest()}
    write_whole(folder / MANIFEST_NAME, json.dumps(whole, indent=1, sort_keys=True).encode())


def manifest_of(folder: Path) -> BackupManifest:
    """Read the manifest of a backup.

    Raises:
        BackupError: there is none, it was changed, or another version of the program wrote it.
        OSError: it can't be read.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        raise BackupError(
            f"{folder} has no {MANIFEST_NAME}: no backup was finished there. Expected the folder "
            "that `trappan backup` was given."
        )
    wrong = BackupError(
        f"{path} is damaged or was changed. Take another backup, or run `trappan backup` to a new "
        "folder."
    )
    try:
        whole: dict[str, Any] = json.loads(path.read_bytes())
        said = dict(whole["manifest"])
        if sha256(json.dumps(said, sort_keys=True).encode()).hexdigest() != whole["sha256"]:
            raise wrong
        found = said.pop("format")
        if found != FORMAT:
            raise BackupError(
                f"{path} has format {found}, and this program reads {FORMAT}. Use the version of "
                f"trappan that made it ({said.get('program', 'unknown')}), or a newer one."
            )
        objects = {name: StoredObject(**one) for name, one in said.pop("objects").items()}
        outside = tuple(said.pop("outside"))
        return BackupManifest(**said, outside=outside, objects=objects)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise wrong from None


def packed_index(entries: Iterable[Kept], recipient: x25519.Recipient) -> bytes:
    """Return the index, compressed and encrypted."""
    said = json.dumps([asdict(entry) for entry in entries], ensure_ascii=True)
    return bytes(encrypt(zlib.compress(said.encode()), [recipient]))


def index_of(folder: Path, manifest: BackupManifest, identity: x25519.Identity) -> list[Kept]:
    """Return every file of the home that a backup has.

    Raises:
        BackupError: the key is another one, or the index is damaged.
        OSError: it can't be read.
    """
    try:
        packed = decrypt(place_of(folder, manifest.index).read_bytes(), [identity])
        return [Kept(**one) for one in json.loads(zlib.decompress(packed))]
    except (DecryptError, ValueError, zlib.error, TypeError):
        raise BackupError(
            f"The backup in {folder} does not open with this key. It was made for "
            f"{manifest.recipient}; the key that was given is the private half of "
            f"{identity.to_public()}."
        ) from None


def unfit_objects(folder: Path, manifest: BackupManifest) -> Iterator[str]:
    """Yield in words which files of a backup are not as its manifest says."""
    for name, said in sorted(manifest.objects.items()):
        path = place_of(folder, name)
        where = path.relative_to(folder).as_posix()
        try:
            if path.stat().st_size != said.size:
                yield f"{where}: it has {path.stat().st_size} bytes, expected {said.size}"
                continue
            with path.open("rb") as file:
                if hash_of(file) != said.sha256:
                    yield f"{where}: it is not as it was written"
        except FileNotFoundError:
            yield f"{where}: it is gone"
        except OSError as error:
            yield f"{where}: {error.strerror}"


def hash_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of an open file, from where it stands."""
    digest = sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
