"""What can go wrong between us and a server, in words: what, where, and what to do.

No words of the server are repeated, and no address beyond its host: an answer can hold a pupil's
name, an address a page token. Not here: when it goes wrong (`pages.py`, `sessions.py`).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import requests
from urllib3 import exceptions as transport

from rules.errors import TrappanError


class PullFaultError(TrappanError):
    """One window could not be fetched; the message is for a person, without personal data.

    Attributes:
        is_lasting: no other endpoint of the source would fare better.
        status: of the server's answer; 0 when it is not about one.
    """

    def __init__(self, message: str, *, is_lasting: bool = False, status: int = 0) -> None:
        super().__init__(message)
        self.is_lasting = is_lasting
        self.status = status

    @property
    def is_of_endpoint(self) -> bool:
        """Whether another window of the endpoint would fare no better."""
        return self.is_lasting or self.status in _OF_ENDPOINT


_HOST = re.compile(r"[a-z0-9.:-]{1,100}")
# Who we are, what we may, where it is, how often: the same for every window.
_OF_ENDPOINT = frozenset({401, 403, 404, 429})
_NOT_UNDERSTOOD = (
    "it did not understand the question. If it is an older or a partial SS12000 server, try "
    "modified_filter: false or paging: false for this source"
)
_OF_STATUS = {
    400: _NOT_UNDERSTOOD,
    422: _NOT_UNDERSTOOD,
    401: "it does not accept who we are. Look at client_id, scope and secret; a token may have "
    "ended or been withdrawn",
    403: "this account may not read it. Ask the system's owner for the right to it, or take it out "
    "of the source's endpoints",
    404: "it has no such endpoint. Look at base_url (it ends before /persons), or take it out of "
    "the source's endpoints",
    410: "the page token expired before all pages had come, also when all was asked for once more. "
    "Set a larger limit, so that there are fewer pages, or tell the system's owner",
    429: "it asks us to come more seldom. Run it at another time, or raise backoff_seconds and "
    "retry_after_most_seconds",
}


def of_status(status: int, tries: int) -> PullFaultError:
    """Return the fault of an answer that is not 200."""
    if status >= 500:
        return PullFaultError(
            f"the server answered {status}, {tries} times: the fault is on its side. The next pull "
            "asks again; if it stays, tell the system's owner, or set a smaller limit",
            status=status,
        )
    words = _OF_STATUS.get(status, "expected 200. Ask the system's owner what it means")
    return PullFaultError(f"the server answered {status}: {words}", status=status)


def of_redirect(location: str) -> PullFaultError:
    """Return the fault of an answer that sends us elsewhere.

    Args:
        location: where to; of it only host and port are said, and only when they are such.
    """
    try:
        parts = urlsplit(location)
        port = f":{parts.port}" if parts.port else ""
        host = f"{parts.hostname}{port}" if parts.netloc else "another place on the same host"
        is_sayable = not parts.netloc or bool(_HOST.fullmatch(parts.hostname or ""))
    except ValueError:
        host, is_sayable = "", False
    host = host if is_sayable else "another server"
    return PullFaultError(
        f"the server sends us to {host}. That is not followed, because tokens and pupils' data "
        "would go there. If it is right, set base_url (or token_url) to it"
    )


def of_error(error: Exception, host: str) -> PullFaultError:
    """Return the fault behind an error of the connection.

    Args:
        error: of requests or urllib3; its own words are not repeated, they hold the address.
        host: the server's name and port.
    """
    causes = _causes(error)
    for kinds, words in _OF_CAUSE:
        if any(isinstance(cause, kinds) for cause in causes):
            return PullFaultError(f"{host}: {words}", is_lasting=words in _LASTING)
    return PullFaultError(f"{host}: the connection failed ({type(error).__name__})")


_CUT_SHORT = "the answer was cut short on its way. Nothing of it was kept; the next pull asks again"
_SLOW = (
    "no answer in time. The next pull asks again; else raise read_timeout_seconds or set a smaller "
    "limit"
)
_TLS = (
    "no safe connection (TLS): the certificate of one side does not please the other. Look at "
    "ca_bundle, certificate and key, their last days, and the name in base_url"
)
_PROXY = "the proxy does not let us through. Look at proxy"
_NO_NAME = (
    "there is no server of this name. Look at base_url, and whether this machine can look up names"
)
_NO_WAY = (
    "no connection in time. Look at base_url and the firewall, or raise connect_timeout_seconds"
)
_REFUSED = "the connection was refused. Look at base_url, and whether the server runs"
_LASTING = frozenset({_TLS, _PROXY, _NO_NAME, _NO_WAY, _REFUSED})
# Order matters: the more special first.
_OF_CAUSE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((requests.exceptions.SSLError, transport.SSLError), _TLS),
    ((requests.exceptions.ProxyError, transport.ProxyError), _PROXY),
    ((transport.NameResolutionError,), _NO_NAME),
    ((transport.NewConnectionError,), _REFUSED),
    ((requests.exceptions.ConnectTimeout, transport.ConnectTimeoutError), _NO_WAY),
    ((transport.ReadTimeoutError, requests.exceptions.ReadTimeout), _SLOW),
    ((requests.exceptions.ChunkedEncodingError, transport.IncompleteRead), _CUT_SHORT),
    (
        (requests.exceptions.ContentDecodingError, transport.DecodeError),
        "the answer is packed in a way that can't be unpacked. Tell the system's owner",
    ),
    (
        (requests.exceptions.InvalidHeader, transport.InvalidHeader),
        "the answer's head is malformed. Tell the system's owner",
    ),
    ((transport.ProtocolError,), _CUT_SHORT),
)


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and all that it carries inside, the inner ones last."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or one in found:
            continue
        found.append(one)
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found
