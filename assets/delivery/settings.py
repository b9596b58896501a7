"""What an operator sets for delivery: the target, the mail server, passwords and where they are.

Plain objects without a secret in them that is printed: a secret is read when it is needed. Not
here: the environment they come from (`pipelines/settings.py`), who gets what (`recipients.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from assets.lake.settings import S3Settings
from assets.pull.credentials import SourcesError, text_of_owner
from rules.errors import TrappanError

Security = Literal["starttls", "tls", "none"]
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Shorter ones are found by trying; our choice.
LEAST_PASSWORD = 12


class DeliveryError(TrappanError):
    """Delivery can't be done as it is set; the message says which setting and what is expected."""


@dataclass(frozen=True)
class Credential:
    """A secret: given in the environment, or in a file that only its owner may read."""

    name: str  # of the setting, for messages
    text: str = field(default="", repr=False)
    file: Path | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is one."""
        return bool(self.text) or self.file is not None

    def read(self) -> str:
        """Return the secret; "" when none is given.

        Raises:
            DeliveryError: its file can't be read, is open to others, or is empty.
        """
        if self.file is None:
            return self.text
        try:
            found = text_of_owner(self.file).strip()
        except SourcesError as error:
            raise DeliveryError(f"{self.name}_FILE: {error}") from None
        if not found or len(found.splitlines()) > 1:
            raise DeliveryError(f"{self.name}_FILE: expected one line with the secret.")
        return found


@dataclass(frozen=True)
class TargetSettings:
    """Where copies go, and how the place is spoken with.

    Attributes:
        url: of the place's root, without a password; "" for nowhere.
        link: how readers reach the root, for the notices; "" when they know.
        password: of an SFTP account.
        key_file: private key of an SFTP account, in place of a password.
        known_hosts: the keys of SFTP servers, as OpenSSH keeps them; only they are spoken with.
        s3: server and keys of an `s3://` target.
        timeout_seconds: for a connection and for each answer.
        tries: of each file.
        wait_seconds: before the second try at most; doubles each time.
    """

    url: str = ""
    link: str = ""
    password: Credential = Credential("TRAPPAN_DELIVERY_PASSWORD")
    key_file: Path | None = None
    known_hosts: Path | None = None
    s3: S3Settings = field(default_factory=S3Settings)
    timeout_seconds: float = 30.0
    tries: int = 4
    wait_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Refuse an address that holds a password, or none at all."""
        parts = urlsplit(self.url)
        if self.url and not (parts.scheme and (parts.netloc or parts.path.strip("/"))):
            raise DeliveryError(
                "TRAPPAN_DELIVERY_TARGET is no address. Expected one such as "
                "file:///srv/franvaro, sftp://trappan@server/franvaro or s3://bucket/franvaro."
            )
        if parts.password is not None or parts.query or parts.fragment:
            raise DeliveryError(
                "TRAPPAN_DELIVERY_TARGET holds a password, ? or #. It is written to the log, so "
                "give a password as TRAPPAN_DELIVERY_PASSWORD_FILE."
            )
        if not self.link.isprintable():
            raise DeliveryError("TRAPPAN_DELIVERY_LINK: expected one line of text.")


@dataclass(frozen=True)
class MailSettings:
    """The mail server that takes notices.

    Attributes:
        host: its name; "" for no mail.
        port: its port.
        security: `starttls`, `tls` from the first byte, or `none`, which is taken for this machine
            only.
        sender: the address that notices come from.
        user: of the account; "" for none.
        password: of the account.
        ca_bundle: PEM file of the authorities of its certificate; None for the machine's.
        timeout_seconds: for a connection and for each answer.
        tries: of each notice.
        wait_seconds: before the second try at most; doubles each time.
    """

    host: str = ""
    port: int = 587
    security: Security = "starttls"
    sender: str = ""
    user: str = ""
    password: Credential = Credential("TRAPPAN_MAIL_PASSWORD")
    ca_bundle: Path | None = None
    timeout_seconds: float = 30.0
    tries: int = 3
    wait_seconds: float = 2.0

    def __post_init__(self) -> None:
        """Refuse mail in clear over a network, and a server without a sender."""
        if self.host and self.security == "none" and self.host not in _LOOPBACK:
            raise DeliveryError(
                "TRAPPAN_MAIL_SECURITY=none would send password and notices in clear. It is taken "
                "for a server on this machine only; expected starttls or tls."
            )
        if self.host and not self.sender:
            raise DeliveryError("TRAPPAN_MAIL_HOST is set; expected TRAPPAN_MAIL_FROM too.")


@dataclass(frozen=True)
class DeliverySettings:
    """All of it.

    Attributes:
        target: where copies go.
        mail: who takes notices.
        recipients_file: corrections of the register, `recipients.yaml`.
        workbook_password: of delivered workbooks; they have none when it is not given.
    """

    target: TargetSettings
    mail: MailSettings
    recipients_file: Path
    workbook_password: Credential = Credential("TRAPPAN_WORKBOOK_PASSWORD")

    def password_of_workbooks(self) -> str:
        """Return it; "" for none.

        Raises:
            DeliveryError: it can't be read, or is too short to be one.
        """
        found = self.workbook_password.read()
        if found and len(found) < LEAST_PASSWORD:
            raise DeliveryError(
                f"{self.workbook_password.name} is shorter than {LEAST_PASSWORD} characters. Who "
                "has the file can try as many as there is time for: give a longer one."
            )
        return found
