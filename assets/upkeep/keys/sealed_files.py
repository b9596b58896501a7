"""Files that are sealed as a whole, sealed again with a new key: originals, lasting rows, lists.

Each is written beside its place, whole, and moved there: killed at any moment, a file is of the old
key or of the new one, and opens as long as both are at hand. What an original holds is not looked
at: what age gives back goes into age again, so it has the bytes that it had.

Not here: values of tables (`resealing.py`), the order of things (`rotate.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from pyrage import DecryptError, decrypt_io

from assets.exports.files.rewritten import mark_again
from assets.exports.files.sealed_streams import SealedFileError, reseal_stream
from assets.exports.pupils.tombstones import FOLDER, TombstoneError, Tombstones
from assets.exports.senders.marked_lines import GRANTS_FILE, fitting, marked_line
from assets.lake.encryption import Sealer
from assets.lake.key_file import CHANGES, KEY_FILE
from assets.lake.sealed_places import LIST
from assets.lake.whole_files import sync_folder, write_whole
from assets.upkeep.erasure.originals import remove_half_kept
from assets.upkeep.keys.resealing import Amounts, KeyChangeError, Resealing
from assets.watchlists.release.remembered import FILE_NAME

# Most of the time goes into waiting for the disk to have each file.
_AT_ONCE = 4
#: What pyrage says of a file that is for the key, and is not what was encrypted.
_DAMAGED = "decryption error"
_NEW, _OLD, _UNOPENED = Amounts(of_new=1), Amounts(of_old=1), Amounts(unopened=1)
#: Files that are encrypted as age does.
ORIGINALS = ("archive/[0-9a-f][0-9a-f]/[0-9a-f]*.zst.age", "archive/lasting/[a-z]*.arrow.age")
#: The list as data, of every version: `<period>/<school>/<version>/` below each.
LISTS = (f"lists/.versions/*/*/*/{FILE_NAME}", f"lists/.replaced/*/*/*/{FILE_NAME}")
#: What a process that was killed may leave beside a file that it was about to put in its place.
_HALF_WRITTEN = (
    *(f"lists/{older}/*/*/*/.{FILE_NAME}.*" for older in (".versions", ".replaced")),
    f"{FOLDER}/.*",
    f".{KEY_FILE}.*",
    f".{CHANGES}.*",
)


def remove_half_written(home: Path) -> None:
    """Remove what a killed process left beside sealed files; only for who has the turn to write.

    Raises:
        OSError: no permission.
    """
    remove_half_kept(home)
    for pattern in _HALF_WRITTEN:
        for path in home.glob(pattern):
            path.unlink(missing_ok=True)


def files_of(home: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files of some patterns, sorted."""
    for pattern in patterns:
        yield from sorted(path for path in home.glob(pattern) if not path.is_symlink())


def in_archive(
    home: Path, resealing: Resealing, tell: Callable[[int, int], None] | None = None
) -> Amounts:
    """Seal originals, and the rows beside them, again.

    Args:
        home: the home.
        resealing: of which key to which.
        tell: called with files done and files in all.

    Raises:
        KeyChangeError: some are damaged: they are for the old key, and do not open to their end.
        OSError: no room or no permission.
    """
    paths = list(files_of(home, ORIGINALS))
    damaged: list[Path] = []
    found = Amounts()

    def look(path: Path) -> Amounts:
        try:
            return _of_file(path, resealing)
        except FileNotFoundError:
            # Removed meanwhile: by a person, or rows that were kept again.
            return Amounts()
        except SealedFileError:
            damaged.append(path)
            return _OLD

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reseal") as pool:
        for done, amounts in enumerate(pool.map(look, paths), 1):
            found += amounts
            if tell:
                tell(done, len(paths))
    if damaged:
        first = min(path.relative_to(home).as_posix() for path in damaged)
        raise KeyChangeError(
            f"{len(damaged)} sealed files are damaged: they are for the old key, and do not open "
            f"to their end. The first is {first}. Both keys are at hand, and nights go on. Restore "
            "them from the backup, or remove an original (`trappan archive remove`), and run "
            "`trappan rotate-key` again."
        )
    return found


def _of_file(path: Path, resealing: Resealing) -> Amounts:
    if not resealing.changes:
        # The last look before the old key goes: the new one opens it to its end.
        if _opens(path, resealing.new):
            return _NEW
        return _OLD if is_for(path, resealing.old) else _UNOPENED
    if is_for(path, resealing.new):
        return _NEW
    if not is_for(path, resealing.old):
        return _UNOPENED
    status = path.stat()
    beside = path.with_name(f".{path.name}")
    beside.unlink(missing_ok=True)
    try:
        with path.open("rb") as sealed, beside.open("wb") as target:
            reseal_stream(sealed, target, resealing.old, resealing.new)
            target.flush()
            os.fsync(target.fileno())
        beside.chmod(status.st_mode & 0o777)
        # The newest are looked at first, and the newest of two files of lasting rows counts.
        os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)
    if _was_removed(path):
        path.unlink(missing_ok=True)
    return _NEW


def _was_removed(path: Path) -> bool:
    """Whether somebody removed this original while it was sealed again."""
    return path.with_name(f"{path.name.partition('.')[0]}.removed").exists()


class _Beginning:
    """Takes the first bytes of what is opened, and no more."""

    def write(self, _: bytes) -> int:
        raise OSError

    def flush(self) -> None:
        return


def is_for(path: Path, sealer: Sealer) -> bool:
    """Whether a file that is encrypted as age does is for a key, also where it is damaged after it.

    Raises:
        FileNotFoundError: it is gone.
    """
    with path.open("rb") as sealed:
        try:
            decrypt_io(sealed, _Beginning(), sealer.identities)
        except OSError:
            # So much was opened that it was to be written.
            return True
        except DecryptError as error:
            # It says otherwise of a header that is cut, which is for nobody.
            return _DAMAGED in str(error)
    return True


def _opens(path: Path, sealer: Sealer) -> bool:
    try:
        with path.open("rb") as sealed, Path(os.devnull).open("wb") as nowhere:
            decrypt_io(sealed, nowhere, sealer.identities)
    except (DecryptError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        return False
    return True


def in_lists(home: Path, resealing: Resealing) -> Amounts:
    """Seal the lists as data again, of every version of every list.

    Raises:
        OSError: no room or no permission.
    """
    found = Amounts()
    for path in files_of(home, LISTS):
        # A version that is older than it has to be is removed by who publishes the next one.
        with suppress(FileNotFoundError):
            found += _of_list(path, resealing)
    return found


def _of_list(path: Path, resealing: Resealing) -> Amounts:
    of_list = (path.parts[-3], path.parts[-4])
    status = path.stat()
    key, after = resealing.again(LIST, of_list, path.read_bytes())
    if after is None or not resealing.changes:
        return key
    write_whole(path, after, mode=status.st_mode & 0o777)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return _NEW


def in_grants(home: Path, resealing: Resealing) -> Amounts:
    """Mark grants again; a line that fits neither secret stays as it is.

    Raises:
        OSError: no room or no permission.
    """
    path = home / GRANTS_FILE
    if not path.exists():
        return Amounts()
    found, after = Amounts(), []
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    for line in text.removesuffix("\n").split("\n"):
        said = None
        if fitting(resealing.new, line) is not None:
            found += Amounts(of_new=1)
        elif (said := fitting(resealing.old, line)) is not None:
            found += Amounts(of_new=1) if resealing.changes else Amounts(of_old=1)
        else:
            found += Amounts(unopened=1)
        after.append(f"{line if said is None else marked_line(resealing.new, said)}\n")
    if resealing.changes:
        content = "".join(after).encode("utf-8", "surrogateescape")
        if content != path.read_bytes():
            write_whole(path, content, mode=path.stat().st_mode & 0o777)
    return found


def in_rewritten(home: Path, resealing: Resealing) -> Amounts:
    """Mark again what is known of originals that are not as they came.

    Raises:
        OSError: no room or no permission.
    """
    of_new, of_old = mark_again(
        home / "archive", resealing.old, resealing.new, changes=resealing.changes
    )
    return Amounts(of_new=of_new, of_old=of_old)


def in_tombstones(home: Path, resealing: Resealing) -> Amounts:
    """Seal the secret again that the hashes of erased pupils are made with; the hashes stay.

    Raises:
        TombstoneError: neither key opens it.
        OSError: no room or no permission.
    """
    if not (home / FOLDER / "tombstones.json").exists():
        return Amounts()
    try:
        Tombstones.of_home(home, resealing.new)
    except TombstoneError:
        stones = Tombstones.of_home(home, resealing.old)
    else:
        return _NEW
    if not resealing.changes:
        return _OLD
    stones.keep(home, resealing.new)
    return _NEW
