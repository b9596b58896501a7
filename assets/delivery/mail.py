"""Sending notices over SMTP: never in clear over a network, with patience, and no words of theirs.

One connection for all notices of a night. A server that can't be reached is left alone after a few
tries, and the notices that are left go with the next night. Not here: what a notice says
(`notices.py`).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import Self

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from assets.delivery.settings import DeliveryError, MailSettings
from rules.errors import TrappanError

_LONGEST_WAIT = 60.0


class MailFaultError(TrappanError):
    """A notice was not taken; says why and what to do, without an address.

    Attributes:
        is_lasting: another try would fare no better.
        is_of_server: nor would another notice.
    """

    def __init__(
        self, message: str, *, is_lasting: bool = False, is_of_server: bool = False
    ) -> None:
        super().__init__(message)
        self.is_lasting = is_lasting
        self.is_of_server = is_of_server


class MailServer:
    """A mail server; use it as a context manager. Nothing is connected before the first notice.

    Args:
        settings: of it.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._connection.quit()
        self._let_go()

    def send(self, message: EmailMessage) -> None:
        """Hand a notice over.

        Raises:
            MailFaultError: it was not taken.
            DeliveryError: the password can't be read.
        """

        def once() -> None:
            try:
                self._connected().send_message(message)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                self._let_go()
                raise _fault(error, self._settings) from None

        patience: Callable[[Callable[[], None]], None] = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, MailFaultError) and not error.is_lasting
            ),
            stop=stop_after_attempt(self._settings.tries),
            wait=wait_random_exponential(self._settings.wait_seconds, _LONGEST_WAIT),
            reraise=True,
        )
        patience(once)

    def greet(self) -> None:
        """Connect and log in, once, and send nothing.

        Raises:
            MailFaultError: it can't be done.
            DeliveryError: the password can't be read.
        """
        try:
            self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _fault(error, self._settings) from None

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_bundle)
        seconds = settings.timeout_seconds
        server: smtplib.SMTP
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=seconds, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=seconds)
        try:
            if settings.security == "starttls":
                # A server that does not offer it raises: nothing is sent in clear.
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, self._password())
        except BaseException:
            server.close()
            raise
        return server

    def _password(self) -> str:
        found = self._settings.password.read()
        if not (found.isascii() and self._settings.user.isascii()):
            raise DeliveryError(
                f"{self._settings.password.name} or TRAPPAN_MAIL_USER has letters such as å, which "
                "mail servers take in no way that is agreed on. Give the account another one"
            )
        return found

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


_NOT_US = "does not accept who we are. Look at TRAPPAN_MAIL_USER and its password"
_NOT_SAFE = (
    "offers no STARTTLS or no login, so nothing was sent. Look at TRAPPAN_MAIL_PORT and "
    "TRAPPAN_MAIL_SECURITY"
)
_TLS = (
    "makes no safe connection (TLS). Look at its certificate, its name, and TRAPPAN_MAIL_CA_BUNDLE"
)
_AWAY = (
    "can't be reached, or the connection broke off. Look at TRAPPAN_MAIL_HOST, TRAPPAN_MAIL_PORT "
    "and the firewall"
)
_OF_SERVER: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, _NOT_US),
    (smtplib.SMTPNotSupportedError, _NOT_SAFE),
    (ssl.SSLError, _TLS),
)


def _fault(error: Exception, settings: MailSettings) -> MailFaultError:
    """Return the fault behind an error; the server's own words can quote an address."""
    where = f"the mail server {settings.host}:{settings.port}"
    for kind, words in _OF_SERVER:
        if isinstance(error, kind):
            return MailFaultError(f"{where} {words}", is_lasting=True, is_of_server=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return _refused(where, "an address", max(codes, default=550))
    if isinstance(error, smtplib.SMTPResponseException):
        is_of_server = isinstance(error, smtplib.SMTPSenderRefused)
        what = "the sender" if is_of_server else "a notice"
        return _refused(where, what, error.smtp_code, is_of_server=is_of_server)
    if isinstance(error, ValueError):
        return MailFaultError("a notice that can't be written as mail", is_lasting=True)
    return MailFaultError(f"{where} {_AWAY}", is_of_server=True)


def _refused(where: str, what: str, code: int, *, is_of_server: bool = False) -> MailFaultError:
    lasting = code >= 500
    return MailFaultError(
        f"{where} did not take {what} (status {code})"
        + (". Ask its owner" if lasting else ": it asks us to come again"),
        is_lasting=lasting,
        is_of_server=is_of_server,
    )
