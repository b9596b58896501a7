"""A backup brought back into an empty home.

First every file of the backup is looked at by its manifest, then all is opened beside the place
where it will stand, and looked at once more as it stood in the home; only then it is put there,
the lake last. So a home is as it was at the backup, or it is refused as one that lost its lake. A
restore that was stopped is begun again, or ended, by the next. Not here: the copy itself
(`backing_up.py`), the databases of Postgres, which only their server can load.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyrage import DecryptError, decrypt_io, x25519

from assets.exports.ledger.entries import refuse_another_key
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.lake.whole_files import write_whole
from assets.upkeep.backup.manifest import (
    BackupError,
    BackupManifest,
    Kept,
    hash_of,
    index_of,
    manifest_of,
    place_of,
    unfit_objects,
)

UNFINISHED = "restore.unfinished"
# Beside the files, not among them.
_WHOLE = f"{UNFINISHED}.whole"
_DUMPS = ("lake/catalog.pgdump", "portal/portal.pgdump")
# What an empty home may have: its key, what a sender put there, locks, a restore that stopped, and
# who was erased since the backup.
_MAY_BE_THERE = frozenset({"pupil.key", "inbox", "tmp", "erasures", UNFINISHED, _WHOLE})


@dataclass(frozen=True)
class BroughtBack:
    """What a restore did.

    Attributes:
        manifest: of the backup.
        files: that were put into the home.
        dumps: databases of Postgres that the operator has to load, below the home.
    """

    manifest: BackupManifest
    files: int
    dumps: tuple[str, ...]


def bring_back(
    settings: LakeSettings,
    folder: Path,
    identity: x25519.Identity,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> BroughtBack:
    """Bring a backup back.

    Args:
        settings: of the lake; its home is empty but for `pupil.key`.
        folder: of the backup.
        identity: the private key of the backups.
        on_progress: called with a word, files done and files in all.

    Raises:
        BackupError: the home has data, has another key or none; the backup is damaged, or of
            another key.
        OSError: no room or no permission.
    """
    home = settings.home
    os.umask(0o077)
    manifest = manifest_of(folder)
    _refuse_used(home)
    _refuse_other_key(home, manifest)
    beside = home / UNFINISHED
    entries = index_of(folder, manifest, identity)
    if not _is_whole(home, manifest):
        shutil.rmtree(beside, ignore_errors=True)
        (home / _WHOLE).unlink(missing_ok=True)
        if unfit := list(unfit_objects(folder, manifest)):
            raise BackupError(
                f"{len(unfit)} of {len(manifest.objects)} files of the backup are lost or damaged, "
                f"the first {unfit[0]}. Nothing was brought back. Take another backup."
            )
        for done, entry in enumerate(entries):
            if on_progress:
                on_progress("opening", done, len(entries))
            _open(folder, entry, beside, identity)
        write_whole(home / _WHOLE, manifest.made_at.encode())
    _put_in_place(home)
    dumps = tuple(path for path in _DUMPS if (home / path).is_file())
    _look(settings, dumps)
    return BroughtBack(manifest, len(entries), dumps)


def _refuse_used(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A restore that was stopped while it put files in place goes on.
    if (home / _WHOLE).exists():
        return
    used = sorted(
        path.name
        for path in home.iterdir()
        if path.name not in _MAY_BE_THERE and path.suffix != ".lock" and not _is_empty(path)
    )
    if used:
        raise BackupError(
            f"{home} has data already: {', '.join(used[:5])}. A backup is brought back into an "
            "empty home, with pupil.key alone. Nothing was changed. Give a new folder with --home."
        )


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and next(path.rglob("*"), None) is None


def _refuse_other_key(home: Path, manifest: BackupManifest) -> None:
    path = home / "pupil.key"
    if not path.exists():
        raise BackupError(
            f"{path} is not there. A backup never has it: put it there first, from where it is "
            f"kept, with mode 0600. It is the key whose public half is {manifest.home_key}."
        )
    found = [str(one.to_public()) for one in Sealer.of_home(home).identities]
    if manifest.home_key not in found:
        raise BackupError(
            f"{path} is another home's key, or not the one of the time of the backup (`trappan "
            f"rotate-key`): its public half is {found[0]}, and the backup was made in a home with "
            f"{manifest.home_key}. Put that one there."
        )


def _is_whole(home: Path, manifest: BackupManifest) -> bool:
    """Whether all of this backup was opened, and putting it in place was begun."""
    path = home / _WHOLE
    return path.is_file() and path.read_bytes() == manifest.made_at.encode()


def _open(folder: Path, entry: Kept, beside: Path, identity: x25519.Identity) -> None:
    """Open one file of the backup beside its place."""
    inner = PurePosixPath(entry.path)
    place = beside / inner
    is_odd = inner.is_absolute() or ".." in inner.parts or not inner.parts
    # Who can write to the backup's folder can make an index, with a link to write through.
    if is_odd or not place.parent.resolve().is_relative_to(beside.resolve()):
        raise BackupError("The index of the backup names a file outside the home. It is not ours.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if entry.target:
        place.symlink_to(entry.target)
        return
    try:
        with place_of(folder, entry.stored).open("rb") as source, place.open("xb") as target:
            if entry.is_encrypted:
                decrypt_io(source, target, [identity])
            else:
                shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
    except DecryptError:
        raise _damaged(folder, entry) from None
    with place.open("rb") as written:
        if hash_of(written) != entry.sha256:
            raise _damaged(folder, entry)
    place.chmod(entry.mode)
    os.utime(place, ns=(entry.modified_ns, entry.modified_ns))


def _damaged(folder: Path, entry: Kept) -> BackupError:
    return BackupError(
        f"{place_of(folder, entry.stored)} of the backup is damaged. Nothing was brought back. "
        "Take another backup."
    )


def _put_in_place(home: Path) -> None:
    beside = home / UNFINISHED
    # The lake last: until then the home is one that has lost it, and every command refuses it.
    names = [path.name for path in beside.iterdir()] if beside.is_dir() else []
    for name in sorted(names, key=lambda name: (name == "lake", name)):
        place = home / name
        if _is_empty(place):
            shutil.rmtree(place)
        if place.is_dir() and name == "erasures":
            # What says who was erased later stands before what the backup knows.
            for older in (beside / name).iterdir():
                if not (place / older.name).exists():
                    older.replace(place / older.name)
            continue
        (beside / name).replace(place)
    _sync(home)
    shutil.rmtree(beside, ignore_errors=True)
    (home / _WHOLE).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _look(settings: LakeSettings, dumps: tuple[str, ...]) -> None:
    """Look that the lake opens, and with this key; one on Postgres only once it is loaded."""
    if "lake/catalog.pgdump" in dumps or not (settings.home / "lake" / "catalog.sqlite").exists():
        return
    with Lake.open(settings, to_look_over=True) as lake:
        refuse_another_key(lake, Sealer.of_home(settings.home))
