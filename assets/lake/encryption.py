"""The key of a home, and what is derived from it: keys of pupils, seals, marks of rows.

`HOME/pupil.key` is a key file of age (age-encryption.org): originals of files are encrypted to it
as age does (`exports/files/archive.py`). For every other use a key of its own is derived by
HKDF-SHA256, named after the use, so that what is made for one can't stand for another:

- a keyed hash of each kind: a pupil is known in the lake by `pupil_key`, an HMAC-SHA256 of the
  identity number, cut to 128 bits and written as a UUID;
- a seal of each place (`sealed_places.py`): AES-256-GCM with the place and the row's own columns as
  associated data, so that a value which was moved to another row, column or table does not open;
- a mark of stored rows, which DuckDB makes and looks at itself (`protection_marks.py`).

Seals are derived from the identity. Hashes are derived from what HKDF extracts of the home's first
identity, which stays when the home gets a new one (`key_file.py`): they are compared with what is
stored. Where pupils got new keys (ADR 0060), what the lake knows by its key, `_STAYS` aside, is
enciphered once more with the secret of that time: one block of AES-256, so that every stored key
has one new key, whatever it was made of, and the way back is open to who has the secret. Marks are
made with the newest secret alone. A sealer of a home seals with the identity that the key file has
at that moment, and goes on opening what those that it once met there had sealed. So a process that
runs while the key changes leaves nothing behind that nobody opens.

Names, numbers and mail addresses are sealed before they are written, because the lake's catalog
shows the extremes of columns in clear: an age header of 200 bytes at each of them would be more
than they are. Not here: which number is a valid identity number
(`exports/pupils/identity_numbers.py`), the key file itself (`key_file.py`).
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
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pyrage import x25519

from assets.lake.key_file import (
    KEY_FILE,
    HomeKeys,
    KeyFileError,
    check_of,
    hashes_of,
    parts_of,
    read_keys,
    write_new_key,
)
from assets.lake.sealed_places import SealedPlace
from rules.errors import TrappanError

__all__ = ["KeyCipher", "KeyFileError", "SealError", "Sealer", "text_of_fields"]

_NONCE_BYTES = 12
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_KEY_BYTES = 32
#: The block of SHA-256, which an HMAC fills its key up to.
_BLOCK_BYTES = 64
#: Kinds of keys that stay when pupils get new ones, because they stand where nothing can be
#: changed, or are told to people: mentors' folders at targets, whom mail was for, what cases are
#: called. None of them is made of a pupil's key.
_STAYS = frozenset({"mentor", "address", "notice", "portal case"})


class SealError(TrappanError):
    """A sealed value does not open where it stands; the message says which kind, and no value."""


def text_of_fields(fields: dict[str, str]) -> str:
    """Return fields as one text, the same for the same values: what is sealed, and keyed."""
    return _ENCODER.encode(fields)


class _Root:
    """A secret, and what was derived from it so far; derived once a run for each use.

    Args:
        secret: as HKDF extracted it, 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self._keyed: dict[str, hmac.HMAC] = {}
        self._ciphers: dict[SealedPlace, AESGCM] = {}

    def derived(self, use: str) -> bytes:
        info = f"trappan {use}".encode()
        return HKDFExpand(hashes.SHA256(), _KEY_BYTES, info=info).derive(self.secret)

    def key_text(self, kind: str, value: str) -> str:
        template = self._keyed.get(kind)
        if template is None:
            template = hmac.new(self.derived(f"key {kind}"), digestmod=sha256)
            self._keyed[kind] = template
        # A copy costs half of what a new one does, and a night makes some hundred thousand keys.
        keyed = template.copy()
        keyed.update(value.encode())
        found = keyed.hexdigest()
        return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:32]}"

    def cipher(self, place: SealedPlace) -> AESGCM:
        cipher = self._ciphers.get(place)
        if cipher is None:
            cipher = self._ciphers[place] = AESGCM(self.derived(f"seal {place.name}"))
        return cipher


class KeyCipher:
    """Makes keys of one time into those of the next, and back; any number of them at once.

    A key is one block and no two values have the same, so the same block enciphers to the same one
    on purpose, as it has to: keys are joined and compared.

    Args:
        secret: of the keys that come of it, 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        derived = HKDFExpand(hashes.SHA256(), _KEY_BYTES, info=b"trappan keys again").derive(secret)
        self._cipher = Cipher(AES256(derived), modes.ECB())  # noqa: S305 - one block each, see above

    def after(self, keys: bytes) -> bytes:
        """Return keys, 16 bytes each, as they are from that time on."""
        return self._cipher.encryptor().update(keys)

    def before(self, keys: bytes) -> bytes:
        """Return keys of that time as they were before."""
        return self._cipher.decryptor().update(keys)


class Sealer:
    """Makes keys and seals with the secrets of one home.

    Args:
        identity: what seals, as age has it.
        former: identities that opened before, and still do here.
        hashes: what keyed hashes are derived from; that of the identity where none is given.
    """

    def __init__(
        self,
        identity: x25519.Identity,
        former: Sequence[x25519.Identity] = (),
        hashes: bytes | None = None,
    ) -> None:
        #: The one that seals first; replaced as a whole, because threads share a sealer.
        self._seals = tuple((one, _Root(hashes_of(one))) for one in (identity, *former))
        self._secrets = hashes or hashes_of(identity)
        first, *later = parts_of(self._secrets)
        self._hashes = _Root(first)
        #: Of each time that pupils got new keys, the first first.
        self._later = tuple(map(KeyCipher, later))
        self._newest = _Root(later[-1]) if later else self._hashes
        self._home: Path | None = None
        self._key_file = ""
        self._seen: tuple[int, int, int] | None = None

    @classmethod
    def unkept(cls) -> Sealer:
        """Make one with a secret that is kept nowhere."""
        return cls(x25519.Identity.generate())

    @classmethod
    def with_keys(cls, keys: HomeKeys) -> Sealer:
        """Make one with the secrets of a key file as they are, whatever becomes of the file."""
        return cls(keys.identity, keys.identities[1:], keys.hashes)

    @classmethod
    def of_home(cls, home: Path) -> Sealer:
        """Read the home's key file, or make it when the home is new.

        A lake that has data does not open without it (`connection.py`).

        Raises:
            KeyFileError: the file can be read by others, isn't a key file, or is gone though the
                home has what was sealed with it.
        """
        path = home / KEY_FILE
        # Looked for again: another first run may have made the key and kept an original since.
        if not path.exists() and _has_sealed(home) and not path.exists():
            raise KeyFileError(
                f"{path} is not there, but the home has originals or lists that were sealed with "
                "it. Restore it from the backup; a new key could open none of them, and would make "
                "every pupil a stranger. To begin again without it, use a new home."
            )
        if not path.exists():
            write_new_key(home)
        # Before it is read: what changes in between is seen the next time.
        seen = _stamp(str(path))
        keys = read_keys(home)
        found = cls(keys.identity, keys.identities[1:], keys.hashes)
        found._home, found._key_file, found._seen = home, str(path), seen
        return found

    @property
    def identity(self) -> x25519.Identity:
        """What seals now, as age has it."""
        self._look()
        return self._seals[0][0]

    @property
    def identities(self) -> list[x25519.Identity]:
        """All that open, the one that seals first."""
        self._look()
        return [identity for identity, _ in self._seals]

    def is_shown_in(self, content: bytes) -> bool:
        """Whether a secret of the home stands in bytes, as it stands in the key file."""
        shown = [str(one).encode() for one in self.identities]
        shown += [part.hex().encode() for part in parts_of(self._secrets)]
        return any(one in content for one in shown)

    @property
    def check(self) -> str:
        """What tells secrets of keyed hashes apart, and tells nothing of them."""
        return check_of(self._secrets)

    def look(self) -> None:
        """Look whether the key file is the one that this was made with, or has a new identity.

        Raises:
            KeyFileError: pupils got new keys meanwhile, or get them just now; it is another home's,
                or no key file any more.
        """
        self._look()

    def _look(self) -> bool:
        """Read the key file again when it is another than it was; say whether it was.

        Raises:
            KeyFileError: it is another home's, or no key file any more.
        """
        if self._home is None:
            return False
        seen = _stamp(self._key_file)
        # Of one that is gone the next command tells; what runs goes on with what it has.
        if seen is None or seen == self._seen:
            return False
        keys = read_keys(self._home)
        if keys.hashes != self._secrets and keys.hashes.startswith(self._secrets):
            raise KeyFileError(
                "Pupils got new keys in this home while this was running, and it knows them by the "
                "keys before. Nothing was written. Run it again; start the portal again."
            )
        if keys.hashes != self._secrets:
            raise KeyFileError(
                f"{self._home / KEY_FILE} became another home's key while this was running. Put "
                "the one back that was there, and run the command again."
            )
        known = {str(identity): (identity, root) for identity, root in self._seals}
        found = {
            str(one): known.get(str(one)) or (one, _Root(hashes_of(one))) for one in keys.identities
        }
        # What was read before may have been sealed with one that is in the file no more.
        self._seals = tuple((found | {k: v for k, v in known.items() if k not in found}).values())
        self._seen = seen
        return True

    def key(self, kind: str, value: str) -> uuid.UUID:
        """Return the 128-bit key of a value; each kind has a secret of its own."""
        return uuid.UUID(self.key_text(kind, value))

    def key_text(self, kind: str, value: str) -> str:
        """Return the same key as text; many of them are made, and the object costs most."""
        if kind in _STAYS:
            return self._hashes.key_text(kind, value)
        # Nobody makes a key of before when the file says otherwise: what is compared with it, who
        # is protected for one, has those of now.
        self._look()
        found = self._hashes.key_text(kind, value)
        return self._now_text(found) if self._later else found

    def _now_text(self, first: str) -> str:
        found = bytes.fromhex(first.replace("-", ""))
        for cipher in self._later:
            found = cipher.after(found)
        return str(uuid.UUID(bytes=found))

    def first_text(self, key: str) -> str:
        """Return a key of the lake as it was before pupils got new ones, the first time.

        What is made of keys is made of these, so that it stays what it is.

        Raises:
            ValueError: it is no key.
        """
        if not self._later:
            return key
        found = uuid.UUID(key).bytes
        for cipher in reversed(self._later):
            found = cipher.before(found)
        return str(uuid.UUID(bytes=found))

    def mark_text(self, use: str, value: str) -> str:
        """Return a MAC as text, made with the newest secret: who has an older one can't make it."""
        return self._newest.key_text(use, value)

    def passing_text(self, kind: str, value: str) -> str:
        """Return a key as text that another identity makes otherwise.

        For what nobody compares with what is stored: what signs sessions, names in a backup.
        """
        self._look()
        return self._seals[0][1].key_text(kind, value)

    def pads(self, use: str) -> tuple[bytes, bytes]:
        """Return the inner and the outer pad of an HMAC-SHA256 (RFC 2104) that SQL makes.

        Args:
            use: what is marked.
        """
        key = self._newest.derived(f"mark {use}").ljust(_BLOCK_BYTES, b"\0")
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
        self._look()
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._seals[0][1].cipher(place)
        return nonce + cipher.encrypt(nonce, plain, place.binding(*row))

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
        found = self._unsealed(place, row, sealed)
        # Sealed with a key that the home has got since.
        if found is None and self._look():
            found = self._unsealed(place, row, sealed)
        if found is None:
            raise SealError(
                f"A sealed value of {place.name} does not open where it stands: it was moved there "
                "from another row, was changed, or was sealed with another pupil.key. It is shown "
                "nowhere. `trappan verify` counts such values; restore the lake and pupil.key from "
                "one backup."
            )
        return found

    def _unsealed(self, place: SealedPlace, row: Sequence[object], sealed: bytes) -> bytes | None:
        for _, root in self._seals:
            try:
                return root.cipher(place).decrypt(
                    sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.binding(*row)
                )
            except (InvalidTag, ValueError):
                continue
        return None

    def opened(
        self, place: SealedPlace, row: Sequence[object], sealed: bytes
    ) -> dict[str, str] | None:
        """Return what `seal` was given; None for a value that does not open where it stands."""
        try:
            return self.unseal(place, row, sealed)
        except SealError:
            return None


def _has_sealed(home: Path) -> bool:
    """Whether a home has originals or lists that were sealed."""
    sealed = ("archive/*/*.zst.age", "lists/.versions/*/*/*/*.sealed")
    return any(next(home.glob(pattern), None) is not None for pattern in sealed)


def _stamp(path: str) -> tuple[int, int, int] | None:
    """Return what is another for every file that was put in a place; None where there is none."""
    try:
        # Not by pathlib: a night seals some hundred thousand values.
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
