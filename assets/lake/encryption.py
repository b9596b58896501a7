"""The key of a home, and what is derived from it: keys of pupils, seals, marks of rows.

`HOME/pupil.key` is a key file of age (age-encryption.org): originals of files are encrypted to it
as age does (`exports/files/archive.py`). It is the one secret. For every other use a key of its own
is derived from it by HKDF-SHA256, named after the use, so that what is made for one can't stand for
another:

- a keyed hash of each kind: a pupil is known in the lake by `pupil_key`, an HMAC-SHA256 of the
  identity number, cut to 128 bits and written as a UUID;
- a seal of each place (`sealed_places.py`): AES-256-GCM with the place and the row's own columns as
  associated data, so that a value which was moved to another row, column or table does not open;
- a mark of stored rows, which DuckDB makes and looks at itself (`protection_marks.py`).

Names, numbers and mail addresses are sealed before they are written, because the lake's catalog
shows the extremes of columns in clear: an age header of 200 bytes at each of them would be more
than they are. Not here: which number is a valid identity number
(`exports/pupils/identity_numbers.py`).
"""

from __future__ import annotations

import hmac
import json
import os
import uuid
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyrage import IdentityError, x25519

from assets.lake.sealed_places import SealedPlace
from rules.errors import TrappanError

_NONCE_BYTES = 12
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_KEY_BYTES = 32
#: The block of SHA-256, which an HMAC fills its key up to.
_BLOCK_BYTES = 64
_KEY_FILE = """# The key of this home. Whoever has it can read what is kept of every pupil; without
# it nobody can. Back it up apart from the home. `age -d -i` opens originals with it.
{identity}
"""


class KeyFileError(TrappanError):
    """The key file is missing, unreadable or open to others; the message says what to do."""


class SealError(TrappanError):
    """A sealed value does not open where it stands; the message says which kind, and no value."""


def text_of_fields(fields: dict[str, str]) -> str:
    """Return fields as one text, the same for the same values: what is sealed, and keyed."""
    return _ENCODER.encode(fields)


class Sealer:
    """Makes keys and seals with the secret of one home.

    Args:
        identity: the secret, as age has it.

    Attributes:
        identity: the same; opens what was encrypted to its public half.
    """

    def __init__(self, identity: x25519.Identity) -> None:
        self.identity = identity
        self._root = str(identity).encode()
        self._keyed: dict[str, hmac.HMAC] = {}
        self._ciphers: dict[SealedPlace, AESGCM] = {}

    def _derived(self, use: str) -> bytes:
        """Return the key of one use; derived once a run for each."""
        derived = HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=f"trappan {use}".encode())
        return derived.derive(self._root)

    @classmethod
    def unkept(cls) -> Sealer:
        """Make one with a secret that is kept nowhere."""
        return cls(x25519.Identity.generate())

    @classmethod
    def of_home(cls, home: Path) -> Sealer:
        """Read the home's key file, or make it when the home is new.

        A lake that has data does not open without it (`connection.py`).

        Raises:
            KeyFileError: the file can be read by others, isn't a key file, or is gone though the
                home has what was sealed with it.
        """
        path = home / "pupil.key"
        # Looked for again: another first run may have made the key and kept an original since.
        if not path.exists() and _has_sealed(home) and not path.exists():
            raise KeyFileError(
                f"{path} is not there, but the home has originals or lists that were sealed with "
                "it. Restore it from the backup; a new key could open none of them, and would make "
                "every pupil a stranger. To begin again without it, use a new home."
            )
        if not path.exists():
            _write_new_key(path)
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise KeyFileError(
                f"{path} has mode {mode:04o}: others on this machine can read it. Expected 0600. "
                f"Run: chmod 600 {path}"
            )
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
        secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        try:
            (secret,) = secrets
            return cls(x25519.Identity.from_str(secret))
        except (ValueError, IdentityError):
            raise KeyFileError(
                f"{path} is no key file. Expected one line that begins with AGE-SECRET-KEY-1. "
                "Restore it from the backup."
            ) from None

    def key(self, kind: str, value: str) -> uuid.UUID:
        """Return the 128-bit key of a value; each kind has a secret of its own."""
        return uuid.UUID(self.key_text(kind, value))

    def key_text(self, kind: str, value: str) -> str:
        """Return the same key as text; many of them are made, and the object costs most."""
        template = self._keyed.get(kind)
        if template is None:
            template = hmac.new(self._derived(f"key {kind}"), digestmod=sha256)
            self._keyed[kind] = template
        # A copy costs half of what a new one does, and a night makes some hundred thousand keys.
        keyed = template.copy()
        keyed.update(value.encode())
        found = keyed.hexdigest()
        return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:32]}"

    def pads(self, use: str) -> tuple[bytes, bytes]:
        """Return the inner and the outer pad of an HMAC-SHA256 (RFC 2104) that SQL makes.

        Args:
            use: what is marked.
        """
        key = self._derived(f"mark {use}").ljust(_BLOCK_BYTES, b"\0")
        return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)

    def seal(self, place: SealedPlace, row: Sequence[object], fields: dict[str, str]) -> bytes:
        """Return fields as sealed bytes that differ each time; see `seal_text`."""
        return self.seal_text(place, row, text_of_fields(fields))

    def seal_text(self, place: SealedPlace, row: Sequence[object], text: str) -> bytes:
        """Return a text as sealed bytes that differ each time.

        Args:
            place: where it will stand; there alone it opens.
            row: the values of the row that the place binds to.
            text: what is sealed.
        """
        # A file name that isn't UTF-8 comes as lone surrogates, and has to go back as it came.
        return self.seal_bytes(place, row, text.encode("utf-8", "surrogatepass"))

    def seal_bytes(self, place: SealedPlace, row: Sequence[object], plain: bytes) -> bytes:
        """Return bytes as sealed ones; see `seal_text`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(place).encrypt(nonce, plain, place.binding(*row))

    def unseal(self, place: SealedPlace, row: Sequence[object], sealed: bytes) -> dict[str, str]:
        """Return what `seal` was given; raises what `unseal_text` raises."""
        fields: dict[str, str] = json.loads(self.unseal_text(place, row, sealed))
        return fields

    def unseal_text(self, place: SealedPlace, row: Sequence[object], sealed: bytes) -> str:
        """Return what `seal_text` was given.

        Raises:
            SealError: it was sealed for another row or place, with another key, or was changed.
        """
        return self.unseal_bytes(place, row, sealed).decode("utf-8", "surrogatepass")

    def unseal_bytes(self, place: SealedPlace, row: Sequence[object], sealed: bytes) -> bytes:
        """Return what `seal_bytes` was given; raises what `unseal_text` raises."""
        try:
            return self._cipher(place).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.binding(*row)
            )
        except (InvalidTag, ValueError):
            raise SealError(
                f"A sealed value of {place.name} does not open where it stands: it was moved there "
                "from another row, was changed, or was sealed with another pupil.key. It is shown "
                "nowhere. `trappan verify` counts such values; restore the lake and pupil.key from "
                "one backup."
            ) from None

    def opened(
        self, place: SealedPlace, row: Sequence[object], sealed: bytes
    ) -> dict[str, str] | None:
        """Return what `seal` was given; None for a value that does not open where it stands."""
        try:
            return self.unseal(place, row, sealed)
        except SealError:
            return None

    def _cipher(self, place: SealedPlace) -> AESGCM:
        cipher = self._ciphers.get(place)
        if cipher is None:
            cipher = self._ciphers[place] = AESGCM(self._derived(f"seal {place.name}"))
        return cipher


def _has_sealed(home: Path) -> bool:
    """Whether a home has originals or lists that were sealed."""
    sealed = ("archive/*/*.zst.age", "lists/.versions/*/*/*/*.sealed")
    return any(next(home.glob(pattern), None) is not None for pattern in sealed)


def _write_new_key(path: Path) -> None:
    """Write the key beside its place and link it there, so that two first runs agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".pupil.key.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_KEY_FILE.format(identity=x25519.Identity.generate()).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()
