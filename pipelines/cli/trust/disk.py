"""Whether a folder lies on an encrypted disk, as far as Linux tells.

Devices that the kernel encrypts (dm-crypt: LUKS, and what else is made with it) are told by their
number, also below LVM and RAID. Not told: disks that encrypt themselves, file systems that do
(fscrypt, ZFS), those with a device of their own (Btrfs, overlays), and disks of other machines.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

_OF_ENCRYPTED = "CRYPT-"


class DiskEncryption(StrEnum):
    """What is known of the disk below a folder."""

    ENCRYPTED = "encrypted"
    NOT_SEEN = "not seen"
    UNKNOWN = "unknown"


def disk_encryption(folder: Path, system: Path = Path("/sys/dev/block")) -> DiskEncryption:
    """Return what is known of the encryption of the disk on which a folder lies.

    Args:
        folder: it exists.
        system: where the kernel tells of block devices, by number.

    Raises:
        OSError: the folder is not there.
    """
    number = folder.stat().st_dev
    device = system / f"{os.major(number)}:{os.minor(number)}"
    if not device.exists():
        return DiskEncryption.UNKNOWN
    return DiskEncryption.ENCRYPTED if _is_encrypted(device) else DiskEncryption.NOT_SEEN


def _is_encrypted(device: Path) -> bool:
    """Whether a device is encrypted, or each of those that it is made of."""
    kind = device / "dm" / "uuid"
    if kind.is_file() and kind.read_text(encoding="ascii", errors="replace").startswith(
        _OF_ENCRYPTED
    ):
        return True
    below = device / "slaves"
    parts = sorted(below.iterdir()) if below.is_dir() else []
    return bool(parts) and all(map(_is_encrypted, parts))


def in_words(found: DiskEncryption) -> str:
    """Return what it means for who runs a home."""
    if found is DiskEncryption.ENCRYPTED:
        return "encrypted by the kernel"
    stolen = "What a stolen disk gives: docs/trust-sealed.md"
    if found is DiskEncryption.NOT_SEEN:
        return f"no encryption seen; a disk that encrypts itself is not seen. {stolen}"
    return f"whether it is encrypted can't be told of this file system. {stolen}"
