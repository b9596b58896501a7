"""What a file's name says: when it was exported, and whether it is no export at all.

Not here: whether it is a file (`offers.py`), school unit and month in a name (`layouts.py`).
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePath

# "x (1).csv", "x - kopia.csv", "x_copy.csv": a copy was made when its name says so, not later.
_COPY = r"(?:[ _-]*(?:\(\d{1,3}\)|\(?(?:kopia|copy)\)?))*"
# Endings come more than one at a time: ".csv.gz", ".csv.txt", ".CSV.csv".
_EXPORT_TIME = re.compile(
    rf"_(\d{{8}}T\d{{4}}(?:\d{{2}})?)(?={_COPY}(?:\.[^.]*)*\Z)", re.IGNORECASE | re.ASCII
)

_UNFINISHED = (
    *("part", "partial", "filepart", "crdownload", "download", "opdownload", "aria2"),
    *("tmp", "temp", "uploading", "inprogress"),
)
_OLD = ("bak", "backup", "old", "orig", "save", "sav", "swp", "swo", "swn", "swx")
_EXPORTS = "csv|txt|tsv|xlsx|json"
# At the end, with or without a number ("x.csv.bak2"), or before the ending of an export
# ("x.tmp.csv"; but "x.part2.csv" is the second of several).
_ENDING = re.compile(
    rf"\.({'|'.join((*_UNFINISHED, *_OLD))})(?:[0-9]{{0,3}}|\.(?:{_EXPORTS}))\Z", re.IGNORECASE
)
_OTHER_COPIES = (
    (re.compile(r"~(?:\d+~)?\Z"), "~"),
    (re.compile(r"\A#.*#\Z", re.DOTALL), "#…#"),
    (re.compile(r"\A\.?~lock\."), "~lock."),
)


def declared_time(name: str) -> datetime | None:
    """Return when the sender made the file as its name says it, local time, or None."""
    match = _EXPORT_TIME.search(name)
    if match is None:
        return None
    text = match[1].upper()
    try:
        return datetime.strptime(  # noqa: DTZ007 - the name gives local time
            text, "%Y%m%dT%H%M%S" if len(text) > 13 else "%Y%m%dT%H%M"
        )
    except ValueError:
        return None


def why_unfinished(path: PurePath) -> str | None:
    """Say by which part of its name a file is unfinished or an old copy; None if it is neither.

    Args:
        path: the file, below the folder that is offered: a folder's name counts too.
    """
    for part in path.parts:
        if found := _ENDING.search(part):
            what = "unfinished" if found[1].casefold() in _UNFINISHED else "an old copy"
            return f"its name says that it is {what} ('.{found[1].casefold()}')"
        for pattern, mark in _OTHER_COPIES:
            if pattern.search(part):
                return f"its name says that it is an old copy or a lock ('{mark}')"
    return None


def why_passed_over(path: PurePath) -> str | None:
    """Say why a file is no export that anybody would miss; None if it may be one."""
    if any(part.startswith("~$") for part in path.parts):
        return "a spreadsheet's lock on an open workbook"
    if any(part.startswith(".") for part in path.parts):
        return "it is hidden: its name or its folder's begins with a dot"
    if path.name.upper().startswith("README"):
        return "it is a README"
    return None
