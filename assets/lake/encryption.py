"""Keys of pupils and seals of personal data.

A pupil is known in the lake by `pupil_key`, an HMAC-SHA256 of the identity number, cut to 128
bits and written as a UUID. Names, numbers and mail addresses are sealed with AES-256-GCM before
they are written, because the lake's catalog shows the extremes of every column in clear.

Not here: which number is a valid identity number (`exports/pupils/identity_numbers.py`).
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import uuid
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rules.errors import TrappanError

_NONCE_BYTES = 12
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_KEY_BYTES = 32


class KeyFileError(TrappanError):
    """The key file is missing, unreadable or open to others; the message says what to do."""


def text_of_fields(fields: dict[str, str]) -> str:
    """Return fields as one text, the same for the same values: what is sealed, and keyed."""
    return _ENCODER.encode(fields)


class Sealer:
    """Makes keys and seals with the two secrets of one home.

    Args:
        secret: 64 bytes; the first half keys pupils, the second half seals.
    """

    def __init__(self, secret: bytes) -> None:
        # A copy costs half of what a new one does, and a night makes some hundred thousand keys.
        self._keyed = hmac.new(secret[:_KEY_BYTES], digestmod=sha256)
        self._seal_key = secret[_KEY_BYTES:]
        self._cipher = AESGCM(secret[_KEY_BYTES:])

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
        secret = path.read_bytes()
        if len(secret) != 2 * _KEY_BYTES:
            raise KeyFileError(
                f"{path} has {len(secret)} bytes, expected {2 * _KEY_BYTES}. Restore it from the "
                "backup."
            )
        return cls(secret)

    def key(self, kind: str, value: str) -> uuid.UUID:
        """Return the 128-bit key of a value; `kind` keeps pupils and staff apart."""
        return uuid.UUID(self.key_text(kind, value))

    def cipher_of(self, purpose: str, salt: bytes) -> AESGCM:
        """Return a cipher with a key of its own; the salt must be another one each time."""
        derived = HKDF(hashes.SHA256(), length=_KEY_BYTES, salt=salt, info=purpose.encode())
        return AESGCM(derived.derive(self._seal_key))

    def key_text(self, kind: str, value: str) -> str:
        """Return the same key as text; many of them are made, and the object costs most."""
        keyed = self._keyed.copy()
        keyed.update(f"{kind}\x1f{value}".encode())
        found = keyed.hexdigest()
        return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:32]}"

    def seal(self, fields: dict[str, str]) -> bytes:
        """Return the fields as sealed bytes that differ each time."""
        return self.seal_text(text_of_fields(fields))

    def seal_text(self, text: str) -> bytes:
        """Return a text as sealed bytes that differ each time."""
        nonce = os.urandom(_NONCE_BYTES)
        # A file name that isn't UTF-8 comes as lone surrogates, and has to go back as it came.
        return nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), None)

    def unseal(self, sealed: bytes) -> dict[str, str]:
        """Return what `seal` was given; raises what `unseal_text` raises."""
        fields: dict[str, str] = json.loads(self.unseal_text(sealed))
        return fields

    def unseal_text(self, sealed: bytes) -> str:
        """Return what `seal_text` was given.

        Raises:
            KeyFileError: sealed with another key, or changed since.
        """
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag:
            raise KeyFileError(
                "A sealed value can't be opened with this home's pupil.key. The key file is not "
                "the one that the lake was written with; restore it from the backup."
            ) from None
        return plain.decode("utf-8", "surrogatepass")


def _has_sealed(home: Path) -> bool:
    """Whether a home has originals or lists that were sealed."""
    sealed = ("archive/*/*.sealed", "lists/.versions/*/*/*/*.sealed")
    return any(next(home.glob(pattern), None) is not None for pattern in sealed)


def _write_new_key(path: Path) -> None:
    """Write the key beside its place and link it there, so that two first runs agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".pupil.key.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(2 * _KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    finally:
        beside.unlink()
