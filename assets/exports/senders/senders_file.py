"""`HOME/senders.yaml`: read strictly, and missed when it is gone. docs/trust.md has an example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assets.exports.readers.layouts import Layout
from assets.exports.senders.senders import INBOX, SS12000, Right, Sender, Senders
from assets.lake.connection import Lake
from rules.errors import TrappanError
from rules.strict_yaml import StrictYamlError, read_yaml, unexpected

_DOCS = "See docs/trust.md."


#: In the home.
FILE_NAME = "senders.yaml"


class SendersError(TrappanError):
    """`senders.yaml` is wrong, open to others or gone; the message says where and what to do."""


def _checked_units(units: tuple[str, ...]) -> tuple[str, ...]:
    for unit in units:
        if len(unit) != 8 or not unit.isascii() or not unit.isdigit():
            raise unexpected('codes of 8 digits in quotes, such as ["99999901"]')
    if not units:
        raise unexpected("at least one school unit, or the word all")
    return units


def _right(text: str) -> str:
    if text not in set(Right):
        raise unexpected(f"one of {', '.join(Right)}")
    return text


_Units = Annotated[tuple[str, ...], AfterValidator(_checked_units)]


class _SendersPart(BaseModel):
    """A part of `senders.yaml`: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _SenderEntry(_SendersPart):
    # A folder's name that is the same on every file system.
    name: str = Field(pattern=r"^[a-z0-9åäö][a-z0-9åäö_.-]{0,63}$")
    school_units: _Units | Literal["all"]
    layouts: tuple[str, ...] | Literal["all"] = "all"
    since: date | None = None
    may: tuple[Annotated[str, AfterValidator(_right)], ...] = ()

    def sender(self) -> Sender:
        units, layouts = self.school_units, self.layouts
        return Sender(
            name=self.name,
            school_units=None if units == "all" else frozenset(units),
            layouts=None if layouts == "all" else frozenset(layouts),
            since=self.since,
            rights=frozenset(Right(right) for right in self.may),
            is_declared=True,
        )


class _SendersFile(_SendersPart):
    senders: tuple[_SenderEntry, ...] = Field(min_length=1)
    two_persons: bool = False


def senders_of(
    home: Path, folders: Iterable[Path], layouts: Iterable[Layout], only: str | None = None
) -> Senders:
    """Return the senders of a home.

    Args:
        home: the home.
        folders: whose folders are the senders'.
        layouts: of the home.
        only: the name of the sender whose all offered files are, where somebody says so.

    Raises:
        SendersError: `senders.yaml` is wrong, or has no sender of that name.
    """
    path = home / FILE_NAME
    found = load_senders(path, tuple(folders), frozenset(layout.name for layout in layouts))
    if only is None:
        return found
    sender = found.still_named(only)
    if sender is None:
        names = ", ".join(sender.name for sender in found.named) or INBOX
        raise SendersError(f"{path} names no sender '{only}'. Expected one of {names}. {_DOCS}")
    return replace(found, only=sender)


def load_senders(path: Path, folders: tuple[Path, ...], layouts: frozenset[str]) -> Senders:
    """Return the senders of a file; one with every right when the file isn't there.

    Args:
        path: of `senders.yaml`.
        folders: whose folders are the senders'.
        layouts: the names of the home's layouts.

    Raises:
        SendersError: it says something that is not expected, or others may write or read it.
    """
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Senders()
    except OSError as error:
        raise SendersError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SendersError(f"{path} is not UTF-8. Save it as UTF-8.") from None
    if mode & 0o077:
        raise SendersError(
            f"{path} has mode {mode:04o}, so others on this machine can read or change who may "
            f"speak for whom. Expected 0600. Run: chmod 600 {path}"
        )
    try:
        document = read_yaml(text)
        if document is None:
            raise SendersError(f"{path} is empty. Expected senders, or no such file. {_DOCS}")
        found = document.checked(_SendersFile)
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else str(path)
        key = f"key '{error.key}': " if error.key else ""
        expected = f", expected {error.expected}" if error.expected else ""
        raise SendersError(f"{where}: {key}found {error.found}{expected}. {_DOCS}") from None
    _refuse_contradictions(path, found, layouts)
    return Senders(
        named=tuple(entry.sender() for entry in found.senders),
        folders=folders,
        two_persons=found.two_persons,
    )


def _refuse_contradictions(path: Path, found: _SendersFile, layouts: frozenset[str]) -> None:
    names = Counter(entry.name for entry in found.senders)
    for entry in found.senders:
        place = f"{path}: sender '{entry.name}'"
        if names[entry.name] > 1:
            raise SendersError(f"{place} stands there twice. Expected it once. {_DOCS}")
        if entry.name == INBOX:
            raise SendersError(
                f"{place}: that name means the whole inbox of a home without senders.yaml. Give "
                f"the folder another name. {_DOCS}"
            )
        if entry.layouts == "all":
            # Of a sender of some schools or days: all but ss12000.
            continue
        known = layouts | {SS12000}
        if unknown := sorted(set(entry.layouts) - known):
            raise SendersError(
                f"{place}: found the layout '{unknown[0]}', expected one of "
                f"{', '.join(sorted(known))}. {_DOCS}"
            )
        if SS12000 in entry.layouts and not entry.sender().is_unlimited:
            raise SendersError(
                f"{place}: files of SS12000 name schools by ids that only the server knows, so who "
                "sends them speaks of all schools and days. Expected school_units: all, and no "
                f"since. {_DOCS}"
            )


def refuse_lost_senders(lake: Lake, senders: Senders) -> None:
    """Look that senders which sent before are still told apart.

    Without the file the inbox is one sender with every right: to lose it must not give them all.

    Raises:
        SendersError: files of named senders were taken, and there is no `senders.yaml` now.
    """
    if senders.is_declared:
        return
    if lake.rows("SELECT 1 FROM files WHERE sender <> $inbox LIMIT 1", inbox=INBOX):
        raise SendersError(
            f"{lake.settings.home / FILE_NAME} is gone, but this home took files of senders that "
            "it named. Without it every file would have every right. Restore it from the backup. "
            f"{_DOCS}"
        )
