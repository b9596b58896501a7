"""`trappan doctor`: look at settings, seals, disk and delivery.

Each finding says what was looked at, what was found and, when it is wrong, what to do.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import typer

from assets.delivery.health import LOOKS, Look
from assets.exports.children.answers import layers
from assets.exports.files.archive import Archive
from assets.exports.ledger.entries import refuse_another_key, refuse_half_revoked
from assets.exports.readers.layout_files import load_layouts
from assets.exports.senders.marked_lines import GRANTS_FILE
from assets.exports.senders.senders_file import FILE_NAME as SENDERS_FILE
from assets.exports.senders.senders_file import senders_of
from assets.lake.access import words_without_data
from assets.lake.connection import Lake
from assets.lake.data_files import damaged_files, data_files, lost_files
from assets.lake.encryption import Sealer
from assets.lake.key_file import change_under_way
from assets.lake.settings import extension_path, refuse_lost_lake, traces_of_a_lake
from assets.lake.upgrading.versions import version_of
from assets.pull.sources import check_secrets, load_sources
from assets.upkeep.backup.verifying import unfit_values
from assets.upkeep.maintenance.promise import promised
from assets.upkeep.reporting.telling import look_at_telling
from assets.upkeep.retention.decision import FOLDER as RETENTION_FOLDER
from assets.upkeep.retention.decision import UNDECIDED, UNFINISHED, decision_of
from pipelines.cli.home import parameters_of, settings_of
from pipelines.cli.options import Home
from pipelines.cli.printing import say_out
from pipelines.cli.trust.disk import disk_encryption, in_words
from pipelines.cli.trust.grants import Grants, are_asked, now
from pipelines.cli.trust.waiting import senders_in, what_waits
from pipelines.settings import Settings
from rules.errors import TrappanError

# Filled by others, or without personal data; the home around them is closed.
_NOT_OURS = frozenset({"inbox", "layouts", "rules"})
_LEAST_FREE_BYTES = 2 << 30
_CLOSED_TO_READERS = ("files", "network", "processes")
# Of all others the first megabytes: a key or a disk that is wrong shows there.
_OPENED_WHOLE = 3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    found: str


class _TroubleError(TrappanError):
    """Something is wrong; the message is the finding."""


def doctor(context: typer.Context, home: Home = None) -> None:
    """Check settings, lake, extensions, permissions, disk and delivery."""
    findings = examine(settings_of(context, home))
    for finding in findings:
        say_out(f"{'well ' if finding.is_well else 'WRONG'}  {finding.what}: {finding.found}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a nightly run needs."""
    findings: list[Finding] = []
    for what, look in _looks(settings):
        try:
            findings.append(Finding(what, is_well=True, found=look()))
        except TrappanError as error:
            findings.append(Finding(what, is_well=False, found=str(error)))
        except OSError as error:
            found = f"{error.filename}: {error.strerror}"
            findings.append(Finding(what, is_well=False, found=found))
        except Exception as error:
            findings.append(Finding(what, is_well=False, found=str(words_without_data(error))))
    return findings


def _looks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    home = settings.lake.home
    yield "python", lambda: sys.version.split()[0]
    yield "duckdb and extensions", lambda: _extensions(settings)
    yield "home", lambda: _home(home)
    yield "permissions", lambda: _permissions(home)
    yield "disk", lambda: _disk(home)
    yield "inbox", lambda: _inbox(settings)
    yield "readers", _readers
    yield "key file", lambda: _key(settings)
    yield "archive", lambda: _archive(settings)
    yield "layouts", lambda: _layouts(settings)
    yield "rules", lambda: _rules(settings)
    yield "sources", lambda: _sources(settings)
    yield "senders", lambda: _senders(settings)
    yield "grants", lambda: _grants(home)
    yield "retention", lambda: _retention(home)
    yield "past", lambda: f"{promised(settings.lake).words} can be asked"
    yield "lake", lambda: _lake(settings)
    yield "releases", lambda: _releases(settings)
    yield "sealed values", lambda: _sealed(settings)
    yield from _delivery(settings)
    yield "night reports", lambda: look_at_telling(settings.reports(), home)


def _delivery(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield what is looked at of delivery, each with the lake open while it is looked at."""
    home = settings.lake.home

    def looked_at(part: Look) -> Callable[[], str]:
        def look() -> str:
            has_lake = (home / "lake").exists() or settings.catalog
            if not has_lake or not (home / "pupil.key").exists():
                return "nothing to deliver yet"
            with Lake.open(settings.lake) as lake:
                return part(settings.delivery(), lake)

        return look

    for what, part in LOOKS.items():
        yield what, looked_at(part)


def _extensions(settings: Settings) -> str:
    needed = settings.lake.extensions
    for name in needed:
        extension_path(name)
    return f"DuckDB {duckdb.__version__} with {', '.join(needed)}"


def _home(home: Path) -> str:
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        if not os.access(parent, os.W_OK):
            raise _TroubleError(f"{home} is not there and can't be made: {parent} is not writable")
        return f"{home} is not there yet; the first run makes it"
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        raise _TroubleError(f"{home} is not a folder that this user may write to")
    return str(home)


def _permissions(home: Path) -> str:
    if not home.exists():
        return "nothing to look at yet"
    mode = home.stat().st_mode & 0o777
    if mode & 0o077:
        raise _TroubleError(f"{home} has mode {mode:04o}, expected 0700. Run: chmod 700 {home}")
    wide = [
        path
        for path in home.rglob("*")
        if not path.is_symlink()
        and path.is_file()
        and path.stat().st_mode & 0o077
        and path.relative_to(home).parts[0] not in _NOT_OURS
    ]
    if wide:
        raise _TroubleError(
            f"{len(wide)} files can be read by others, the first in {wide[0].parent}. "
            f"Run: chmod -R go= {home}"
        )
    return "the owner's only"


def _disk(home: Path) -> str:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise _TroubleError(f"{free / 2**30:.1f} GiB free at {folder}, expected 2 or more")
    return f"{free / 2**30:.1f} GiB free; {in_words(disk_encryption(folder))}"


def _inbox(settings: Settings) -> str:
    inbox = settings.inbox_folder
    if not inbox.exists() and settings.pulled_folder.is_dir():
        return f"{inbox} is not there; files come from {settings.pulled_folder}"
    if not inbox.is_dir():
        raise _TroubleError(f"{inbox} is not there. Make it, or set TRAPPAN_INBOX")
    if not os.access(inbox, os.R_OK | os.X_OK):
        raise _TroubleError(f"{inbox} can't be read by this user")
    return str(inbox)


def _readers() -> str:
    found = layers()
    closed = [f"{what} by {found[what]}" for what in _CLOSED_TO_READERS if what in found]
    text = f"limits on memory and processor, and closed are {', '.join(closed) or 'nothing'}"
    text += f" (kernel {found.get('kernel', 'unknown')}, as {found.get('user', 'this user')})"
    if is_open := [what for what in _CLOSED_TO_READERS if what not in found]:
        raise _TroubleError(
            f"{text}. A workbook or JSON file that takes its reader over could reach "
            f"{' and '.join(is_open)}. Expected Landlock (Linux 5.13) or user namespaces, and "
            "libseccomp (docs/trust-files.md)"
        )
    return text


def _key(settings: Settings) -> str:
    home = settings.lake.home
    if not (home / "pupil.key").exists():
        if traces := traces_of_a_lake(settings.lake):
            raise _TroubleError(
                f"{home / 'pupil.key'} is not there, but {' and '.join(traces)} of this home are, "
                "and were sealed with it. Restore it from the backup"
            )
        # Never made here: whether a new one may be made is the lake's to say, further down.
        return "not there; a first run makes it. Back it up then"
    is_half_changed = len(Sealer.of_home(home).identities) > 1
    if (since := change_under_way(home)) or is_half_changed:
        raise _TroubleError(
            f"a new key is under way{f' since {since}' if since else ''}, and the old one still "
            "opens. Run `trappan rotate-key`: it goes on"
        )
    return "readable, mode 0600. Without a backup of it the lake can't be read again"


def _archive(settings: Settings) -> str:
    home = settings.lake.home
    folder = home / "archive"
    if not folder.exists():
        return "no originals yet" if settings.archive == "on" else "off: no originals are kept"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise _TroubleError(f"{folder} can't be read and written by this user")
    if not (home / "pupil.key").exists():
        raise _TroubleError(f"without {home / 'pupil.key'} no original can be opened")
    count, damaged = _opened(home, whole=_OPENED_WHOLE)
    if damaged:
        raise _TroubleError(
            f"{len(damaged)} of {count} originals can't be opened, the first {damaged[0][:12]}. "
            f"Restore {folder} and pupil.key from one backup"
        )
    return f"{count} originals open, the newest {min(count, _OPENED_WHOLE)} to their end"


def _opened(home: Path, whole: int | None) -> tuple[int, list[str]]:
    originals = Archive(home, Sealer.of_home(home))
    try:
        return originals.look_over(whole)
    finally:
        originals.close()


def _layouts(settings: Settings) -> str:
    shipped, folder = len(load_layouts()), settings.layouts_folder
    own = len(load_layouts([folder])) - shipped
    return f"{shipped} shipped, {own} of {folder}"


def _rules(settings: Settings) -> str:
    loaded = parameters_of(settings)
    own = f" of {loaded.folder.parent}" if loaded.folder.parent == settings.rules_folder else ""
    return f"'{loaded.name}'{own}, valid from {loaded.first_day.isoformat()}"


def _sources(settings: Settings) -> str:
    path = settings.sources_file
    if not path.exists() and settings.sources is None:
        return "none: no school system is asked for data"
    described: list[str] = []
    for source in load_sources(path):
        check_secrets(source, path.parent)
        described.append(f"{source.name} ({source.host}: {', '.join(source.endpoints)})")
    return "; ".join(described)


def _grants(home: Path) -> str:
    if not are_asked(home):
        return "not asked for: whoever may run trappan with this home opens identities, logged"
    grants = Grants.of_home(home)
    running = [one for one in grants.given if grants.runs(one, now())]
    found = f"identities take a grant; {len(running)} run"
    if running:
        found += f", the last until {max(one.until for one in running):%Y-%m-%d %H:%M} UTC"
    if grants.unfit:
        raise _TroubleError(
            f"{found}. {grants.unfit} lines of {home / GRANTS_FILE} were changed or are another "
            "home's, and count for nothing"
        )
    return found


def _senders(settings: Settings) -> str:
    home = settings.lake.home
    folders = (settings.inbox_folder, settings.pulled_folder)
    found = senders_of(home, folders, load_layouts([settings.layouts_folder]))
    if not found.is_declared:
        return f"no {home / SENDERS_FILE}: whoever writes to the inbox speaks for every school"
    nowhere = [
        sender.name
        for sender in found.named
        if not any((folder / sender.name).is_dir() for folder in folders)
    ]
    missing = f"; without a folder yet: {', '.join(nowhere)}" if nowhere else ""
    return f"{len(found.named)} in {home / SENDERS_FILE}{missing}"


def _retention(home: Path) -> str:
    decision = decision_of(home)
    if (home / RETENTION_FOLDER / UNFINISHED).exists():
        raise _TroubleError("a round was stopped, and not all is gone. Run: trappan retain")
    if decision is None:
        return UNDECIDED
    return f"by {decision.decided.words}: lessons stay for {decision.lessons.words}"


def _lake(settings: Settings) -> str:
    refuse_lost_lake(settings.lake)
    if not (settings.lake.home / "lake").exists() and not settings.catalog:
        return "not there yet; the first run makes it"
    with Lake.open(settings.lake, to_look_over=True) as lake:
        # Counts alone are answered by the catalog, which knows nothing of the files' fate.
        _data_files(lake)
        if (settings.lake.home / "pupil.key").exists():
            refuse_another_key(lake, Sealer.of_home(settings.lake.home))
        refuse_half_revoked(lake)
        ((files, lessons),) = lake.rows(
            "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM lessons)"
        )
        ((stale,),) = lake.rows("SELECT count(DISTINCT lesson_date) FROM stale_days")
        text = (
            f"{files} ledger rows, {lessons} lessons, snapshot {lake.snapshot()}, schema version "
            f"{version_of(lake.connection).number}"
        )
    if stale:
        raise _TroubleError(f"{text}; the sums of {stale} dates are behind. Run `trappan nightly`")
    return text


def _sealed(settings: Settings) -> str:
    home = settings.lake.home
    if not (home / "pupil.key").exists() or not ((home / "lake").exists() or settings.catalog):
        return "nothing is sealed yet"
    if unfit := [str(one) for one in unfit_values(settings.lake)]:
        raise _TroubleError(
            f"{'; '.join(unfit)}. What does not open is shown nowhere. Restore the whole home from "
            "one backup"
        )
    return "each opens where it stands, and is whose it is"


def _releases(settings: Settings) -> str:
    if not (settings.lake.home / "lake").exists() and not settings.catalog:
        return "nothing waits yet"
    with Lake.open(settings.lake) as lake:
        waiting = what_waits(lake, senders_in(settings))
    return " ".join(waiting.sentences()) or "nothing waits for a person"


def _data_files(lake: Lake) -> None:
    """Look that every file that the tables rest on is there, and in a folder read each whole."""
    files = data_files(lake.connection)
    lost = lost_files(lake.connection, lake.settings, files)
    if lost:
        raise _TroubleError(
            f"{len(lost)} of {len(files)} data files are missing or of another size, the first "
            f"{lost[0]}. Restore the whole home from one backup, and where they are apart, "
            "catalog and data files with it"
        )
    damaged = [] if lake.settings.is_on_s3 else damaged_files(files)
    if damaged:
        raise _TroubleError(
            f"{len(damaged)} of {len(files)} data files are damaged, the first {damaged[0]}. "
            "Restore the whole home from one backup"
        )
