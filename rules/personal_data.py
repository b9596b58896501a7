"""Every place where personal data lies: what lies there, how, and what reaches it today.

The one registry of backup, erasure, retention and new keys; docs/personal-data.md is made of it. A
test fills a home and looks that each file is of one place, and that no name stands in clear where
it is said to be sealed. Not here: tables of the lake (`personal_data_page.py`, data dictionary).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

How = Literal["clear", "sealed", "values sealed", "keys only", "key", "nobody"]
Fault = Literal["flipped", "cut", "gone"]
NOT_YET = "not yet"
#: What `trappan backup` does with the files of a place; of those outside the home it says who does.
AS_IT_LIES, ENCRYPTED, APART, NEVER = "as it lies", "encrypted", "apart from the home", "never"
#: A bit flipped where anything is read of a file, a file cut short, a file gone.
EVERY_BIT: tuple[Fault, ...] = ("flipped", "cut", "gone")
_HASH, _PAIR = r"[0-9a-f]{64}", r"[0-9a-f]{2}"
_KEY = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CODE = r"[0-9]{8}"
_WEEK = r"[0-9]{4}-W[0-9]{2}"
_VERSION = (
    rf"lists/\.(?:versions/(?:current|{_WEEK})/{_CODE}/[0-9a-f]{{32}}"
    rf"|replaced/{_WEEK}/{_CODE}/[0-9T]+)"
)


@dataclass(frozen=True)
class Store:
    """A place where personal data lies, or a part of the home where none does.

    Attributes:
        name: of the place; one word or two.
        pattern: its files below the home, as a regular expression of the whole path; "" outside.
        shown: where it is, for people.
        what: what of whom.
        how: how it lies there.
        readers: who reads it.
        backup: what copies it; one of the four words above for a place in the home.
        erasure: what takes one pupil out.
        retention: when it goes by itself.
        rotation: what a new key does to it.
        noticed: faults of its files that `trappan verify` notices, and names the file.
    """

    name: str
    pattern: str
    shown: str
    what: str
    how: How
    readers: str
    backup: str = ENCRYPTED
    erasure: str = NOT_YET
    retention: str = NOT_YET
    rotation: str = "-"
    noticed: tuple[Fault, ...] = ()


PLACES: tuple[Store, ...] = (
    # --- what comes in ---------------------------------------------------------------------------
    Store(
        "inbox",
        r"inbox/.+",
        "`inbox/`, or `TRAPPAN_INBOX`",
        "everything that a school's file says of pupils and mentors",
        "clear",
        "whoever sends files, and the operator",
        erasure="the sender's; told in the receipt, and rows that come again are refused",
        retention="the sender's: nothing is moved or deleted",
        backup=NEVER,
    ),
    Store(
        "pulled",
        r"pulled/.+",
        "`pulled/<source>/`",
        "what a server answered of pupils, staff and lessons",
        "clear",
        "the operator",
        erasure="`trappan erase`: deleted, or rewritten where it was not taken in yet",
    ),
    Store(
        "spool",
        r"tmp/[0-9]+/incoming/.+",
        "`tmp/<process>/incoming/`",
        "copies of the files that are being read",
        "clear",
        "the process",
        backup=NEVER,
        erasure="gone with the run",
        retention="the run; what a killed one left goes with the next",
    ),
    Store(
        "spill",
        r"tmp/.+",
        "`tmp/<process>/`",
        "what DuckDB spills of a query, encrypted by it for the process",
        "sealed",
        "the process",
        backup=NEVER,
        erasure="gone with the run",
        retention="the run; what a killed one left goes with the next",
        rotation="a key for each process",
    ),
    # --- what is kept ----------------------------------------------------------------------------
    Store(
        "archive",
        rf"archive/{_PAIR}/{_HASH}\.zst\.age",
        "`archive/`",
        "the original of every file",
        "sealed",
        "the operator, logged: `trappan archive open`",
        erasure="`trappan erase`: lines emptied, items of JSON taken out; of workbooks deleted",
        rotation=NOT_YET,
        backup=AS_IT_LIES,
        noticed=EVERY_BIT,
    ),
    Store(
        "arrival times",
        rf"archive/{_PAIR}/{_HASH}\.receipts",
        "`archive/`, `.receipts`",
        "when a file of a time in the future first came",
        "nobody",
        "trappan",
    ),
    Store(
        "removed originals",
        rf"archive/{_PAIR}/{_HASH}\.removed",
        "`archive/`, `.removed`",
        "nothing: an empty file where somebody removed an original",
        "nobody",
        "trappan",
    ),
    Store(
        "lasting rows",
        r"archive/lasting/[a-z_]+\.[0-9a-f]{16}\.arrow\.age",
        "`archive/lasting/`",
        "what no original brings back: the ledger, releases, who stood on the weeks' lists",
        "sealed",
        "trappan",
        erasure="`trappan erase`: kept again without the pupil",
        rotation=NOT_YET,
        noticed=EVERY_BIT,
    ),
    Store(
        "rewritten originals",
        rf"archive/{_PAIR}/{_HASH}\.erased",
        "`archive/`",
        "that an original is not as it came, because a pupil was erased",
        "nobody",
        "trappan",
    ),
    Store(
        "quarantine",
        rf"quarantine/{_HASH}\.reason\.txt",
        "`quarantine/`",
        "why a file was refused; its name and content are not there",
        "nobody",
        "the operator",
    ),
    Store(
        "lake",
        rf"lake/data/main/[a-z0-9_]+/.*ducklake-{_KEY}(?:-delete)?\.parquet",
        "`lake/data/`, or `TRAPPAN_DATA_PATH`",
        "lessons, absence, rosters and verdicts by pupil key; identities sealed within",
        "sealed",
        "whoever has the catalog: it holds the files' keys",
        erasure="`trappan erase`: rows, old snapshots and the files that had them",
        rotation=NOT_YET,
        backup=AS_IT_LIES,
        noticed=EVERY_BIT,
    ),
    Store(
        "catalog",
        r"lake/catalog\.sqlite(?:-wal|-shm|-journal)?",
        "`lake/catalog.sqlite`, or `TRAPPAN_CATALOG`; of a read-only home a copy below `TMPDIR`",
        "the keys of the lake's files, and small tables' rows; no name in clear",
        "values sealed",
        "whoever reads the file",
        erasure="`trappan erase`: rows, extremes of keys and freed pages",
        rotation=NOT_YET,
        noticed=EVERY_BIT,
    ),
    Store(
        "lost lakes",
        r"lake\.lost-[0-9]+/.+",
        "`lake.lost-<n>/`",
        "a lake that was put aside by `--begin-anew`, as it was",
        "values sealed",
        "the operator",
        erasure="`trappan erase` deletes them whole",
        rotation=NOT_YET,
    ),
    Store(
        "unfinished rebuild",
        r"lake\.rebuild/.+",
        "`lake.rebuild/`",
        "the lake that `trappan rebuild` makes, until it stands; originals that are read have no "
        "name and are gone with the process",
        "values sealed",
        "trappan",
        backup=NEVER,
        erasure="remove the folder; the next rebuild begins again",
        retention="the rebuild; one that was stopped goes on there",
        rotation=NOT_YET,
    ),
    Store(
        "unfinished restore",
        r"restore\.unfinished/.+",
        "`restore.unfinished/`",
        "files of a backup, as they will lie in the home",
        "clear",
        "trappan",
        backup=NEVER,
        erasure="gone with the restore",
        retention="the restore; what a stopped one left goes with the next",
    ),
    Store(
        "contracts",
        r"contracts/[a-z_]+\.json",
        "`contracts/`",
        "what checks answered: counts",
        "nobody",
        "the operator",
    ),
    # --- what goes out ---------------------------------------------------------------------------
    Store(
        "lists",
        rf"{_VERSION}/(?:mentorer/{_KEY}/)?franvarolista_[A-Za-z0-9_.-]+\.(?:html|xlsx)",
        "`lists/current/`, `lists/<week>/`, the versions behind them, and those that were replaced",
        "names, classes, absence and mentors of the pupils on a school's list",
        "clear",
        "principals, mentors, the operator; a workbook can have a password",
        erasure="`trappan erase` writes them again; the next night leaves out who is protected",
        noticed=EVERY_BIT,
    ),
    Store(
        "list memory",
        rf"{_VERSION}/list\.sealed",
        "`list.sealed` beside each list",
        "the whole list, so that it can be delivered and shown again",
        "sealed",
        "trappan, the portal",
        erasure="`trappan erase`, with the list",
        rotation=NOT_YET,
        backup=AS_IT_LIES,
        noticed=EVERY_BIT,
    ),
    Store(
        "manifests",
        rf"{_VERSION}/manifest\.json",
        "`manifest.json` beside each list",
        "hashes, counts, keys of mentors",
        "keys only",
        "the operator",
        erasure="`trappan erase`, with the list",
        rotation=NOT_YET,
        noticed=("cut", "gone"),
    ),
    Store(
        "deliveries",
        r"delivery\.sqlite(?:-wal|-shm|-journal)?",
        "`delivery.sqlite`",
        "which lists went where; who was on them, sealed",
        "values sealed",
        "the operator",
        erasure="`trappan erase`: whom lists name is forgotten",
        rotation=NOT_YET,
        noticed=("flipped", "cut"),
    ),
    Store(
        "delivered lists",
        "",
        "the target of `trappan deliver`: a folder, SFTP, S3; notices by mail",
        "the lists as above; a notice names nobody",
        "clear",
        "principals and mentors, by the target's own rights",
        backup="the target's",
        erasure="`trappan deliver` after `trappan erase` takes them back",
        retention="a current list is replaced; a frozen one stays",
    ),
    # --- the portal ------------------------------------------------------------------------------
    Store(
        "portal database",
        r"portal/portal\.sqlite(?:-wal|-shm|-journal)?",
        "`portal/portal.sqlite`, or `TRAPPAN_PORTAL_DATABASE`",
        "what people said of pupils, delegations, who opened whom, sessions, machines whose login "
        "failed; notes and mail addresses sealed",
        "values sealed",
        "the portal; a principal the own school's log; the operator the log, by `trappan access`",
        erasure="`trappan erase`: deleted, in freed pages too; who opened what stays, not whom",
        rotation=NOT_YET,
        noticed=("cut",),
    ),
    Store(
        "dumps",
        r"(?:portal|lake)/[a-z]+\.pgdump",
        "`portal/portal.pgdump`, `lake/catalog.pgdump`",
        "a database of Postgres, as `trappan restore` brought it, until the operator loads it",
        "clear",
        "the operator",
        backup=NEVER,
        erasure="by hand",
        retention="by hand",
    ),
    Store(
        "backups",
        "",
        "the folder of `trappan backup`",
        "all that is encrypted or sealed here; of no file the name",
        "sealed",
        "who has the private key of the backups and the home's key",
        backup="the operator's",
        erasure="the next backup to the same folder",
        retention="the operator's",
        rotation="the next backup to the same folder",
    ),
    Store(
        "portal reading",
        r"portal/read-[^/]+/.+",
        "`portal/read-…/`",
        "a team's workbook while it is read back",
        "clear",
        "the process",
        backup=NEVER,
        erasure="gone with the request",
        retention="the request; what a killed process left, until the portal starts",
    ),
    Store(
        "portal files",
        r"portal/static/.+",
        "`portal/static/`",
        "style, script and icon",
        "nobody",
        "everybody",
    ),
    Store(
        "people's own files",
        "",
        "what people print, fetch or save: a printed pupil, a consultation sheet, "
        "deltagaruppföljning, `explain` and `--identities` in a terminal",
        "what they asked for",
        "clear",
        "who asked; the access log says that they did",
        backup="none of ours",
        erasure="theirs",
        retention="theirs",
    ),
    # --- logs ------------------------------------------------------------------------------------
    Store(
        "access log",
        r"access\.log",
        "`access.log`",
        "who opened identities, with a keyed hash of what was asked",
        "keys only",
        "the operator; shipped where the municipality ships it",
        erasure="never: it is the proof, and has no number, name or key",
        rotation=NOT_YET,
    ),
    Store(
        "tombstones",
        r"erasures/tombstones\.json",
        "`erasures/tombstones.json`",
        "hashes of numbers and keys of erased pupils, so that nothing brings them back",
        "keys only",
        "trappan",
        erasure="never, until `trappan erase - --lift`",
        retention="stays",
    ),
    Store(
        "unfinished erasures",
        r"erasures/[0-9]{8}-[0-9a-f]{8}\.unfinished",
        "`erasures/<id>.unfinished`",
        "numbers, keys and names of a pupil while the erasure goes on",
        "sealed",
        "trappan",
        backup="never",
        erasure="gone when the erasure has ended",
        retention="the erasure",
    ),
    Store(
        "erasure receipts",
        r"erasures/(?:[0-9]{8}-[0-9a-f]{8}|drill)\.json",
        "`erasures/<id>.json`, `erasures/drill.json`",
        "when somebody was erased, how much of which place, what is left to do; the last drill",
        "nobody",
        "the operator",
    ),
    Store(
        "grants",
        r"grants\.jsonl",
        "`grants.jsonl`",
        "who of the staff was let in, by whom, for what, until when",
        "clear",
        "the operator",
        erasure="never: it is the proof",
    ),
    Store(
        "night reports",
        r"reports/(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\.(?:json|md|unreadable)|trappan\.prom"
        r"|\.?begun-[0-9a-f]{32}(?:\.json)?|(?:publish-[0-9W-]{8}|pull)\.json)",
        "`reports/`, and `TRAPPAN_METRICS_FILE`",
        "a night's counts, days and school units; nothing about protection, no file's name",
        "nobody",
        "the operator; the metrics whoever reaches the node exporter",
    ),
    Store(
        "mails about nights",
        "",
        "the addresses of `TRAPPAN_REPORT_TO`; a ping to `TRAPPAN_PING_URL` has no data",
        "less than a night's report: no words of a failure",
        "nobody",
        "whoever the operator names",
        backup="none of ours",
    ),
    Store(
        "run logs",
        "",
        "standard output of the commands, wherever the operator sends it",
        "counts; no pupil's name or number",
        "nobody",
        "the operator",
        backup="the operator's",
    ),
    Store(
        "runs",
        r"dagster/.+",
        "`dagster/`, or `TRAPPAN_DAGSTER_STORAGE`",
        "runs, checks and counts",
        "nobody",
        "the operator, Dagster's pages",
    ),
    # --- keys and settings -----------------------------------------------------------------------
    Store(
        "home's key",
        r"pupil\.key",
        "`pupil.key`",
        "the one secret: whoever has it and the home reads everything",
        "key",
        "trappan, the portal",
        backup=APART,
        erasure="-",
        retention="-",
        rotation=NOT_YET,
        noticed=("cut", "gone"),
    ),
    Store(
        "people in settings",
        r"(?:roles|recipients|senders|access)\.yaml",
        "`roles.yaml`, `recipients.yaml`, `senders.yaml`, `access.yaml`",
        "mail addresses of staff",
        "clear",
        "the operator",
        erasure="by hand",
        retention="by hand",
    ),
    Store(
        "sources",
        r"sources\.yaml",
        "`sources.yaml`, or `TRAPPAN_SOURCES`",
        "servers and where their secrets are",
        "key",
        "the operator",
        erasure="-",
        retention="by hand",
    ),
    Store(
        "own rules and layouts",
        r"(?:layouts|rules)/.+",
        "`layouts/`, `rules/`",
        "column names and limits",
        "nobody",
        "the operator",
    ),
    Store(
        "locks",
        r"(?:[a-z]+/)?[a-z]*\.(?:lock|sum(?:\.new)?)",
        "`*.lock`, `*.sum`",
        "nothing: empty files, and checksums of the databases",
        "nobody",
        "trappan",
        backup=NEVER,
    ),
)


def places_of(path: str, places: Iterable[Store] = PLACES) -> list[Store]:
    """Return the places that a file below the home is of: exactly one, if the registry is whole.

    Args:
        path: below the home, with `/`.
        places: those that are asked.
    """
    found = [one for one in places if one.pattern and re.fullmatch(one.pattern, path, re.DOTALL)]
    # What is spilled and what is spooled lie below the same folder: the narrower one counts.
    names = {one.name for one in found}
    return [one for one in found if one.name != "spill"] if "spool" in names else found
