"""An SFTP server and a mail server on this machine's loopback, for the tests of delivery.

SFTP is asyncssh's, the mail server aiosmtpd's: neither shares code with the client that is tested.
Both do what a test says: refuse, break off, be slow. Not here: any expectation.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import asyncssh
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.certificates import completed
from tests.integration.scale_out_servers import free_port

# Mail servers take ASCII only.
USER, PASSWORD, MAIL_PASSWORD = "trappan", "lösen-ord-88", "hemligt-ord-88"


@dataclass
class SftpServer:
    """A running SFTP server.

    Attributes:
        root: the folder that it shows as `/`.
        known_hosts: a file with its key.
        is_away: it takes no connection.
        has_rename: whether it knows OpenSSH's extension for a rename over a file.
        fails: so many of the next writes break the connection off.
        connections: all that came.
    """

    root: Path
    port: int
    known_hosts: Path
    is_away: bool = False
    has_rename: bool = True
    fails: int = 0
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"sftp://{USER}@127.0.0.1:{self.port}/listor"


class _Logins(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)
        if self._server.is_away:
            conn.abort()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class _Files(asyncssh.SFTPServer):
    def __init__(self, server: SftpServer, channel: Any) -> None:
        super().__init__(channel, chroot=str(server.root).encode())
        self._server = server

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if self._server.fails:
            self._server.fails -= 1
            # Half of it, as when a line breaks.
            super().write(file_obj, offset, data[: len(data) // 2])
            file_obj.flush()
            self.channel.get_connection().abort()
            raise asyncssh.SFTPConnectionLost("broken off")
        written = super().write(file_obj, offset, data)
        assert isinstance(written, int)
        return written

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if not self._server.has_rename:
            raise asyncssh.SFTPOpUnsupported("Unsupported request")
        super().posix_rename(oldpath, newpath)


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """Run a server with an empty folder `/listor`."""
    root = folder / "sftp"
    (root / "listor").mkdir(parents=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    server = SftpServer(root, free_port(), folder / "known_hosts")
    public = key.export_public_key().decode().strip()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}\n")

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", server.port, server_host_keys=[key],
            server_factory=partial(_Logins, server),
            sftp_factory=partial(_Files, server), allow_scp=False,
        )  # fmt: skip

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield server
    finally:

        async def stop() -> None:
            acceptor.close()
            # From Python 3.12 on a server is closed when its last connection is.
            for one in server.connections:
                one.abort()
            await acceptor.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@dataclass
class MailBox:
    """A running mail server.

    Attributes:
        ca_bundle: a file with its certificate.
        taken: what came: the envelope's recipients, and the mail.
        raw: the same mails as they came.
        answers: by recipient, what is said instead of taking it.
        was_safe: of each mail, whether it came over TLS and after a login.
        fails: so many of the next mails are refused for now.
    """

    port: int
    ca_bundle: Path
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    was_safe: list[tuple[bool, bool]] = field(default_factory=list)
    fails: int = 0

    # The names and the arguments are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del server
        if self.fails:
            self.fails -= 1
            return "451 try again"
        self.raw.append(envelope.content)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), mail))
        self.was_safe.append((session.ssl is not None, bool(session.authenticated)))
        return "250 OK"


@contextmanager
def mail_server(folder: Path, *, offers_tls: bool = True) -> Iterator[MailBox]:
    """Run a mail server that takes mail after STARTTLS and a login."""
    certificate, key = certificate_of("127.0.0.1", folder)
    box = MailBox(free_port(), certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def logs_in(_: Any, __: Any, ___: Any, mechanism: str, given: Any) -> AuthResult:
        is_right = (given.login, given.password) == (USER.encode(), MAIL_PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    class Server(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler, hostname="localhost", authenticator=logs_in,
                tls_context=context if offers_tls else None, require_starttls=offers_tls,
                auth_required=offers_tls, auth_require_tls=offers_tls,
            )  # fmt: skip

    controller = Server(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def certificate_of(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a certificate of this machine, valid for an hour, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
    )
    certificate = completed(builder, key, key, is_authority=True).sign(key, hashes.SHA256())
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
