"""A copy of the home in a folder elsewhere, made while nights run and people write in the portal.

Consistent: the catalog first, as of one moment, and the data files after it, which are only ever
added; what a night adds meanwhile is copied in another round, and a file that the copied catalog
needs is there or the backup is not finished. What is sealed is copied as it lies, everything else
is encrypted for a recipient whose private key is elsewhere, the catalog with the files' keys too;
`pupil.key` is never copied. What is there already is not copied again. The manifest is written
last, and only then what no backup needs any more is removed.

Which file is copied how says `rules/personal_data.py`.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout
from pyrage import DecryptError, EncryptError, decrypt_io, encrypt_io, x25519

from assets.lake.encryption import Sealer
from assets.lake.settings import LakeSettings
from assets.upkeep.backup.copies import (
    copy_database,
    dump_postgres,
    files_in_catalog,
    has_its_end,
    is_beside_database,
    is_database,
    newest_snapshot,
)
from assets.upkeep.backup.manifest import (
    OBJECTS,
    BackupError,
    BackupManifest,
    Kept,
    StoredObject,
    hash_of,
    manifest_of,
    packed_index,
    place_of,
    recipient_of,
    write_manifest,
)
from rules.personal_data import places_of
from rules.personal_data_store import APART, AS_IT_LIES, NEVER

CATALOG = "lake/catalog.sqlite"
_FIRST = (CATALOG, "portal/portal.sqlite", "delivery.sqlite")
_ROUNDS = 5
# For the turn to write; maintenance of old files has it for minutes.
_WAIT_SECONDS = 300
_BLOCK = 1 << 20
# Smaller files are read into memory, so that what is hashed is what is copied.
_IN_MEMORY = 64 << 20
_KEY_KIND = "backup"
_SECRETS = ("pupil.key", ".pupil.key")


@dataclass(frozen=True)
class BackupPlan:
    """What is backed up, and to where.

    Attributes:
        lake: settings of the lake.
        folder: of the backup.
        recipient: for whom it is encrypted, `age1…`.
        portal_database: address of the portal's Postgres database; "" for the home's file.
        has_postgres: whether databases of Postgres are dumped; else they are somebody else's.
        outside: in words, what else lies outside the home.
        on_progress: called with a word, files done and files in all.
    """

    lake: LakeSettings
    folder: Path
    recipient: str
    portal_database: str = field(default="", repr=False)
    has_postgres: bool = True
    outside: tuple[str, ...] = ()
    on_progress: Callable[[str, int, int], None] | None = None


@dataclass(frozen=True)
class BackedUp:
    """What a backup did.

    Attributes:
        manifest: of the backup.
        files: of the home in it.
        copied: of them those that were copied now.
        bytes_copied: of these, as they lie in the backup.
        removed: files of older backups that were removed.
        changed: files that never change and are not as they were backed up; the older copy stays.
        left_out: files that hold the home's key, and were not copied.
        unended: data files without their end, not copied, where nothing says if they are needed.
    """

    manifest: BackupManifest
    files: int
    copied: int
    bytes_copied: int
    removed: int
    changed: tuple[str, ...]
    left_out: tuple[str, ...]
    unended: tuple[str, ...] = ()


def back_up(plan: BackupPlan) -> BackedUp:
    """Make a backup, or bring the one in the folder up to date.

    A process that is killed leaves the backup that was there before.

    Raises:
        BackupError: the recipient is none or the home's own, the folder is in the home, another
            backup goes on, or something that is needed is lost.
        KeyFileError: the home has no key, or none that can be read.
        OSError: no room or no permission.
    """
    home, folder = plan.lake.home, plan.folder.resolve()
    recipient = recipient_of(plan.recipient)
    if not (home / "pupil.key").exists():
        raise BackupError(
            f"{home} has no pupil.key: it is no home that was used. Nothing was done."
        )
    sealer = Sealer.of_home(home)
    if len(sealer.identities) > 1:
        raise BackupError(
            "A new key of the home is under way, and half of all is sealed with the old one. No "
            "backup was made; the one before stands. Run first: trappan rotate-key"
        )
    if str(recipient) == str(sealer.identity.to_public()):
        raise BackupError(
            "The recipient is the home's own key: its private half lies in pupil.key, beside what "
            "is backed up. Expected a key of its own for the backups, whose private half is kept "
            "elsewhere."
        )
    if folder.is_relative_to(home):
        raise BackupError(f"{folder} is in the home. Expected a folder on another disk.")
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "backup.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BackupError(f"Another backup to {folder} goes on. Nothing was done.") from None
    scratch = home / "tmp" / str(os.getpid()) / "backup"
    try:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _Copying(plan, folder, recipient, sealer, scratch).run()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with suppress(OSError):
            scratch.parent.rmdir()
        lock.release()


class _RemovedError(BackupError):
    """A data file that the copied catalog needs was removed, because no newer one needs it."""


class _Copying:
    """One backup."""

    def __init__(
        self,
        plan: BackupPlan,
        folder: Path,
        recipient: x25519.Recipient,
        sealer: Sealer,
        scratch: Path,
    ) -> None:
        self.plan, self.home, self.folder = plan, plan.lake.home, folder
        self.recipient, self.sealer, self.scratch = recipient, sealer, scratch
        self.home_key = str(sealer.identity.to_public())
        self.before = self._before()
        self.copied: dict[str, StoredObject] = {}
        self.entries: dict[str, Kept] = {}
        #: Files that never change and were read, of all rounds.
        self.seen: dict[str, Kept] = {}
        self.changed: set[str] = set()
        self.left_out: set[str] = set()
        self.unended: set[str] = set()
        self.made_at = datetime.now(UTC).isoformat(timespec="seconds")

    def _before(self) -> dict[str, StoredObject]:
        """Return what is there of the backup before, when it is this home's and recipient's."""
        try:
            manifest = manifest_of(self.folder)
        except BackupError:
            return {}
        is_ours = (manifest.home_key, manifest.recipient) == (self.home_key, str(self.recipient))
        return dict(manifest.objects) if is_ours else {}

    def run(self) -> BackedUp:
        snapshot = self._rounds()
        if str(self.sealer.identity.to_public()) != self.home_key:
            raise BackupError(
                "The home got a new key meanwhile. No backup was made; the one before stands. Run "
                "it again when `trappan rotate-key` has ended."
            )
        objects = {
            entry.stored: self._stored(entry) for entry in self.entries.values() if entry.stored
        }
        index = packed_index(
            sorted(self.entries.values(), key=lambda entry: entry.path), self.recipient
        )
        name = self.sealer.passing_text(_KEY_KIND, f"index\0{hashlib.sha256(index).hexdigest()}")
        objects[name] = self._write(name, io.BytesIO(index), is_encrypted=False)
        manifest = BackupManifest(
            made_at=self.made_at,
            program=version("franvarotrappan"),
            home_key=self.home_key,
            recipient=str(self.recipient),
            lake_snapshot=snapshot,
            index=name,
            outside=self.plan.outside,
            objects=objects,
        )
        write_manifest(self.folder, manifest)
        return BackedUp(
            manifest,
            files=len(self.entries),
            copied=len(self.copied),
            bytes_copied=sum(one.size for one in self.copied.values()),
            removed=self._remove_unneeded(objects),
            changed=tuple(sorted(self.changed)),
            left_out=tuple(sorted(self.left_out)),
            unended=tuple(sorted(self.unended)),
        )

    def _rounds(self) -> int | None:
        """Copy until nothing was written to the lake meanwhile; what is there is not copied again.

        Somebody who writes on and on does not hold it up for ever: for the last round the turn to
        write is taken, when it is free. Else what was copied last has the catalog of its beginning,
        and lists that may be newer, as after a night that was killed.
        """
        for _ in range(_ROUNDS - 1):
            # Old files may be removed while this goes on; the next catalog needs them no more.
            with suppress(_RemovedError):
                snapshot, is_still = self._round()
                if is_still:
                    return snapshot
        turn = FileLock(self.home / "lake.lock", mode=0o600)
        with suppress(Timeout):
            turn.acquire(timeout=min(_WAIT_SECONDS, self.plan.lake.lock_wait_seconds))
        try:
            return self._round()[0]
        finally:
            turn.release()

    def _round(self) -> tuple[int | None, bool]:
        self.entries, self.unended = {}, set()
        self._dumps()
        snapshot, needed = None, frozenset[str]()
        for path in _FIRST:
            if (self.home / path).is_file():
                copy = self._database(path)
                if path == CATALOG:
                    snapshot, needed = newest_snapshot(copy), files_in_catalog(copy)
        gone = 0
        paths = list(self._walk())
        for done, path in enumerate(paths):
            if self.plan.on_progress:
                self.plan.on_progress("copying", done, len(paths))
            try:
                self._keep(path)
            except FileNotFoundError:
                # A list's older version, or a log that was moved, while this goes on.
                gone += 1
        if needed and not self.plan.lake.data_path:
            there = {Path(path).name for path in self.entries if path.startswith("lake/data/")}
            if lost := sorted(needed - there):
                # Somebody may have removed them meanwhile, because nothing needs them any more.
                is_needed = bool(files_in_catalog(self.home / CATALOG) & set(lost))
                kind = BackupError if is_needed else _RemovedError
                raise kind(
                    f"{len(lost)} data files that the lake's catalog needs are not there, or not "
                    f"whole, the first {lost[0]}. No backup was made; the one before stands. Run "
                    "`trappan verify`."
                )
            # What this catalog needs is there.
            self.unended = set()
        catalog = self.home / CATALOG
        is_still = not catalog.is_file() or newest_snapshot(catalog) == snapshot
        return snapshot, is_still and not gone

    def _walk(self) -> Iterator[str]:
        for folder, names, files in os.walk(self.home):
            below = Path(folder)
            if below == self.home:
                names[:] = [name for name in names if name != "tmp"]
            for name in sorted(names):
                if (below / name).is_symlink():
                    yield (below / name).relative_to(self.home).as_posix()
            names.sort()
            for name in sorted(files):
                path = (below / name).relative_to(self.home).as_posix()
                if path not in _FIRST:
                    yield path

    def _keep(self, path: str) -> None:
        source = self.home / path
        if source.name.startswith(_SECRETS):
            return
        if source.is_symlink():
            self.entries[path] = Kept(path, target=str(source.readlink()))
            return
        # What no place names is kept all the same, encrypted.
        how = next((place.backup for place in places_of(path)), "")
        if how in {NEVER, APART} or is_beside_database(source) or not source.is_file():
            return
        if how == AS_IT_LIES:
            self._as_it_lies(path)
        elif is_database(source):
            self._database(path)
        else:
            self._encrypted(path)

    def _as_it_lies(self, path: str) -> None:
        """Keep a file that never changes; its name in the backup hangs on its path alone."""
        stored = self.sealer.passing_text(_KEY_KIND, path)
        with (self.home / path).open("rb") as file:
            status = os.fstat(file.fileno())
            seen = self.seen.get(path)
            if seen is not None and seen.modified_ns == status.st_mtime_ns:
                # In a round before: its content was read then.
                self.entries[path] = seen
                return
            kept = self._there(stored)
            if kept is None and not has_its_end(file, path):
                # Being written. Its half under its name would stand for the whole ever after.
                self.unended.add(path)
                return
            if kept is None or hash_of(file) != kept.sha256:
                # Written again on purpose, under the same name, or damaged since.
                again = self.sealer.passing_text(_KEY_KIND, f"{path}\0{_hash_of_whole(file)}")
                if kept is None and self._there(again) is None:
                    kept = self._write(stored, file, is_encrypted=False)
                elif self._there(again) is not None or self._is_better(path, stored):
                    file.seek(0)
                    stored = again
                    kept = self._there(again) or self._write(again, file, is_encrypted=False)
                else:
                    self.changed.add(path)
        if kept is not None:
            self.entries[path] = self.seen[path] = Kept(
                path, stored, kept.size, kept.sha256, status.st_mode & 0o777, status.st_mtime_ns
            )

    def _is_better(self, path: str, stored: str) -> bool:
        """Whether a file is whole that was written again, or of which the backup has a half."""
        if path.endswith(".parquet"):
            with (
                (self.home / path).open("rb") as now,
                place_of(self.folder, stored).open("rb") as old,
            ):
                return has_its_end(now, path) and not has_its_end(old, path)
        if not path.endswith(".age"):
            return False
        try:
            with (self.home / path).open("rb") as sealed, Path(os.devnull).open("wb") as nowhere:
                decrypt_io(sealed, nowhere, self.sealer.identities)
        except (DecryptError, OSError):
            return False
        return True

    def _database(self, path: str) -> Path:
        copy = self.scratch / path.replace("/", "_")
        copy_database(self.home / path, copy)
        self._encrypted(path, copy)
        return copy

    def _encrypted(self, path: str, copy: Path | None = None) -> None:
        """Keep a file encrypted; its name in the backup hangs on path and content."""
        source = copy or self.home / path
        status = source.stat()
        with source.open("rb") as opened:
            file: IO[bytes] = opened
            if copy is None and status.st_size <= _IN_MEMORY:
                file = io.BytesIO(opened.read())
                if self.sealer.is_shown_in(file.getvalue()):
                    self.left_out.add(path)
                    return
            elif copy is None:
                # Others may write to it meanwhile.
                copied = self.scratch / "large"
                shutil.copyfile(source, copied)
                file = copied.open("rb")
            plain = hash_of(file)
            size = file.tell()
            file.seek(0)
            stored = self.sealer.passing_text(_KEY_KIND, f"{path}\0{plain}")
            if self._there(stored) is None:
                self._write(stored, file, is_encrypted=True)
            file.close()
        self.entries[path] = Kept(
            path, stored, size, plain, status.st_mode & 0o777, status.st_mtime_ns, is_encrypted=True
        )

    def _dumps(self) -> None:
        plan = self.plan
        catalog = plan.lake.catalog.removeprefix("postgres:") if plan.lake.is_on_postgres else ""
        for address, path, what in (
            (catalog, "lake/catalog.pgdump", "TRAPPAN_CATALOG"),
            (plan.portal_database, "portal/portal.pgdump", "TRAPPAN_PORTAL_DATABASE"),
        ):
            if address and plan.has_postgres:
                dump = self.scratch / path.replace("/", "_")
                dump_postgres(address, dump, what)
                self._encrypted(path, dump)

    def _there(self, stored: str) -> StoredObject | None:
        """Return an object that is there already, of the size that its manifest says."""
        known = self.copied.get(stored) or self.before.get(stored)
        with suppress(OSError):
            if known and place_of(self.folder, stored).stat().st_size == known.size:
                return known
        return None

    def _stored(self, entry: Kept) -> StoredObject:
        return self.copied.get(entry.stored) or self.before[entry.stored]

    def _write(self, stored: str, source: IO[bytes], *, is_encrypted: bool) -> StoredObject:
        place = place_of(self.folder, stored)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = place.with_name(f".{stored}")
        beside.unlink(missing_ok=True)
        try:
            with beside.open("xb") as target:
                hashed = _Hashed(target)
                if is_encrypted:
                    _encrypt(source, hashed, self.recipient)
                else:
                    while block := source.read(_BLOCK):
                        hashed.write(block)
                target.flush()
                os.fsync(target.fileno())
            beside.chmod(0o400)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        self.copied[stored] = StoredObject(hashed.size, hashed.digest.hexdigest())
        return self.copied[stored]

    def _remove_unneeded(self, objects: dict[str, StoredObject]) -> int:
        removed = 0
        for path in sorted((self.folder / OBJECTS).glob("*/*")):
            if path.name not in objects:
                path.unlink()
                removed += 1
        return removed


def _hash_of_whole(file: IO[bytes]) -> str:
    file.seek(0)
    found = hash_of(file)
    file.seek(0)
    return found


class _Hashed:
    """Writes on, and hashes and counts what it wrote."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self.digest, self.size = target, hashlib.sha256(), 0

    def write(self, block: bytes) -> int:
        self._target.write(block)
        self.digest.update(block)
        self.size += len(block)
        return len(block)

    def flush(self) -> None:
        self._target.flush()


def _encrypt(source: IO[bytes], target: _Hashed, recipient: x25519.Recipient) -> None:
    try:
        encrypt_io(source, target, [recipient])
    except EncryptError:
        raise BackupError(
            "The backup could not be written: no room, or no permission. The backup that was there "
            "before still stands."
        ) from None
