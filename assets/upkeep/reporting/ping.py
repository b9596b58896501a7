"""A ping to a dead-man's address when a night ended well: nothing is sent but the request.

Whoever waits for it raises the alarm when it does not come, also when this machine is gone. It is
given some seconds in all, however the server behaves, and no redirect is followed. The address can
hold a token, so it stands in no message. Not here: when it is due (`telling.py`).
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from rules.errors import TrappanError

_NAME = "TRAPPAN_PING_URL"


class PingError(TrappanError):
    """The ping can't be sent, or was not taken; says why, without the address."""


@dataclass(frozen=True)
class PingSettings:
    """Where to, and how long it may take.

    Attributes:
        url: https, or http on this machine; "" for nowhere.
        seconds: for all of it.
    """

    url: str = field(default="", repr=False)
    seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what is no address, or would go over a network in clear."""
        if self.url:
            _parts(self.url)


def _parts(url: str) -> SplitResult:
    wrong = PingError(
        f"{_NAME} is no address that can be pinged. Expected https://HOST/…, or http:// for this "
        "machine only; without a user, a password or #."
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    has_more = parts.username is not None or parts.password is not None or bool(parts.fragment)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not (host and is_plain and is_safe) or has_more or port == 0:
        raise wrong
    return parts


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def ping(settings: PingSettings) -> None:
    """Send the ping, and wait for its answer no longer than it may take.

    Raises:
        PingError: it was not taken.
    """
    parts = _parts(settings.url)
    said: list[int | str] = []
    nothing = f"gave no answer in {settings.seconds:g} seconds"

    def once() -> None:
        try:
            said.append(_asked(parts, settings.seconds))
        except ssl.SSLError:
            said.append("makes no safe connection (TLS). Look at its certificate")
        except TimeoutError:
            said.append(nothing)
        except (OSError, http.client.HTTPException, ValueError):
            said.append("can't be reached, or broke off. Look at the firewall and the proxy")

    # In a thread that is left to itself: a server can answer a letter at a time for ever.
    thread = threading.Thread(target=once, daemon=True, name="ping")
    thread.start()
    thread.join(settings.seconds)
    status = said[0] if said else nothing
    if isinstance(status, int):
        if 200 <= status < 300:
            return
        what = "a redirect, which is not followed" if 300 <= status < 400 else f"status {status}"
        status = f"answered with {what}"
    raise PingError(f"the server of {_NAME} {status}.")


def _asked(parts: SplitResult, seconds: float) -> int:
    host = parts.hostname or ""
    is_safe = parts.scheme == "https"
    usual = 443 if is_safe else 80
    port = parts.port or usual
    connection: http.client.HTTPConnection
    proxy = _proxy(host) if is_safe else None
    where = (proxy.hostname or "", proxy.port or 80) if proxy else (host, port)
    if is_safe:
        connection = http.client.HTTPSConnection(
            *where, timeout=seconds, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(*where, timeout=seconds)
    try:
        if proxy:
            connection.set_tunnel(host, port)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "trappan", "Connection": "close"})
        return connection.getresponse().status
    finally:
        connection.close()


def _proxy(host: str) -> SplitResult | None:
    """Return the machine's proxy for a host; one of its own machines needs none."""
    found = getproxies().get("https", "")
    if not found or _is_this_machine(host) or proxy_bypass(host):
        return None
    return urlsplit(found if "//" in found else f"http://{found}")
