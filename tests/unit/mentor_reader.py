"""Reads the files of mentors back for the tests."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from zipfile import ZipFile, is_zipfile

FOLDER = "mentorer"


def texts_of(folder: Path) -> dict[str, str]:
    """What stands in each file of a folder, by the file's suffix: of a workbook in every part."""
    return {path.suffix: text_of(path) for path in sorted(folder.iterdir())}


def text_of(path: Path) -> str:
    """Everything in a file, without escapes; of a workbook every name and byte of its zip."""
    if not is_zipfile(path):
        return unescape(path.read_text(encoding="utf-8"))
    with ZipFile(path) as archive:
        parts = [(name, archive.read(name).decode()) for name in archive.namelist()]
    return unescape("\n".join(text for part in parts for text in part))


def mentors_in(place: Path) -> dict[str, dict[str, str]]:
    """The files of every mentor in a school's folder, by the mentor's key."""
    folder = place / FOLDER
    return {own.name: texts_of(own) for own in folder.iterdir()} if folder.is_dir() else {}
