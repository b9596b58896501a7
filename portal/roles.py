"""Who is of a skolsocialt team, an analyst or an operator: `HOME/roles.yaml`, 0600, strict.

Rektorer and mentors come from the data. Not here: what each may (`rights.py`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from assets.delivery.recipients import Address
from portal.configuration import PortalError
from rules.strict_yaml import StrictYamlError, read_yaml


class _RolePart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Team(_RolePart):
    """Skolsocionomer of a district.

    Attributes:
        district: stadsdelsområde, as the register of schools writes it.
        members: their addresses.
        until: the last day of all of them; None for no end.
    """

    district: str
    members: tuple[Address, ...]
    until: date | None = None


class Roles(_RolePart):
    """`roles.yaml`.

    Attributes:
        teams: of each district.
        analysts: who reads group figures.
        operators: who reads counts of the access log.
    """

    teams: tuple[Team, ...] = ()
    analysts: tuple[Address, ...] = ()
    operators: tuple[Address, ...] = ()

    def districts_of(self, address: str, day: date) -> frozenset[str]:
        """Return the districts whose team somebody is of on a day."""
        own = address.casefold()
        return frozenset(
            team.district
            for team in self.teams
            if (team.until is None or day <= team.until)
            and own in {member.casefold() for member in team.members}
        )

    def is_analyst(self, address: str) -> bool:
        """Whether somebody reads group figures."""
        return address.casefold() in {one.casefold() for one in self.analysts}

    def is_operator(self, address: str) -> bool:
        """Whether somebody runs the home."""
        return address.casefold() in {one.casefold() for one in self.operators}


def load_roles(home: Path) -> Roles:
    """Return the roles of a home; none when it has no such file.

    Raises:
        PortalError: it can be changed by others, or says something that is not expected.
    """
    path = home / "roles.yaml"
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Roles()
    except (OSError, UnicodeDecodeError):
        raise PortalError(f"{path} can't be read. Expected text in UTF-8, mode 0600.") from None
    if mode & 0o077:
        raise PortalError(
            f"{path} has mode {mode:04o}: others could read or change who may see pupils. "
            f"Run: chmod 600 {path}"
        )
    try:
        document = read_yaml(text)
        return document.checked(Roles) if document is not None else Roles()
    except StrictYamlError as error:
        where = f"{path}, line {error.line}" if error.line is not None else str(path)
        # Not what was found: it is most often somebody's address.
        raise PortalError(
            f"{where}: key '{error.key}': expected "
            f"{error.expected or 'the keys of docs/portal.md'}."
        ) from None
