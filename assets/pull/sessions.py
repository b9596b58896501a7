"""An HTTP session for one source: TLS, patience, and who we say we are.

Nothing comes from the environment but what `sources.yaml` names: no proxy, no `.netrc`, no other
authorities. Nothing that a server says leads anywhere else: requests go to the hosts of `base_url`
and `token_url`, whatever asks for them. Not here: what is asked for (`windows.py`), what is done
with answers (`pages.py`).
"""

from __future__ import annotations

import logging
import time
from io import BytesIO
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import exceptions as transport
from urllib3.util.retry import Retry

from assets.pull.faults import PullFaultError, of_error, of_redirect, of_status
from assets.pull.sources import ClientCredentials, Source, TokenAuth

_RETRIED = (429, 500, 502, 503, 504)
# A token that ends within so many seconds is fetched again before it is used.
_LEEWAY_SECONDS = 30
_AGENT = "franvarotrappan"
_CHUNK = 1 << 16
# An answer with a token has some hundred bytes.
_MOST_TOKEN_BYTES = 1 << 20


class _Bearer(AuthBase):
    """Sends a token as it is."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _StraightAdapter(HTTPAdapter):
    """Follows no redirect and goes nowhere but to the source's hosts, whoever asks for it.

    All that is sent for a source is sent here, also what the libraries send by themselves.

    Args:
        source: the source.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(max_retries=_retries(source))
        urls = {source.base_url} | (
            {source.auth.token_url} if isinstance(source.auth, ClientCredentials) else set()
        )
        self._origins = {_origin(url) for url in urls}
        self._most_seconds = source.connect_timeout_seconds + source.read_timeout_seconds

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **options: Any
    ) -> requests.Response:
        """Send a request; an answer that sends us elsewhere is a fault."""
        if _origin(request.url or "") not in self._origins:
            raise of_redirect(request.url or "")
        answer = super().send(request, *arguments, **options)
        if answer.is_redirect:
            answer.close()
            raise of_redirect(answer.headers.get("Location", ""))
        if not options.get("stream"):
            # Else the whole of it would be unpacked in memory, however large.
            answer.raw = BytesIO(self._body(answer))
        return answer

    def _body(self, answer: requests.Response) -> bytes:
        """Return an answer that holds a token."""
        body, deadline = bytearray(), time.monotonic() + self._most_seconds
        try:
            while chunk := answer.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > _MOST_TOKEN_BYTES:
                    raise _no_token("more than 1 MB")
                if time.monotonic() > deadline:
                    raise _no_token("nothing whole in time")
        finally:
            answer.close()
        return bytes(body)


class _ShortRetry(Retry):
    """Tries again without first reading the answer that it does not want: that may have no end."""

    def increment(self, *arguments: Any, **options: Any) -> Self:
        """Count a try."""
        counted = super().increment(*arguments, **options)
        # Not before: the answer to the last try is still looked at.
        response = options.get("response")
        if response is not None:
            response.close()
        return counted


class ServerSession:
    """Asks one server; use it as a context manager.

    Args:
        source: the server.
        folder: of `sources.yaml`, for relative paths.

    Raises:
        SourcesError: a secret is not there.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        # Its warnings hold addresses with page tokens.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._source = source
        self._auth = source.auth
        self._session = _session(source, folder)

    def __enter__(self) -> ServerSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, endpoint: str, parameters: dict[str, str]) -> requests.Response:
        """Return an answer with status 200, its body still to be read.

        A token that is refused is fetched again once.

        Raises:
            PullFaultError: anything else, in words.
        """
        answer = self._ask(endpoint, parameters)
        if answer.status_code == 401 and isinstance(self._auth, ClientCredentials):
            answer.close()
            self._fetch_token(self._auth)
            answer = self._ask(endpoint, parameters)
        if answer.status_code == 200:
            return answer
        answer.close()
        raise of_status(answer.status_code, self._source.retries + 1)

    def _ask(self, endpoint: str, parameters: dict[str, str]) -> requests.Response:
        if isinstance(self._auth, ClientCredentials) and not self._session.token:
            self._fetch_token(self._auth)
        try:
            answer: requests.Response = self._session.get(
                f"{self._source.base_url}/{endpoint}",
                params=parameters,
                timeout=self._timeout,
                stream=True,
            )
            return answer  # noqa: TRY300 - nothing of it can fail
        except OAuthError:
            raise _no_token("a token that it gave can't be used") from None
        except (requests.RequestException, transport.HTTPError, ValueError) as error:
            raise of_error(error, self._source.host) from None

    @property
    def _timeout(self) -> tuple[float, float]:
        return self._source.connect_timeout_seconds, self._source.read_timeout_seconds

    def _fetch_token(self, auth: ClientCredentials) -> None:
        try:
            token = self._session.fetch_token(
                auth.token_url, grant_type="client_credentials", timeout=self._timeout
            )
        except OAuthError as error:
            # The code is one of a handful of words (RFC 6749, 5.2); the description is free text.
            code = str(error.error or "")[:40]
            raise _no_token(f"'{code}'" if code.replace("_", "").isalpha() else "no") from None
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            raise _no_token(f"status {status}") from None
        except (requests.RequestException, transport.HTTPError) as error:
            fault = of_error(error, "the token server")
            raise PullFaultError(str(fault), is_lasting=True) from None
        except ValueError:
            raise _no_token("something that is no JSON object") from None
        if not token.get("access_token"):
            raise _no_token("an answer without a token")


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or usual


def _no_token(answer: str) -> PullFaultError:
    return PullFaultError(
        f"the token server answered {answer}, so there is no token. Look at token_url, client_id, "
        "scope, send_secret and the secret",
        is_lasting=True,
    )


def _session(source: Source, folder: Path) -> Any:
    """Return a session of requests; with client credentials one of authlib, which is one too."""
    auth = source.auth
    session: Any
    if isinstance(auth, ClientCredentials):
        session = OAuth2Session(
            auth.client_id,
            auth.secret.read(folder),
            token_endpoint_auth_method=f"client_secret_{auth.send_secret}",
            scope=auth.scope,
            token_endpoint=auth.token_url,
            grant_type="client_credentials",
            leeway=_LEEWAY_SECONDS,
            default_timeout=(source.connect_timeout_seconds, source.read_timeout_seconds),
        )
    else:
        session = requests.Session()
        if isinstance(auth, TokenAuth):
            session.auth = _Bearer(auth.secret.read(folder))
    session.trust_env = False
    session.headers.update({"Accept": "application/json", "User-Agent": _AGENT})
    if source.proxy:
        session.proxies = {"http": source.proxy, "https": source.proxy}
    tls = source.tls
    if tls.ca_bundle:
        session.verify = str(folder / tls.ca_bundle)
    if tls.certificate:
        certificate = str(folder / tls.certificate)
        session.cert = (certificate, str(folder / tls.key)) if tls.key else certificate
    adapter = _StraightAdapter(source)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _retries(source: Source) -> Retry:
    return _ShortRetry(
        total=source.retries,
        redirect=0,
        backoff_factor=source.backoff_seconds,
        backoff_max=source.retry_after_most_seconds,
        status_forcelist=_RETRIED,
        # A token may be asked for again too: that changes nothing on the server.
        allowed_methods={"GET", "POST"},
        respect_retry_after_header=True,
        retry_after_max=source.retry_after_most_seconds,
        raise_on_status=False,
        raise_on_redirect=False,
    )
