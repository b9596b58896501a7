"""Who is told of a list, and whether copies go to them: the recipient register.

Addresses of rektorer come from the register of schools, those of mentors from rosters; what is
wrong there is put right in `HOME/recipients.yaml`. An address that is none, or is of a domain that
was not named, gets nothing, and is never repeated in a message. Not here: which files there are
(`shares.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assets.delivery.settings import DeliveryError
from assets.delivery.shares import ReaderKey
from assets.flags.answers import staff_words
from assets.lake.connection import Lake
from assets.lake.encryption import Sealer
from assets.watchlists.collect.mentors import key_of_mentor
from rules.strict_yaml import StrictYamlError, read_yaml, unexpected

#: mail: a copy and notices; folder: a copy only; none: neither.
Channel = Literal["mail", "folder", "none"]

# Of what RFC 5322 allows, what no school's address needs is left out: quotes, comments, blanks.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+{_LABEL}")
_LONGEST = 254
_BETWEEN = re.compile(r"[,;\s]+")


def is_address(text: str) -> bool:
    """Whether mail can be sent to a text as it stands."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def _checked_address(text: str) -> str:
    if not is_address(text):
        raise unexpected("a mail address such as anna.ek@skola.example")
    return text


Address = Annotated[str, AfterValidator(_checked_address)]


class _Part(BaseModel):
    """A part of `recipients.yaml`: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PrincipalEntry(_Part):
    """What is put right about a rektor.

    Attributes:
        school_unit: the school unit's code, in quotes.
        addresses: in place of the register's; None for the register's, empty for nobody.
        channel: how it goes to them.
    """

    school_unit: str = Field(pattern=r"^[0-9]{8}$")
    addresses: tuple[Address, ...] | None = None
    channel: Channel = "mail"


class MentorEntry(_Part):
    """What is put right about a mentor.

    Attributes:
        address: as the roster has it.
        addresses: in place of it; None for the roster's, empty for nobody.
        channel: how it goes to them.
    """

    address: Address
    addresses: tuple[Address, ...] | None = None
    channel: Channel = "mail"


class Corrections(_Part):
    """`recipients.yaml`.

    Attributes:
        principals: about rektorer.
        mentors: about mentors.
        mail_domains: only addresses of these get mail; empty for all.
    """

    principals: tuple[PrincipalEntry, ...] = ()
    mentors: tuple[MentorEntry, ...] = ()
    mail_domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipient:
    """Who reads the files of a reader.

    Attributes:
        key: whose files they are.
        school_name: as the register of schools has it; "" when it has none.
        addresses: who is told.
        channel: how it goes to them.
        refused: how many addresses can't be used, or are of a domain that was not named.
        staff_keys: of a mentor: which `mentor_key` of a list's rows mean this one.
    """

    key: ReaderKey
    school_name: str
    addresses: tuple[str, ...]
    channel: Channel
    refused: int = 0
    staff_keys: frozenset[str] = frozenset()


def load_corrections(path: Path) -> Corrections:
    """Return the corrections of a file; none when it isn't there.

    Raises:
        DeliveryError: it says something that is not expected; names line and key.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
        found = document.checked(Corrections) if document is not None else Corrections()
    except FileNotFoundError:
        return Corrections()
    except OSError as error:
        raise DeliveryError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise DeliveryError(f"{path} is not UTF-8. Save it as UTF-8.") from None
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else str(path)
        key = f"key '{error.key}'" if error.key else "the whole file"
        # Not what was found: it is most often somebody's address.
        words = error.found if error.kind in _OF_KEYS else f"expected {error.expected}"
        raise DeliveryError(f"{where}: {key}: {words}. See docs/delivery.md.") from None
    for name, keys in (
        ("principals", [entry.school_unit for entry in found.principals]),
        ("mentors", [entry.address.casefold() for entry in found.mentors]),
    ):
        if len(set(keys)) < len(keys):
            raise DeliveryError(f"{path}: key '{name}': somebody stands there twice.")
    return found


_OF_KEYS = {"unknown_key", "missing_key", "key_twice", "syntax"}


@dataclass(frozen=True)
class MentorKnown:
    """What the lake knows of the mentor that a folder is named by.

    Attributes:
        address: of the mentor.
        staff_keys: of all words in the lake that name the mentor, alone or with another.
    """

    address: str
    staff_keys: frozenset[str]


class Register:
    """Recipients by whose files they read.

    Args:
        corrections: of `recipients.yaml`.
        principals: name of each school and addresses of its rektor, by school unit.
        mentors: by the key that names a mentor's folder.
    """

    def __init__(
        self,
        corrections: Corrections,
        principals: Mapping[str, tuple[str, str]],
        mentors: Mapping[str, MentorKnown],
    ) -> None:
        self._principals = principals
        self._mentors = mentors
        self._domains = tuple(domain.casefold() for domain in corrections.mail_domains)
        self._of_school = {entry.school_unit: entry for entry in corrections.principals}
        self._of_mentor = {entry.address.casefold(): entry for entry in corrections.mentors}

    def recipient(self, key: ReaderKey) -> Recipient:
        """Return who reads the files of a reader."""
        name, written = self._principals.get(key.school_unit_code, ("", ""))
        entry: PrincipalEntry | MentorEntry | None = self._of_school.get(key.school_unit_code)
        staff_keys: frozenset[str] = frozenset()
        if key.mentor:
            mentor = self._mentors.get(key.mentor, MentorKnown("", frozenset()))
            written, staff_keys = mentor.address, mentor.staff_keys
            entry = self._of_mentor.get(written.casefold())
        found: Sequence[str] = split_addresses(written)
        if entry is not None and entry.addresses is not None:
            found = entry.addresses
        addresses = tuple(dict.fromkeys(one for one in found if self._may_be_told(one)))
        refused = sum(not self._may_be_told(one) for one in found)
        channel = entry.channel if entry else "mail"
        return Recipient(key, name, addresses, channel, refused, staff_keys)

    def unused(self, keys: Iterable[ReaderKey]) -> list[str]:
        """Return the school units that are corrected, but have no list."""
        return sorted(set(self._of_school) - {key.school_unit_code for key in keys})

    def _may_be_told(self, address: str) -> bool:
        domain = address.rpartition("@")[2].casefold()
        return is_address(address) and (not self._domains or domain in self._domains)


def split_addresses(written: str) -> list[str]:
    """Return the addresses of a cell, which can have several."""
    return [part.strip("<>") for part in _BETWEEN.split(written) if part.strip("<>")]


def key_of_address(sealer: Sealer, address: str) -> str:
    """Return the key that names the folder of the mentor with an address."""
    return key_of_mentor(sealer, "", address)


def register_of(lake: Lake, corrections: Corrections) -> Register:
    """Return the register of a lake, put right."""
    sealer = Sealer.of_home(lake.settings.home)
    written = {key: word["email"] for key, word in staff_words(lake).items()}
    principals = {
        code: (name, written.get(principal or "", ""))
        for code, name, principal in lake.relation("delivery/school_principals").iter_rows()
    }
    named: dict[str, tuple[str, set[str]]] = {}
    for staff_key, email in written.items():
        for address in split_addresses(email):
            folder = key_of_address(sealer, address)
            named.setdefault(folder, (address, set()))[1].add(staff_key)
    mentors = {
        folder: MentorKnown(address, frozenset(keys)) for folder, (address, keys) in named.items()
    }
    return Register(corrections, principals, mentors)
